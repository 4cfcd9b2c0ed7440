"""How much a dose comes to, and how long an amount lasts. Pure; thousandths, never rounded down.

Where the count of dose days in a span depends on the day it begins, the larger count is taken: nobody runs out.
"""

from fractions import Fraction
from math import ceil, floor
from typing import Protocol

from django.utils.translation import gettext as _

from elmed.medications.dose.value import MAX_DAYS, Dose

LONGEST = 10 * MAX_DAYS


class Counted(Protocol):
    """What a medicine says about counting."""

    unit: str
    dose_unit: str
    doses_per_unit: int | None


def quantity(dose: Dose, span: int | None = None) -> int:
    """Thousandths of the unit of dose for `span` days, else for the dose's own. For “when needed”, the most allowed.

    Raises ValueError where there is no duration, or “when needed” without a limit.
    """
    if dose.once:
        return dose.largest
    span = dose.days if span is None else span
    if span is None:
        raise ValueError(_("Say for how many days, for example 5d."))
    counts = []
    if dose.hours is not None:
        counts.append(dose.largest * ceil(Fraction(span * 24, dose.hours)))
    elif dose.slots is not None or dose.times is not None:
        per_day = sum(dose.slots) if dose.slots is not None else dose.largest * (dose.times or 0)
        counts.append(per_day * dose_days(dose, span))
    if dose.max_per_day is not None:
        counts.append(dose.max_per_day * span)
    if not counts:
        raise ValueError(_("Say the most a day, for example max 4/d."))
    return min(counts)


def dose_days(dose: Dose, span: int) -> int:
    """On how many of `span` days in a row something is taken, at most."""
    if dose.weekdays:
        weeks, rest = divmod(span, 7)
        return weeks * len(dose.weekdays) + min(rest, len(dose.weekdays))
    return ceil(Fraction(span, dose.every_days))


def days(dose: Dose, amount: int) -> int:
    """For how many whole days that amount (thousandths of the unit of dose) lasts; 0 where not even for one.

    Raises ValueError for a single dose, and for “when needed” without a limit.
    """
    if dose.once:
        raise ValueError(_("A single dose lasts no number of days."))
    low, high = 0, LONGEST
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if quantity(dose, middle) <= amount else (low, middle - 1)
    return low


def quantity_for(medicine: Counted, dose: Dose, span: int | None = None) -> int | None:
    """Thousandths of the medicine's unit of quantity; None where the unit of the dose cannot be counted in it.

    Units never convert, but for what the formulary says one unit holds (200 puffs an inhaler): then whole units.
    Raises ValueError as `quantity` does.
    """
    needed = quantity(dose, span)
    unit = dose.unit or medicine.dose_unit
    if unit == medicine.unit:
        return needed
    if unit != medicine.dose_unit or not medicine.doses_per_unit:
        return None
    return ceil(Fraction(needed, 1000 * medicine.doses_per_unit)) * 1000


def days_for(medicine: Counted, dose: Dose, amount: int) -> int | None:
    """For how many days that amount of the medicine's unit of quantity lasts; None where it cannot be counted.

    Raises ValueError as `days` does.
    """
    unit = dose.unit or medicine.dose_unit
    if unit == medicine.unit:
        return days(dose, amount)
    if unit != medicine.dose_unit or not medicine.doses_per_unit:
        return None
    return days(dose, floor(amount * medicine.doses_per_unit))
