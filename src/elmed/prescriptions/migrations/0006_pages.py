"""Indexes of the portals' pages: a step's list and its count, what was handed over day by day, a doctor's list by status."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0005_step_since_always"), ("accounts", "0001_initial"), ("core", "0001_initial")]

    operations = [
        migrations.AddIndex(
            "prescription",
            models.Index(fields=["world", "pharmacy", "status", "step_since", "id"], name="rx_pharmacy_waiting"),
        ),
        migrations.AddIndex(
            "prescription",
            models.Index(fields=["world", "prescriber", "status", "-id"], name="rx_prescriber_status"),
        ),
        migrations.AddIndex(
            "dispense",
            models.Index(fields=["pharmacy", "handed_over_at", "id"], name="dispense_pharmacy_day"),
        ),
    ]
