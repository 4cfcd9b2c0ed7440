"""Which lines and which answered warnings rest on demonstration data: stored, so that every screen can say so."""

from typing import Any

from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q

# Warnings that rest on what the line's medicine says of itself; methotrexate is known without its row.
OF_MEDICINE = ("dose_single", "dose_daily", "dose_per_kg", "duration")


def fill(apps: Any, _schema: Any) -> None:
    """A statement for the lines, one for warnings of doses, one for each pair that was ever answered."""
    line, answer = (apps.get_model("prescriptions", name) for name in ("PrescriptionLine", "WarningAnswer"))
    medicine, pair = (apps.get_model("medications", name) for name in ("Medicine", "Interaction"))
    made_up = medicine.objects.filter(source__demonstration=True)
    line.objects.filter(medicine__in=made_up).update(demonstration=True)
    marked = line.objects.filter(
        prescription=OuterRef("prescription"), position=OuterRef("position"), demonstration=True
    )
    answer.objects.filter(Exists(marked), code__in=OF_MEDICINE).update(demonstration=True)
    for code in answer.objects.filter(code__startswith="interaction.").values_list("code", flat=True).distinct():
        first, _, second = code.removeprefix("interaction.").partition("+")
        known = pair.objects.filter(first_code=first, second_code=second)
        # A pair with a long code is stored as a digest: it may be one of the demonstration only where no other is loaded.
        told = known.exists() if second else pair.objects.exists()
        real = (known if second else pair.objects).filter(Q(source__demonstration=False)).exists()
        if told and not real:
            answer.objects.filter(code=code).update(demonstration=True)


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
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
