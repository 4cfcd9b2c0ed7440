"""Finding the corrections that are not finished. Apart from the one before: PostgreSQL alters no table with rows just written."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_corrections_told")]

    operations = [
        migrations.AddIndex(
            "patientcorrection",
            models.Index(fields=["id"], condition=Q(prescriptions_told_at__isnull=True), name="correction_to_tell"),
        ),
    ]
