"""Which lines and which answered warnings rest on demonstration data: stored, so that every screen can say so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0008_patient_of_prescriber"), ("medications", "0001_initial")]

    operations = [
        migrations.AddField(
            "prescriptionline",
            "demonstration",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="Its medicine is of demonstration data, not for clinical use. A source never changes from one to the other.",
            ),
        ),
        migrations.AddField(
            "warninganswer",
            "demonstration",
            models.BooleanField(db_default=False, default=False, help_text="It rests on demonstration data."),
        ),
    ]
