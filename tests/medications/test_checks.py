"""What a doctor is warned of before signing, and what they are not."""

from datetime import date

import pytest

from elmed.medications.checks import check
from elmed.medications.facts import AllergyFacts, CurrentFacts, LineFacts, PatientFacts


def warnings_for(*, lines, allergies, current, notes):
    """Of a draft in free text: lines (position, text, code), allergies (substance, code), current medicines (text, code)."""
    return check(
        lines=[LineFacts(*line) for line in lines],
        patient=PatientFacts(allergies=tuple(AllergyFacts(*allergy) for allergy in allergies)),
        current=[CurrentFacts(*medicine) for medicine in current],
        notes=notes,
        today=date.min,
    )


def codes(text, *, code=None, allergies=(), current=(), notes="", before=()):
    lines = [*((number, words, None) for number, words in enumerate(before, start=1)), (len(before) + 1, text, code)]
    found = warnings_for(lines=lines, allergies=list(allergies), current=list(current), notes=notes)
    return [warning.key for warning in found]


@pytest.mark.parametrize(("allergy", "medicine", "code"), [
    ("penicillin", "amoxicillin 500 mg capsules", None),
    ("Penicillin", "co-amoxiclav 625 mg tablets", "J01CR02"),
    ("amoxicillin", "flucloxacillin 250 mg capsules", None),
    ("cephalosporins", "cefalexin 500 mg capsules", None),
    ("sulfa", "sulfamethoxazole and trimethoprim", None),
    ("ciprofloxacin", "levofloxacin 500 mg tablets", None),
    ("NSAIDs", "naproxen 250 mg tablets", "M01AE02"),
    ("ibuprofen", "ibuprofen 400 mg tablets", None),
    ("latex", "latex gloves", None),
])  # fmt: skip
def test_an_allergy_speaks_against_its_family(allergy, medicine, code):
    assert codes(medicine, code=code, allergies=[(allergy, "")]) == ["allergy:1"]


@pytest.mark.parametrize(("allergy", "medicine"), [
    ("penicillin", "paracetamol 500 mg tablets"),
    ("penicillin", "cefalexin 500 mg capsules"),
    ("sulfa", "salbutamol 100 micrograms/dose inhaler"),
    ("ibuprofen", "ramipril 5 mg tablets"),
])  # fmt: skip
def test_and_against_nothing_else(allergy, medicine):
    assert codes(medicine, allergies=[(allergy, "")]) == []


def test_the_warning_names_the_allergy():
    found = warnings_for(
        lines=[(1, "amoxicillin", None)], allergies=[("penicillin", ""), ("nuts", "")], current=[], notes=""
    )
    assert [warning.message for warning in found] == ["Recorded allergy: penicillin."]


def test_the_same_medicine_twice():
    assert codes("ramipril 5 mg", before=["ramipril 2.5 mg"]) == ["duplicate:2"]
    assert codes("ramipril 5 mg", current=[("Ramipril 10 mg", None)]) == ["duplicate:1"]
    assert codes("ramipril 5 mg", code="C09AA05", current=[("Tritace", "C09AA05")]) == ["duplicate:1"]
    assert codes("ramipril 5 mg", before=["amlodipine 5 mg"], current=[("metformin 500 mg", None)]) == []


@pytest.mark.parametrize(("notes", "warned"), [
    ("Give 2 tablets daily", True),
    ("1 bd", True),
    ("مرتين يوميا", True),
    ("Please call me before you dispense", False),
    ("Call me at 10", False),
])  # fmt: skip
def test_a_dose_in_the_notes(notes, warned):
    assert codes("ramipril", notes=notes) == (["dose_in_notes:0"] if warned else [])
