"""RxNorm: a tiny release of the same shape, made up for this test, is read as medicines."""

from datetime import UTC, datetime

import pytest

from elmed.core.refusals import Invalid
from elmed.medications import importing, queries
from elmed.medications.importing import Release
from elmed.medications.models import FormularySource, Medicine
from elmed.medications.rxnorm import RxNorm, form_of, units

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def conso(rxcui, tty, words, *, sab="RXNORM", code="", suppress="N"):
    return f"{rxcui}|ENG||||||A{rxcui}||||{sab}|{tty}|{code or rxcui}|{words}||{suppress}||"


def rel(subject, rela, thing):
    """`subject rela thing`: the subject stands second in the file."""
    return f"{thing}||CUI|RO|{subject}||CUI|{rela}|||RXNORM|||||4096|"


def sat(rxcui, name, value):
    return f"{rxcui}|||A{rxcui}|AUI|{rxcui}|AT1||{name}|RXNORM|{value}|N||"


CONSO = [
    conso(723, "IN", "Amoxicillin"), conso(723, "IN", "amoxicillin", sab="ATC", code="J01CA04"),
    conso(48203, "IN", "clavulanate"), conso(151392, "BN", "Augmentin"), conso(203948, "BN", "Amoxil"),
    conso(317541, "DF", "Oral Tablet"), conso(316965, "DF", "Oral Capsule"), conso(316968, "DF", "Oral Suspension"),
    conso(317000, "DF", "Metered Dose Inhaler"),
    conso(1001, "SCDC", "amoxicillin 500 MG"), conso(1002, "SCDC", "clavulanate 125 MG"), conso(1003, "SCDC", "amoxicillin 50 MG/ML"),
    conso(2001, "SCD", "amoxicillin 500 MG Oral Capsule"), conso(2002, "SCD", "amoxicillin 500 MG / clavulanate 125 MG Oral Tablet"),
    conso(2003, "SCD", "amoxicillin 50 MG/ML Oral Suspension"), conso(2004, "SCD", "amoxicillin 500 MG Oral Tablet", suppress="O"),
    conso(2005, "SCD", "lost 1 MG Oral Tablet"), conso(2006, "SCD", "amoxicillin 50 MG/ML Oral Suspension [vet]"),
    conso(3001, "SBD", "amoxicillin 500 MG Oral Capsule [Amoxil]"), conso(3002, "SBD", "amoxicillin 500 MG / clavulanate 125 MG Oral Tablet [Augmentin]"),
    conso(2001, "PSN", "amoxicillin 500 MG Oral Capsule"), conso(9, "CD", "something else", sab="VANDF"),
]  # fmt: skip
REL = [
    rel(1001, "has_ingredient", 723), rel(1002, "has_ingredient", 48203), rel(1003, "has_ingredient", 723),
    rel(2001, "consists_of", 1001), rel(2001, "has_dose_form", 316965),
    rel(2002, "consists_of", 1001), rel(2002, "consists_of", 1002), rel(2002, "has_dose_form", 317541),
    rel(2003, "consists_of", 1003), rel(2003, "has_dose_form", 316968), rel(2005, "has_dose_form", 317541),
    rel(2006, "consists_of", 1003), rel(2006, "has_dose_form", 316968),
    rel(3001, "consists_of", 1001), rel(3001, "has_dose_form", 316965), rel(3001, "has_ingredient", 203948), rel(3001, "tradename_of", 2001),
    rel(3002, "consists_of", 1001), rel(3002, "consists_of", 1002), rel(3002, "has_dose_form", 317541), rel(3002, "has_ingredient", 151392),
    rel(3002, "tradename_of", 2002), rel(723, "ingredient_of", 1001),
]  # fmt: skip
SAT = [
    sat(2002, "RXN_AVAILABLE_STRENGTH", "500 MG / 125 MG"), sat(1001, "RXN_STRENGTH", "500 MG"), sat(2006, "RXN_VET_DRUG", "US"), sat(2003, "RXN_VET_DRUG", "US"), sat(2003, "RXN_HUMAN_DRUG", "US"),
    sat(2001, "NDC", "00000000000"),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for name, lines in (("RXNCONSO", CONSO), ("RXNREL", REL), ("RXNSAT", SAT)):
        (tmp_path / f"{name}.RRF").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return tmp_path


def rows(folder):
    return {row.item: row for _line, row in RxNorm(folder).rows()}


def test_clinical_and_branded_drugs_are_read(folder):
    found = rows(folder)
    assert set(found) == {"2001", "2002", "2003", "3001", "3002"}
    capsule = found["2001"]
    assert (capsule.name, capsule.strength, capsule.form, capsule.route, capsule.unit) == (
        "amoxicillin",
        "500 mg",
        "capsule",
        "oral",
        "capsule",
    )
    assert (capsule.code, capsule.system, capsule.brand, capsule.brands) == ("2001", "RxNorm", "", ("Amoxil",))
    assert capsule.ingredients == ({"name": "amoxicillin", "codes": ["ATC:J01CA04", "RxNorm:723"], "mg": "500"},)
    assert (found["3001"].brand, found["3001"].name) == ("Amoxil", "amoxicillin")


def test_several_ingredients_keep_their_own_strength(folder):
    tablet = rows(folder)["2002"]
    assert (tablet.name, tablet.strength) == ("amoxicillin / clavulanate", "500 mg / 125 mg")
    assert [(one["name"], one["mg"]) for one in tablet.ingredients] == [("amoxicillin", "500"), ("clavulanate", "125")]


def test_a_liquid_counts_in_ml(folder):
    syrup = rows(folder)["2003"]
    assert (syrup.strength, syrup.unit, syrup.dose_unit, syrup.ingredients[0]["mg"]) == ("50 mg/ml", "ml", "ml", "50")


def test_a_branded_drug_without_components_has_those_of_its_clinical_drug(folder):
    text = (folder / "RXNREL.RRF").read_text()
    (folder / "RXNREL.RRF").write_text(
        "".join(line for line in text.splitlines(True) if "|3001||CUI|consists_of" not in line)
    )
    assert rows(folder)["3001"].ingredients == rows(folder)["2001"].ingredients


def test_what_is_left_out_is_counted(folder):
    reader = RxNorm(folder)
    list(reader.rows())
    assert dict(reader.skipped) == {"suppressed by RxNorm": 1, "without ingredient or dose form": 1, "for animals": 1}


@pytest.mark.django_db
def test_a_release_is_loaded_and_found(folder):
    outcome = importing.replace(Release("RxNorm", "2026-11"), RxNorm(folder).rows(), NOW)
    assert outcome.written
    assert [row.item for row in queries.search("augmen")] == ["2002", "3002"]
    assert queries.facts_of(Medicine.objects.get(item="2003")).ingredients[0].mg == 50
    assert not FormularySource.objects.filter(queries.demonstration_offered()).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["RXNCONSO.RRF", "RXNREL.RRF", "RXNSAT.RRF"])
