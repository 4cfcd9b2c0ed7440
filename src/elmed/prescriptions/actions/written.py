"""One line from what a doctor types: the medicine, one short dose, and what follows from them.

`complete` makes the sentence the patient reads from the structured dose, and fills in the quantity, its unit and the days
where they were left empty. Called by the composer; draft.py checks again that sentence and dose agree.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from elmed.core import quantities
from elmed.core.refusals import Invalid
from elmed.medications import dose
from elmed.medications.dose import Dose, NotUnderstood
from elmed.medications.dose.amounts import days_for
from elmed.medications.dose.value import UNITS
from elmed.medications.dose_in_text import holds_amount
from elmed.medications.models import Medicine
from elmed.prescriptions.actions.draft import DraftLine
from elmed.prescriptions.actions.sentence import Plain, sentence_of
from elmed.prescriptions.models import PrescriptionLine


@dataclass(frozen=True)
class Typed:
    """A line as it is typed. `dose` is the short notation, `words` what else the patient shall read, or all of it."""

    medication_text: str
    dose: str = ""
    words: str = ""
    quantity_milli: int | None = None
    unit: str = ""
    days_supply: int | None = None
    medication_code: str | None = None
    strength: str | None = None
    form: str | None = None
    route: str | None = None
    substitution_allowed: bool = True
    substitution_reason: str = ""
    is_controlled: bool = False


@dataclass(frozen=True)
class Completed:
    """The line, and which of its fields were computed."""

    line: DraftLine
    computed: tuple[str, ...]


def typed_of(line: PrescriptionLine, medicine: Medicine | None) -> dict[str, Any]:
    """A line as it is typed, by the composer's names. What was computed is left empty: it follows a change of the dose."""
    known, follows = medicine is not None, computed_of(line, medicine)
    blanks = ("strength", "form", "route", "medication_code")
    return {
        "medication_text": text_of(medicine) if medicine else line.medication_text,
        "medicine": medicine.pk if medicine else "",
        "dose": short_of(line),
        "dosage_text": words_of(line),
        "quantity": "" if "quantity" in follows else quantities.text(line.quantity_milli),
        "unit": line.unit,
        "days_supply": None if "days_supply" in follows else line.days_supply,
        "is_controlled": line.is_controlled,
        "no_substitution": not line.substitution_allowed,
        "substitution_reason": line.substitution_reason,
        **{name: "" if known else getattr(line, name) or "" for name in blanks},
    }


def text_of(medicine: Medicine) -> str:
    """A medicine of the formulary as a prescription names it: name with tall-man letters, strength, form."""
    name = f"{medicine.label} ({medicine.brand})" if medicine.brand else medicine.label
    words = [name, *(word for word in (medicine.strength, medicine.form) if word and word not in name)]
    return " ".join(words) if len(" ".join(words)) <= 200 else medicine.name[:200]


def complete(typed: Typed, medicine: Medicine | None) -> Completed:
    """The line as a draft takes it. Raises Invalid with pointers such as `/dose`, `/quantity`."""
    taken = _taken(typed, medicine)
    if wrong := _wrong(typed, taken):
        raise Invalid(wrong)
    parsed = _parsed(typed, taken)
    quantity, days, computed = typed.quantity_milli, typed.days_supply, []
    if parsed is not None:
        if days is not None and parsed.days is not None and days != parsed.days:
            detail = _("The dose says %(days)s days: leave this empty, or change one of them.") % {"days": parsed.days}
            raise Invalid.field("/days_supply", "disagrees", detail)
        if quantity is None:
            quantity = _quantity(parsed, taken, days)
            computed.append("quantity")
        if days is None:
            days = _days(parsed, taken, quantity)
            computed += ["days_supply"] if days is not None else []
    assert quantity is not None  # noqa: S101 - `_wrong` saw to it
    line = DraftLine(
        medication_text=text_of(medicine) if medicine else typed.medication_text,
        dosage_text=_dosage(parsed, taken, typed.words),
        quantity_milli=quantity,
        unit=taken.unit,
        medication_code=medicine.code if medicine else typed.medication_code,
        medication_system=medicine.system if medicine else ("ATC" if typed.medication_code else None),
        strength=(medicine.strength if medicine else typed.strength) or None,
        form=(medicine.form if medicine else typed.form) or None,
        route=(medicine.route if medicine else typed.route) or None,
        days_supply=days,
        substitution_allowed=typed.substitution_allowed,
        substitution_reason=typed.substitution_reason,
        is_controlled=typed.is_controlled or (medicine is not None and medicine.is_controlled),
        medicine_id=medicine.pk if medicine else None,
        dose=dose.to_json(parsed) if parsed is not None else None,
    )
    return Completed(line, tuple(computed))


