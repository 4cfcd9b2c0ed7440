"""What still has to be told of a correction. Those that were made before were told of to nobody, and stay so."""

from django.db import migrations, models
from django.db.models import F


def told(apps, _schema_editor):
    apps.get_model("patients", "PatientCorrection").objects.update(prescriptions_told_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("patients", "0002_corrections")]

    operations = [
        migrations.AddField(
            "patientcorrection",
            "last_prescription_id",
            models.BigIntegerField(default=0, help_text="The last prescription that was told of it."),
        ),
        migrations.AddField(
            "patientcorrection",
            "prescriptions_told_at",
            models.DateTimeField(
                blank=True, null=True, help_text="When each prescription that shows the record was told of it."
            ),
        ),
        migrations.RunPython(told, migrations.RunPython.noop, elidable=True),
    ]
