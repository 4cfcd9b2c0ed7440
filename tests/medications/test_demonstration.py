"""The demonstration formulary: readable, complete, each limit and each pair with its source; never signed for real."""

import csv
from datetime import date

import pytest

from elmed.core.clock import real_now
from elmed.core.refusals import NotNow
from elmed.medications import demonstration, queries
from elmed.medications.checks import STOP, check
from elmed.medications.dose import parse, quantity_for, sentence
from elmed.medications.dose.value import ROUTES, UNITS
from elmed.medications.facts import CurrentFacts, LineFacts, PatientFacts, codes_of
from elmed.medications.importing import Fate
from elmed.medications.models import FormularySource, Interaction, Medicine
from elmed.medications.real import require_real


@pytest.fixture
def loaded(db):
    return demonstration.load(real_now())


def facts(item):
    return queries.facts_of(Medicine.objects.get(item=item))


def test_it_is_loaded_marked_and_loaded_again_without_change(loaded):
    assert loaded.written
    assert 140 <= loaded.counts[Fate.CREATED] <= 200
    source = FormularySource.objects.get()
    assert source.demonstration and "not for clinical use" in source.licence
    again = demonstration.load(real_now())
    assert set(again.counts) == {Fate.UNCHANGED}


def test_the_file_is_sorted_and_complete():
    with demonstration.MEDICINES.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    assert all(row["strength"] and row["form"] and row["route"] for row in rows)
    assert {row["route"] for row in rows} <= set(ROUTES)
    assert {row["dose_unit"] or row["unit"] for row in rows} <= set(UNITS)
    weekly = {row["name"] for row in rows if row["weekly_only"]}
    assert weekly == {"methotrexate", "alendronic acid", "risedronic acid"}


def test_every_limit_names_where_it_was_read(loaded):
    limited = Medicine.objects.exclude(limits_source="")
    assert limited.count() > 30
    for row in limited:
        assert "http" in row.limits_source and "2026-11-23" in row.limits_source, row.item
        assert row.weekly_only or row.max_daily_milli, row.item


def test_every_limit_can_be_judged(loaded):
    """The mass of one unit of dose is known, else the limit would never speak."""
    for row in Medicine.objects.exclude(max_daily_milli=None):
        assert queries.facts_of(row).ingredients[0].mg, row.item


def test_no_more_than_fifteen_pairs_each_of_medicines_that_are_there(loaded):
    pairs = list(Interaction.objects.all())
    assert 10 <= len(pairs) <= 15
    codes = {code for row in Medicine.objects.all() for one in row.ingredients for code in one["codes"]}
    for pair in pairs:
        assert {pair.first_code, pair.second_code} <= codes
        assert pair.reference_url.startswith("http") and len(pair.reference_words) > 20
        assert pair.sentence.endswith(".") and pair.advice.endswith(".")


def test_every_medicine_can_be_ordered(loaded):
    for row in Medicine.objects.all():
        typed = "1 weekly Mon 28d" if row.weekly_only else "1 bd 7d"
        dose = parse(typed, unit=row.dose_unit)
        assert sentence(dose, row).startswith(("Take", "Use", "Apply", "Put", "Inhale", "Inject", "Insert", "Dissolve"))
        counted = quantity_for(row, dose)
        assert counted is None or counted > 0


@pytest.mark.parametrize(("item", "dose", "expected"), [
    ("paracetamol-500-mg-tablet", "2 qds 5d", set()),
    ("paracetamol-500-mg-tablet", "2 5x 5d", {"dose_daily"}),
    ("methotrexate-2p5-mg-tablet", "1 od 7d", {"weekly_only"}),
    ("alendronic-acid-70-mg-tablet", "1 od 28d", {"weekly_only"}),
    ("alendronic-acid-10-mg-tablet", "1 od 28d", set()),
    ("metoclopramide-10-mg-tablet", "1 tds 6d", {"duration"}),
    ("zopiclone-7p5-mg-tablet", "2 nocte 7d", {"dose_single", "dose_daily"}),
    ("morphine-10-mg-modified-release-tablet", "1 bd 60d", {"controlled_days"}),
    ("levothyroxine-50-microgram-tablet", "1 mane 28d", set()),
])  # fmt: skip
def test_what_is_found_in_it(loaded, item, dose, expected):
    medicine = facts(item)
    line = LineFacts(1, medicine.name, medicine=medicine, dose=parse(dose))
    found = check(lines=[line], patient=PatientFacts(date(1961, 2, 3)), today=date(2026, 11, 23))
    assert {warning.kind for warning in found} == expected


def test_an_interaction_is_found_with_what_is_taken_already(loaded):
    ordered = LineFacts(1, "trimethoprim 200 mg", medicine=facts("trimethoprim-200-mg-tablet"))
    taken = CurrentFacts("methotrexate 2.5 mg", medicine=facts("methotrexate-2p5-mg-tablet"))
    pairs = queries.interactions_for(codes_of(ordered) | codes_of(taken))
    [warning] = check(
        lines=[ordered], current=[taken], interactions=pairs, patient=PatientFacts(), today=date(2026, 11, 23)
    )
    assert (warning.kind, warning.tier) == ("interaction", STOP)
    assert "bone marrow" in warning.message and "medsafe.govt.nz" in warning.source


@pytest.mark.parametrize(("demonstrations", "production", "allowed", "refused"), [
    ([True], True, False, True),
    ([False, True], True, False, True),
    ([True], True, True, False),
    ([True], False, False, False),
    ([False], True, False, False),
    ([], True, False, False),
])  # fmt: skip
def test_production_signs_no_demonstration(demonstrations, production, allowed, refused):
    if not refused:
        assert require_real(demonstrations, production=production, allowed=allowed) is None
        return
    with pytest.raises(NotNow) as why:
        require_real(demonstrations, production=production, allowed=allowed)
    assert why.value.code == "demonstration_formulary"
