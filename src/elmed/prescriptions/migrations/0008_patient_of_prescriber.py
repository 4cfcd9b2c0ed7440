"""A patient's prescriptions of one doctor: PostgreSQL read all of a busy doctor's to know which these are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0007_done")]

    operations = [
        migrations.AddIndex(
            "prescription",
            models.Index(fields=["patient", "prescriber", "created_at"], name="rx_patient_prescriber"),
        ),
    ]
