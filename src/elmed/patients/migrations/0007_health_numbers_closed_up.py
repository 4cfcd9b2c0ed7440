"""Health numbers are stored without spaces. One that another record of its world has already so stays as it is."""

from typing import Any

from django.db import IntegrityError, migrations, transaction


def close_up(apps: Any, _schema_editor: Any) -> None:
    """Row by row: the rule that a number stands once decides."""
    patients = apps.get_model("patients", "Patient").objects
    for pk, number in patients.filter(health_number__contains=" ").values_list("pk", "health_number"):
        try:
            with transaction.atomic():
                patients.filter(pk=pk).update(health_number="".join(number.split()))
        except IntegrityError:  # two records of one person: staff merge them
            continue


class Migration(migrations.Migration):
    dependencies = [("patients", "0006_alike")]

    operations = [migrations.RunPython(close_up, migrations.RunPython.noop, elidable=True)]
