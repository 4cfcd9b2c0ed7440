"""The checks of doses, durations, weights and controlled medicines. Pure; checks.py gathers what they find.

A limit is judged only where the dose is structured and its mass is known. Each threshold names its source, in
SOURCES or, for a medicine's own limits, in its row of the formulary.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from django.utils.translation import gettext as _

from elmed.medications.facts import Ingredient, Limits, LineFacts, PatientFacts, age_on, mass_of

STOP, NOTE = "stop", "note"
CHILD_YEARS = 12
CONTROLLED_DAYS = 30
WEIGHT_DAYS = 183
WEEKLY_NAME, WEEKLY_CODES = "methotrexate", ("L04AX03",)
SOURCES = {
    "child": "BNF, Prescribing for children: a child is somebody of 12 years and younger; the age of a child under 12 is "
    "required by law; for most drugs the adult maximum dose should not be exceeded.",
    "controlled": "NICE NG46 (2016), Controlled drugs: safe use and management: no more than 30 days' supply.",
    "weekly": "MHRA Drug Safety Update, September 2020: methotrexate once weekly; the day is noted in full on the "
    "prescription.",
    "weight_old": "ELMED's own choice: half a year. No published threshold was found.",
}


class Found(NamedTuple):
    """What checks.py makes a warning of."""

    code: str
    position: int
    message: str
    tier: str
    advice: str
    source: str
    demonstration: bool = False  # it rests on what a medicine of demonstration data says of itself


def findings(lines: Sequence[LineFacts], patient: PatientFacts, today: date) -> list[Found]:
    """Everything about doses in these lines."""
    child = patient.birth_date is not None and age_on(today, patient.birth_date) < CHILD_YEARS
    found: list[Found] = []
    for line in lines:
        found += [*_weekly(line), *_single(line), *_duration(line), *_needed(line)]
    found += _daily(lines, patient if child else None)
    if child:
        found += _weight(lines, patient, today)
    return found


def _weekly(line: LineFacts) -> Iterator[Found]:
    name = _weekly_name(line)
    if not name:
        return
    demonstration = WEEKLY_NAME not in name.casefold() and _demonstration(line)  # methotrexate is known without its row
    advice = _("Order one dose a week, with its day: for example 1 weekly Mon.")
    if line.dose is None:
        message = _("%(name)s is taken once a week only; a dose in free text cannot be checked.") % {"name": name}
        yield Found("weekly_only", line.position, message, STOP, advice, SOURCES["weekly"], demonstration)
    elif not line.dose.at_most_weekly:
        message = _("%(name)s is taken once a week only, and is ordered more often.") % {"name": name}
        yield Found("weekly_only", line.position, message, STOP, advice, SOURCES["weekly"], demonstration)
    elif not line.dose.weekdays and not line.dose.once:
        message = _("The day of the week for %(name)s is missing.") % {"name": name}
        yield Found("weekly_day", line.position, message, NOTE, advice, SOURCES["weekly"], demonstration)


def _weekly_name(line: LineFacts) -> str:
    """The medicine that is taken once a week only; empty for another.

    Methotrexate is known without being told, since RxNorm and free text do not tell: daily methotrexate kills. In free
    text it passes where the dosage speaks of a week.
    """
    medicine = line.medicine
    if medicine is not None:
        codes = {code for one in medicine.ingredients for code in one.codes}
        names = [medicine.name, *(one.name for one in medicine.ingredients)]
        told = medicine.weekly_only or bool(codes & {f"ATC:{code}" for code in WEEKLY_CODES})
        return medicine.name if told or any(WEEKLY_NAME in name.casefold() for name in names) else ""
    known = line.code in WEEKLY_CODES or WEEKLY_NAME in line.text.casefold()
    written = line.dose is not None or (line.dosage_text and not re.search("week", line.dosage_text, re.IGNORECASE))
    return WEEKLY_NAME if known and written else ""


def _single(line: LineFacts) -> Iterator[Found]:
    first, limits = _limited(line)
    if first is None or line.medicine is None or line.dose is None or limits.single_milli is None:
        return
    mass = mass_of(Fraction(line.dose.largest), line, first)
    most = Fraction(limits.single_milli, 1000)
    if mass is not None and mass > most:
        message = _("One dose is %(mass)s mg of %(name)s; at most %(most)s mg is given at once.") % {
            "mass": mg_text(mass), "most": mg_text(most), "name": first.name,
        }  # fmt: skip
        advice = _("Lower the single dose.")
        yield Found("dose_single", line.position, message, STOP, advice, limits.source, _demonstration(line))


def _daily(lines: Sequence[LineFacts], child: PatientFacts | None) -> Iterator[Found]:
    """By ingredient, over all lines: paracetamol is paracetamol in co-codamol too. Said at the last line that adds to it."""
    told: set[frozenset[str]] = set()
    for limited in lines:
        first, limits = _limited(limited)
        if first is None or first.codes in told:
            continue
        told.add(first.codes)
        taken = [(line.position, mass) for line in lines if (mass := _mass_per_day(line, first)) is not None]
        if not taken:
            continue
        total, position = sum((mass for _position, mass in taken), Fraction()), max(where for where, _mass in taken)
        if limits.daily_milli is not None and total > (most := Fraction(limits.daily_milli, 1000)):
            message = _("%(mass)s mg of %(name)s a day; the most for an adult is %(most)s mg.") % {
                "mass": mg_text(total), "most": mg_text(most), "name": first.name,
            }  # fmt: skip
            advice = _("Lower the dose or give it less often.")
            yield Found("dose_daily", position, message, STOP, advice, limits.source, _demonstration(limited))
        if child is None or child.weight_milli is None or limits.daily_per_kg_milli is None:
            continue
        most = Fraction(limits.daily_per_kg_milli * child.weight_milli, 1_000_000)
        if total > most:
            message = _("%(mass)s mg of %(name)s a day; the most at %(weight)s kg is %(most)s mg.") % {
                "mass": mg_text(total), "most": mg_text(most), "name": first.name,
                "weight": mg_text(Fraction(child.weight_milli, 1000)),
            }  # fmt: skip
            advice = _("Lower the dose to the child's weight.")
            yield Found("dose_per_kg", position, message, STOP, advice, limits.source, _demonstration(limited))


def _mass_per_day(line: LineFacts, ingredient: Ingredient) -> Fraction | None:
    if line.medicine is None or line.dose is None or line.dose.most_per_day is None:
        return None
    same = next((one for one in line.medicine.ingredients if _is(one, ingredient)), None)
    return None if same is None else mass_of(line.dose.most_per_day, line, same)


def _is(one: Ingredient, other: Ingredient) -> bool:
    return bool(one.codes & other.codes) or (not one.codes and not other.codes and one.name == other.name)


def _duration(line: LineFacts) -> Iterator[Found]:
    span = max(line.days or 0, (line.dose.days or 0) if line.dose is not None else 0)
    medicine = line.medicine
    if medicine is not None and medicine.limits.days is not None and span > medicine.limits.days:
        message = _("%(days)s days of %(name)s; at most %(most)s are recommended.") % {
            "days": span, "name": medicine.name, "most": medicine.limits.days,
        }  # fmt: skip
        advice = _("Shorten it, or say why it is longer.")
        yield Found("duration", line.position, message, NOTE, advice, medicine.limits.source, _demonstration(line))
    controlled = line.is_controlled or (medicine is not None and medicine.is_controlled)
    if controlled and span > CONTROLLED_DAYS:
        message = _("A controlled medicine for %(days)s days; %(most)s days' supply is the most that is recommended.") % {
            "days": span, "most": CONTROLLED_DAYS,
        }  # fmt: skip
        advice, told = _("Prescribe for 30 days or less."), medicine is not None and medicine.is_controlled
        yield Found(
            "controlled_days",
            line.position,
            message,
            NOTE,
            advice,
            SOURCES["controlled"],
            told and _demonstration(line),
        )


def _needed(line: LineFacts) -> Iterator[Found]:
    if line.dose is not None and line.dose.prn and line.dose.most_per_day is None:
        message = _("“When needed” has no maximum a day.")
        yield Found("prn_without_max", line.position, message, NOTE, _("Add it, for example max 4/d."), "")


def _weight(lines: Sequence[LineFacts], patient: PatientFacts, today: date) -> Iterator[Found]:
    """Under 12 years. Where a limit depends on it, each such line stops; else it is said once."""
    by_weight = [line for line in lines if line.medicine and line.medicine.limits.daily_per_kg_milli is not None]
    if patient.weight_milli is None:
        message = _("The patient is under 12 years old, and no weight is recorded.")
        for line in by_weight or lines[:1]:
            tier = STOP if by_weight else NOTE
            limit = bool(by_weight) and _demonstration(line)
            yield Found(
                "weight_missing", line.position, message, tier, _("Record the weight."), SOURCES["child"], limit
            )
    elif patient.weighed_on is not None and (today - patient.weighed_on).days > WEIGHT_DAYS:
        message = _("The weight of this child was measured more than half a year ago.")
        for line in by_weight or lines[:1]:
            yield Found("weight_old", line.position, message, NOTE, _("Weigh the child again."), SOURCES["weight_old"])


def _limited(line: LineFacts) -> tuple[Ingredient | None, Limits]:
    """The ingredient that the medicine's limits are about."""
    if line.medicine is None or not line.medicine.ingredients:
        return None, Limits()
    return line.medicine.ingredients[0], line.medicine.limits


def _demonstration(line: LineFacts) -> bool:
    return line.medicine is not None and line.medicine.demonstration


def mg_text(value: Fraction) -> str:
    """A canonical decimal with at most three decimals; a longer one is cut, not rounded up."""
    whole, rest = divmod(int(value * 1000), 1000)
    return f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)