def test_a_missing_or_other_file_changes_nothing(folder, name):
    text = (folder / name).read_text()
    (folder / name).write_text(text + "1|2|3|\n")
    with pytest.raises(Invalid) as refused:
        importing.replace(Release("RxNorm", "1"), RxNorm(folder).rows(), NOW)
    assert f"of {name} has 3 columns" in refused.value.errors[0]["detail"]
    (folder / name).unlink()
    with pytest.raises(Invalid) as refused:
        importing.replace(Release("RxNorm", "1"), RxNorm(folder).rows(), NOW)
    assert f"lacks {name}" in refused.value.errors[0]["detail"]
    assert not FormularySource.objects.exists()


@pytest.mark.parametrize(("dose_form", "expected"), [
    ("Oral Tablet", ("tablet", "oral", "tablet", "tablet")),
    ("Extended Release Oral Capsule", ("extended release capsule", "oral", "capsule", "capsule")),
    ("Ophthalmic Solution", ("solution", "ocular", "bottle", "drop")),
    ("Metered Dose Inhaler", ("metered dose inhaler", "inhalation", "inhaler", "puff")),
    ("Topical Cream", ("cream", "cutaneous", "g", "application")),
    ("Prefilled Syringe", ("prefilled syringe", "parenteral", "dose", "dose")),
    ("Transdermal System", ("transdermal system", "transdermal", "patch", "patch")),
])  # fmt: skip
def test_dose_forms(dose_form, expected):
    assert form_of(dose_form) == expected


def test_units():
    assert units("0.09 MG/ACTUAT") == "0.09 mg/dose"
    assert units("1,000 UNT/ML") == "1000 unit/ml"
