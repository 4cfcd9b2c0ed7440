"""The same, always there, and with its index. Apart from the one before: PostgreSQL alters no table with rows just written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0004_step_since"), ("accounts", "0001_initial"), ("core", "0001_initial")]

    operations = [
        migrations.AlterField(
            "prescription",
            "step_since",
            models.DateTimeField(
                help_text="When it came into its present step: this status, at this pharmacy, of this issue. No other change moves it."
            ),
        ),
        migrations.AddIndex(
            "prescription",
            models.Index(fields=["world", "pharmacy", "step_since", "id"], name="rx_pharmacy_step"),
        ),
    ]