def computed_of(line: PrescriptionLine, medicine: Medicine | None) -> tuple[str, ...]:
    """Which of quantity and days are those that follow from the dose, so that they follow a change of it too."""
    if not line.dose:
        return ()
    kept = dose.from_json(line.dose)
    taken = _taken(Typed(line.medication_text, unit=line.unit, route=line.route), medicine)
    found = []
    try:
        if dose.quantity_for(taken, kept, kept.days or line.days_supply) == line.quantity_milli and kept.days:
            found.append("quantity")
    except ValueError:
        pass
    if line.days_supply is not None and line.days_supply == _days(kept, taken, line.quantity_milli):
        found.append("days_supply")
    return tuple(found)


def short_of(line: PrescriptionLine) -> str:
    """The dose of a line as it is typed; empty where it has none."""
    if not line.dose:
        return ""
    kept = dose.from_json(line.dose)
    known = kept.unit == line.unit or line.medicine_id is not None
    return dose.short(replace(kept, unit="" if known else kept.unit, route=""))


def words_of(line: PrescriptionLine) -> str:
    """What the doctor wrote beside the dose, or in place of it."""
    return line.dosage_text.removeprefix(sentence_of(line.dose)).strip() if line.dose else line.dosage_text


def _taken(typed: Typed, medicine: Medicine | None) -> Plain:
    if medicine is not None:
        return Plain(medicine.unit, medicine.dose_unit, medicine.route, medicine.doses_per_unit)
    unit = typed.unit.strip()
    singular = unit.lower().removesuffix("s")
    known = next((one for one in (unit.lower(), singular) if one in UNITS), "")
    return Plain(known or unit, known, (typed.route or "").strip().lower())


def _wrong(typed: Typed, taken: Plain) -> list[dict[str, str]]:
    """What is missing, and what cannot be read, each told at once; what the parts do not say together comes after."""
    found = []

    def wrong(pointer: str, code: str, detail: str) -> None:
        found.append({"pointer": pointer, "code": code, "detail": detail})

    parsed, unread = None, ""
    if typed.dose.strip():
        try:
            parsed = dose.parse(typed.dose, unit=taken.dose_unit)
        except NotUnderstood as refusal:
            unread = str(refusal)
    if unread:
        wrong("/dose", "not_understood", unread)
    elif parsed is None and not typed.words.strip():
        wrong("/dose", "required", _("Type the dose, for example 1-0-1 5d."))
    if typed.dose.strip() and holds_amount(typed.words):
        detail = _("There is a second dose in the words. Keep one: the short dose, or your own words alone.")
        wrong("/dosage_text", "second_dose", detail)
    if not typed.dose.strip() and typed.words.strip() and typed.quantity_milli is None:
        wrong("/quantity", "required", _("Type the quantity."))
    if parsed is not None and not (parsed.unit or taken.dose_unit):
        wrong("/unit", "required", _("Say what the dose counts, for example tablet or ml."))
    elif not taken.unit:
        wrong("/unit", "required", _("Say the unit, for example tablet or ml."))
    return found


def _parsed(typed: Typed, taken: Plain) -> Dose | None:
    """The dose of what `_wrong` finds nothing in."""
    if not typed.dose.strip():
        return None
    parsed = dose.parse(typed.dose, unit=taken.dose_unit)
    return replace(parsed, unit=parsed.unit or taken.dose_unit, route=parsed.route or taken.route)


def _quantity(parsed: Dose, taken: Plain, days: int | None) -> int:
    try:
        found = dose.quantity_for(taken, parsed, days)
    except ValueError as wrong:
        raise Invalid.field("/dose", "no_quantity", _("%(why)s Or type the quantity.") % {"why": wrong}) from None
    if found is None:
        detail = _("It cannot be computed from this dose: type the quantity.")
        raise Invalid.field("/quantity", "required", detail)
    return found


def _days(parsed: Dose, taken: Plain, quantity: int) -> int | None:
    if parsed.days is not None or parsed.once:
        return parsed.days
    try:
        lasts = days_for(taken, parsed, quantity)
    except ValueError:
        return None
    return lasts if lasts and 0 < lasts <= 366 else None


def _dosage(parsed: Dose | None, taken: Plain, words: str) -> str:
    words = " ".join(words.split()) if parsed is not None else words.strip()
    if parsed is None:
        return words
    return f"{dose.sentence(parsed, taken, settings.LANGUAGE_CODE)} {words}".strip()
