"""What the checks look at, as plain values: a medicine, a line, a patient, what is taken already. Pure.

Masses are milligrams as exact fractions, amounts and weights thousandths. Ingredient codes carry their system:
`ATC:N02BE01`, `RxNorm:161`.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from elmed.medications.dose.value import Dose

MG = {"microgram": Fraction(1, 1000), "mg": Fraction(1), "g": Fraction(1000)}  # masses; other units never convert


@dataclass(frozen=True)
class Ingredient:
    """One substance of a medicine; `mg` is what one unit of dose holds, where the strength says it."""

    name: str
    codes: frozenset[str] = frozenset()
    mg: Fraction | None = None


@dataclass(frozen=True)
class Limits:
    """Of the first ingredient, thousandths of a milligram; `source` says where they were read."""

    single_milli: int | None = None
    daily_milli: int | None = None
    daily_per_kg_milli: int | None = None
    days: int | None = None
    source: str = ""


@dataclass(frozen=True)
class MedicineFacts:
    """A medicine of the formulary, as far as the checks look."""

    name: str
    ingredients: tuple[Ingredient, ...] = ()
    strength: str = ""
    form: str = ""
    dose_unit: str = "tablet"
    is_controlled: bool = False
    weekly_only: bool = False
    limits: Limits = Limits()
    demonstration: bool = False  # what it says of itself is not for clinical use


@dataclass(frozen=True)
class LineFacts:
    """A line of the draft. Free text has no medicine; a free dosage has no dose, and its words in `dosage_text`."""

    position: int
    text: str
    code: str | None = None
    system: str | None = None
    medicine: MedicineFacts | None = None
    dose: Dose | None = None
    days: int | None = None
    is_controlled: bool = False
    dosage_text: str = ""


@dataclass(frozen=True)
class CurrentFacts:
    """A medicine that the patient takes already: a line of another open prescription."""

    text: str
    code: str | None = None
    system: str | None = None
    medicine: MedicineFacts | None = None


@dataclass(frozen=True)
class AllergyFacts:
    """A recorded allergy: as the doctor wrote it, and its code, where there is one."""

    substance: str
    code: str = ""


@dataclass(frozen=True)
class PatientFacts:
    """The patient. The weight is thousandths of a kilogram, with the day it was measured."""

    birth_date: date | None = None
    weight_milli: int | None = None
    weighed_on: date | None = None
    allergies: tuple[AllergyFacts, ...] = ()


@dataclass(frozen=True)
class InteractionFacts:
    """A pair of ingredients from the formulary."""

    first_code: str
    second_code: str
    first_name: str
    second_name: str
    tier: str
    sentence: str
    advice: str
    source: str
    demonstration: bool = False  # not for clinical use


def ingredients_of(thing: LineFacts | CurrentFacts) -> tuple[Ingredient, ...]:
    """The ingredients that are known; of a coded free text its code alone."""
    if thing.medicine is not None:
        return thing.medicine.ingredients
    if thing.code and thing.system:
        return (Ingredient(thing.text, frozenset({f"{thing.system}:{thing.code}"})),)
    return ()


def codes_of(thing: LineFacts | CurrentFacts) -> frozenset[str]:
    """The codes of its ingredients."""
    return frozenset().union(*(one.codes for one in ingredients_of(thing)))


def mass_of(amount: Fraction, line: LineFacts, ingredient: Ingredient) -> Fraction | None:
    """Milligrams of the ingredient in that amount (thousandths of the unit of dose); None where nobody can say."""
    if line.medicine is None or line.dose is None:
        return None
    unit = line.dose.unit or line.medicine.dose_unit
    if unit in MG:  # a mass is that of the whole: of one ingredient only where there is no other
        return amount / 1000 * MG[unit] if len(line.medicine.ingredients) == 1 else None
    if unit != line.medicine.dose_unit or ingredient.mg is None:
        return None
    return amount / 1000 * ingredient.mg


def age_on(day: date, born: date) -> int:
    """Whole years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
