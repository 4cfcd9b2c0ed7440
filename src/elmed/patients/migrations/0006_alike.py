"""PostgreSQL: an index that alone tells staff which records have one family name and birth date. SQLite reads the rows."""

from typing import Any

from django.db import migrations


def make(apps: Any, schema_editor: Any) -> None:
    """The name as it is stands in it too: without that PostgreSQL would read the row for it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX patient_alike ON patients_patient (world_id, date_of_birth, lower(family_name)) "
            "INCLUDE (id, family_name) WHERE merged_into_id IS NULL"
        )


def remove(apps: Any, schema_editor: Any) -> None:
    """As it was."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX patient_alike")


class Migration(migrations.Migration):
    dependencies = [("patients", "0005_family_name_begins")]

    operations = [migrations.RunPython(make, remove)]
