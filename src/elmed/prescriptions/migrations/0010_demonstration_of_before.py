"""The mark on lines and answered warnings of before. Apart from the columns, so that no table is locked while it is written."""

from typing import Any

from django.db import migrations
from django.db.models import Exists, OuterRef, Q

# Warnings that rest on what the line's medicine says of itself; methotrexate is known without its row.
OF_MEDICINE = ("dose_single", "dose_daily", "dose_per_kg", "duration")


def fill(apps: Any, _schema: Any) -> None:
    """A statement for the lines, one for warnings of doses, one for those of pairs. It may run twice."""
    line, answer = (apps.get_model("prescriptions", name) for name in ("PrescriptionLine", "WarningAnswer"))
    medicine, pair = (apps.get_model("medications", name) for name in ("Medicine", "Interaction"))
    made_up = medicine.objects.filter(source__demonstration=True)
    line.objects.filter(medicine__in=made_up).update(demonstration=True)
    marked = line.objects.filter(
        prescription=OuterRef("prescription"), position=OuterRef("position"), demonstration=True
    )
    answer.objects.filter(Exists(marked), code__in=OF_MEDICINE).update(demonstration=True)
    codes = answer.objects.filter(code__startswith="interaction.").values_list("code", flat=True).distinct()
    answer.objects.filter(code__in=[code for code in codes if _made_up(pair, code)]).update(demonstration=True)


def _made_up(pair: Any, code: str) -> bool:
    first, _, second = code.removeprefix("interaction.").partition("+")
    # A pair with a long code is stored as a digest: it may be one of the demonstration only where no other is loaded.
    known = pair.objects.filter(first_code=first, second_code=second) if second else pair.objects.all()
    return known.exists() and not known.filter(Q(source__demonstration=False)).exists()


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("prescriptions", "0009_demonstration")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
