"""The queue's ended ones: the index that orders them says their status too, so that it alone is read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prescriptions", "0006_pages")]

    operations = [
        migrations.RemoveIndex("prescription", "rx_pharmacy_step"),
        migrations.AddIndex(
            "prescription",
            models.Index(fields=["world", "pharmacy", "step_since", "id", "status"], name="rx_pharmacy_step"),
        ),
    ]
