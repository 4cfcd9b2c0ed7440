"""The checks of structured lines, as a table: what is ordered for whom, and the warnings in their tiers."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elmed.medications.checks import NOTE, STOP, Warning, check
from elmed.medications.dose import parse
from elmed.medications.facts import (
    AllergyFacts,
    CurrentFacts,
    Ingredient,
    InteractionFacts,
    Limits,
    LineFacts,
    MedicineFacts,
    PatientFacts,
    age_on,
)

TODAY = date(2026, 11, 23)
PARACETAMOL = Ingredient("paracetamol", frozenset({"ATC:N02BE01"}), Fraction(500))
SOURCE = "a public source"


def medicine(name="paracetamol", *, code="N02BE01", mg="500", limits=None, ingredients=None, **more):
    one = Ingredient(name, frozenset({f"ATC:{code}"}), None if mg is None else Fraction(mg))
    return MedicineFacts(name, ingredients or (one,), limits=limits or Limits(), **more)


TABLETS = medicine(limits=Limits(1_000_000, 4_000_000, 60_000, None, SOURCE), strength="500 mg")
SYRUP = medicine(
    mg="24", dose_unit="ml", limits=Limits(1_000_000, 4_000_000, 60_000, None, SOURCE), strength="120 mg/5 ml"
)
CODEINE = Ingredient("codeine", frozenset({"ATC:R05DA04"}), Fraction(30))
CO_CODAMOL = MedicineFacts("co-codamol", (PARACETAMOL, CODEINE), limits=TABLETS.limits, strength="30 mg/500 mg")
METHOTREXATE = medicine("methotrexate", code="L04AX03", mg="2.5", weekly_only=True)
WARFARIN = medicine("warfarin", code="B01AA03", mg="5")
IBUPROFEN = medicine("ibuprofen", code="M01AE01", mg="400")
AMOXICILLIN = medicine("amoxicillin", code="J01CA04")
METOCLOPRAMIDE = medicine("metoclopramide", code="A03FA01", mg="10", limits=Limits(None, 30_000, None, 5, SOURCE))
MORPHINE = medicine("morphine", code="N02AA01", mg="10", is_controlled=True)
PAIR = InteractionFacts(
    "ATC:B01AA03", "ATC:M01AE01", "warfarin", "ibuprofen", STOP, "Bleeding.", "Choose paracetamol.", SOURCE
)
ADULT = PatientFacts(date(1961, 2, 3))
CHILD = PatientFacts(date(2020, 1, 1), 20_000, TODAY)


def line(what, dose=None, *, position=1, text=None, **more):
    typed = None if dose is None else parse(dose, unit=what.dose_unit if what else "tablet")
    return LineFacts(position, text or (what.name if what else "something"), medicine=what, dose=typed, **more)


def found(*lines, patient=ADULT, **more):
    return check(lines=list(lines), patient=patient, today=TODAY, **more)


def keys(*lines, **more):
    return [(warning.key, warning.tier) for warning in found(*lines, **more)]


@pytest.mark.parametrize(("lines", "patient", "expected"), [
    # daily and single doses
    ([line(TABLETS, "2 qds")], ADULT, []),
    ([line(TABLETS, "2 5x")], ADULT, [("dose_daily:1", STOP)]),
    ([line(TABLETS, "3 bd")], ADULT, [("dose_single:1", STOP)]),
    ([line(TABLETS, "3 tds")], ADULT, [("dose_single:1", STOP), ("dose_daily:1", STOP)]),
    ([line(TABLETS, "2 q4h prn max 8/d")], ADULT, []),
    ([line(TABLETS, "2 q4h prn")], ADULT, [("dose_daily:1", STOP)]),
    ([line(TABLETS, "2 prn")], ADULT, [("prn_without_max:1", NOTE)]),
    ([line(TABLETS, "1 g qds")], ADULT, []),
    ([line(TABLETS, "1.5 g tds")], ADULT, [("dose_single:1", STOP), ("dose_daily:1", STOP)]),
    ([line(TABLETS, "50 ml qds")], ADULT, []),  # another unit: nobody can say how much that is
    ([line(TABLETS)], ADULT, []),  # a dose in free text
    ([line(medicine(), "9 qds")], ADULT, []),  # no limit is known
    ([line(medicine(mg=None, limits=TABLETS.limits), "9 qds")], ADULT, []),  # no mass is known
    # the same ingredient in two lines adds up
    ([line(TABLETS, "1 qds"), line(CO_CODAMOL, "1 qds", position=2)], ADULT, [("duplicate:2", NOTE)]),
    ([line(TABLETS, "2 qds"), line(CO_CODAMOL, "1 qds", position=2)], ADULT, [("dose_daily:2", STOP), ("duplicate:2", NOTE)]),
    # durations
    ([line(METOCLOPRAMIDE, "1 tds 5d")], ADULT, []),
    ([line(METOCLOPRAMIDE, "1 tds 6d")], ADULT, [("duration:1", NOTE)]),
    ([line(METOCLOPRAMIDE, days=7)], ADULT, [("duration:1", NOTE)]),
    ([line(METOCLOPRAMIDE, "1 tds", days=7)], ADULT, [("duration:1", NOTE)]),
    ([line(METOCLOPRAMIDE, "1 tds 3d", days=7)], ADULT, [("duration:1", NOTE)]),
    ([line(METOCLOPRAMIDE, "2 tds 5d")], ADULT, [("dose_daily:1", STOP)]),
    # once a week
    ([line(METHOTREXATE, "4 weekly Mon")], ADULT, []),
    ([line(METHOTREXATE, "4 stat")], ADULT, []),
    ([line(METHOTREXATE, "4 weekly")], ADULT, [("weekly_day:1", NOTE)]),
    ([line(METHOTREXATE, "1 od")], ADULT, [("weekly_only:1", STOP)]),
    ([line(METHOTREXATE, "1 Mon Thu")], ADULT, [("weekly_only:1", STOP)]),
    ([line(METHOTREXATE, "1 alt")], ADULT, [("weekly_only:1", STOP)]),
    ([line(METHOTREXATE)], ADULT, [("weekly_only:1", STOP)]),
    ([line(replace(METHOTREXATE, weekly_only=False), "1 od")], ADULT, [("weekly_only:1", STOP)]),
    ([line(medicine("methotrexate 2.5 MG Oral Tablet", code="RX", mg="2.5"), "1 od")], ADULT, [("weekly_only:1", STOP)]),
    ([line(medicine("Trexall 2.5 MG", code="L04AX03", mg="2.5"), "1 od")], ADULT, [("weekly_only:1", STOP)]),
    ([line(medicine("methotrexate 2.5 MG Oral Tablet", code="RX", mg="2.5"), "4 weekly Mon")], ADULT, []),
    ([line(None, text="Methotrexate 2.5 mg tablets", dosage_text="Take one daily")], ADULT, [("weekly_only:1", STOP)]),
    ([line(None, text="MTX", code="L04AX03", dosage_text="Take one daily")], ADULT, [("weekly_only:1", STOP)]),
    ([line(None, text="methotrexate 2.5 mg", dosage_text="Take four once a week, on Mondays")], ADULT, []),
    ([line(None, "1 od", text="methotrexate 2.5 mg")], ADULT, [("weekly_only:1", STOP)]),
    ([line(None, text="ramipril 5 mg", dosage_text="Take one daily")], ADULT, []),
    # controlled
    ([line(MORPHINE, "1 bd 30d")], ADULT, []),
    ([line(MORPHINE, "1 bd 31d")], ADULT, [("controlled_days:1", NOTE)]),
    ([line(None, text="pethidine", is_controlled=True, days=31)], ADULT, [("controlled_days:1", NOTE)]),
    # children: 20 kg at 60 mg/kg is 1200 mg a day
    ([line(SYRUP, "12.5 ml qds")], CHILD, []),
    ([line(SYRUP, "12.501 ml qds")], CHILD, [("dose_per_kg:1", STOP)]),
    ([line(SYRUP, "12.501 ml qds")], PatientFacts(date(2014, 11, 23), 20_000, TODAY), []),  # 12 today
    ([line(SYRUP, "12.501 ml qds")], PatientFacts(date(2014, 11, 24), 20_000, TODAY), [("dose_per_kg:1", STOP)]),
    ([line(SYRUP, "5 ml qds")], PatientFacts(date(2020, 1, 1)), [("weight_missing:1", STOP)]),
    ([line(AMOXICILLIN, "1 tds")], PatientFacts(date(2020, 1, 1)), [("weight_missing:1", NOTE)]),
    ([line(None, text="nystatin")], PatientFacts(date(2020, 1, 1)), [("weight_missing:1", NOTE)]),
    ([line(AMOXICILLIN, "1 tds"), line(SYRUP, "5 ml qds", position=2)], PatientFacts(date(2020, 1, 1)), [("weight_missing:2", STOP)]),
    ([line(SYRUP, "5 ml qds")], PatientFacts(date(2020, 1, 1), 20_000, date(2026, 5, 23)), [("weight_old:1", NOTE)]),
    ([line(SYRUP, "5 ml qds")], PatientFacts(date(2020, 1, 1), 20_000, date(2026, 5, 24)), []),
    ([line(SYRUP, "50 ml qds")], PatientFacts(date(2020, 1, 1), 100_000, TODAY), [("dose_single:1", STOP), ("dose_daily:1", STOP)]),
    ([line(AMOXICILLIN, "1 tds")], PatientFacts(), []),  # nobody knows the age
])  # fmt: skip
def test_doses(lines, patient, expected):
    assert keys(*lines, patient=patient) == expected


@pytest.mark.parametrize(("ordered", "current", "expected"), [
    ([line(WARFARIN), line(IBUPROFEN, position=2)], [], [("interaction.ATC:B01AA03+ATC:M01AE01:2", STOP)]),
    ([line(IBUPROFEN)], [CurrentFacts("warfarin", medicine=WARFARIN)], [("interaction.ATC:B01AA03+ATC:M01AE01:1", STOP)]),
    ([line(IBUPROFEN)], [CurrentFacts("Coumadin", "B01AA03", "ATC")], [("interaction.ATC:B01AA03+ATC:M01AE01:1", STOP)]),
    ([line(None, text="Nurofen", code="M01AE01", system="ATC")], [CurrentFacts("warfarin", medicine=WARFARIN)],
     [("interaction.ATC:B01AA03+ATC:M01AE01:1", STOP)]),
    ([line(IBUPROFEN)], [CurrentFacts("warfarin 5 mg")], []),  # uncoded free text: nobody can say
    ([line(IBUPROFEN), line(TABLETS, position=2)], [], []),
])  # fmt: skip
def test_interactions(ordered, current, expected):
    assert keys(*ordered, current=current, interactions=[PAIR]) == expected


def test_an_interaction_says_what_and_why():
    [warning] = found(line(WARFARIN), line(IBUPROFEN, position=2), interactions=[PAIR])
    assert warning.message == "warfarin + ibuprofen: Bleeding."
    assert (warning.advice, warning.source, warning.kind) == ("Choose paracetamol.", SOURCE, "interaction")


@pytest.mark.parametrize(("ordered", "patient", "expected"), [
    ([line(TABLETS, "3 tds")], ADULT, {"dose_single:1", "dose_daily:1"}),
    ([line(SYRUP, "12.501 ml qds")], CHILD, {"dose_per_kg:1"}),
    ([line(METOCLOPRAMIDE, "1 tds 6d")], ADULT, {"duration:1"}),
    ([line(MORPHINE, "1 bd 31d")], ADULT, {"controlled_days:1"}),
    ([line(SYRUP, "5 ml qds")], PatientFacts(date(2020, 1, 1)), {"weight_missing:1"}),
    ([line(medicine("alendronic acid", code="M05BA04", mg="70", weekly_only=True), "1 od")], ADULT, {"weekly_only:1"}),
    # what ELMED knows without the medicine's row
    ([line(METHOTREXATE, "1 od")], ADULT, set()),
    ([line(AMOXICILLIN, "1 tds")], PatientFacts(date(2020, 1, 1)), set()),
    ([line(TABLETS, "2 prn")], ADULT, set()),
])  # fmt: skip
def test_what_rests_on_a_demonstration_medicine_says_so(ordered, patient, expected):
    made_up = [replace(one, medicine=replace(one.medicine, demonstration=True)) for one in ordered]
    assert {one.key for one in found(*made_up, patient=patient) if one.demonstration} == expected
    assert found(*made_up, patient=patient), "it is warned of all the same"
    assert not any(one.demonstration for one in found(*ordered, patient=patient))


def test_one_warning_of_two_rests_on_demonstration_data_where_either_does():
    made_up, ordered = replace(PAIR, demonstration=True), [line(WARFARIN), line(IBUPROFEN, position=2)]
    for pairs, expected in (([PAIR, made_up], True), ([made_up, PAIR], True), ([PAIR, PAIR], False)):
        [warning] = found(*ordered, interactions=pairs)
        assert warning.demonstration is expected


def test_several_interactions_of_a_line_have_keys_of_their_own():
    other = InteractionFacts("ATC:M01AE01", "ATC:N05AN01", "ibuprofen", "lithium", NOTE, "Level.", "Check.", SOURCE)
    lithium = medicine("lithium", code="N05AN01")
    ordered = [line(WARFARIN), line(lithium, position=2), line(IBUPROFEN, position=3)]
    assert [key for key, _ in keys(*ordered, interactions=[PAIR, other])] == [
        "interaction.ATC:B01AA03+ATC:M01AE01:3", "interaction.ATC:M01AE01+ATC:N05AN01:3",
    ]  # fmt: skip


def test_a_long_pair_still_fits_where_its_answer_is_stored():
    long = InteractionFacts("RxNorm:" + "1" * 30, "RxNorm:" + "2" * 30, "a", "b", NOTE, "c", "d", SOURCE)
    one = medicine("a", ingredients=(Ingredient("a", frozenset({long.first_code})),))
    two = medicine("b", ingredients=(Ingredient("b", frozenset({long.second_code})),))
    [warning] = found(line(one), line(two, position=2), interactions=[long])
    assert len(warning.code) <= 40


@pytest.mark.parametrize(("what", "allergy", "warned"), [
    (AMOXICILLIN, AllergyFacts("penicillin"), True),
    (AMOXICILLIN, AllergyFacts("Penicillins", "J01C"), True),
    (medicine("co-amoxiclav", ingredients=AMOXICILLIN.ingredients), AllergyFacts("penicillin"), True),
    (CO_CODAMOL, AllergyFacts("codeine"), True),
    (CO_CODAMOL, AllergyFacts("opioid", "R05DA04"), True),
    (CO_CODAMOL, AllergyFacts("Codeine (vomiting, 2009)"), True),
    (TABLETS, AllergyFacts("apocodeine"), False),
    (IBUPROFEN, AllergyFacts("NSAIDs"), True),
    (TABLETS, AllergyFacts("penicillin"), False),
    (TABLETS, AllergyFacts("codeine"), False),
])  # fmt: skip
def test_an_allergy_speaks_against_what_is_in_it(what, allergy, warned):
    patient = PatientFacts(date(1961, 2, 3), allergies=(allergy,))
    assert keys(line(what), patient=patient) == ([("allergy:1", STOP)] if warned else [])


@pytest.mark.parametrize(("ordered", "current", "expected"), [
    ([line(TABLETS), line(TABLETS, position=2)], [], [("duplicate:2", STOP)]),
    ([line(TABLETS), line(medicine(strength="1 g"), position=2)], [], [("duplicate:2", NOTE)]),
    ([line(CO_CODAMOL)], [CurrentFacts("Panadol", "N02BE01", "ATC")], [("duplicate:1", NOTE)]),
    ([line(CO_CODAMOL)], [CurrentFacts("co-codamol 8/500")], [("duplicate:1", NOTE)]),
    ([line(medicine("insulin glargine", code="A10AE04"))], [CurrentFacts("insulin aspart", medicine=medicine("insulin aspart", code="A10AB05"))], []),
    ([line(medicine("insulin glargine", code="A10AE04"))], [CurrentFacts("Insulin something")], [("duplicate:1", NOTE)]),
    ([line(CO_CODAMOL)], [CurrentFacts("ramipril", medicine=medicine("ramipril", code="C09AA05"))], []),
])  # fmt: skip
def test_duplicates(ordered, current, expected):
    assert keys(*ordered, current=current) == expected


def test_the_shared_ingredient_is_named():
    [warning] = found(line(CO_CODAMOL), current=[CurrentFacts("Panadol", "N02BE01", "ATC")])
    assert warning.message == "Another prescription for this patient, open or a draft, holds paracetamol."


def test_messages_name_numbers_as_canonical_decimals():
    [warning] = found(line(SYRUP, "12.6 ml qds"), patient=PatientFacts(date(2020, 1, 1), 20_500, TODAY)) or [None]
    assert warning is None
    [warning] = found(line(SYRUP, "13 ml qds"), patient=PatientFacts(date(2020, 1, 1), 20_500, TODAY))
    assert warning.message == "1248 mg of paracetamol a day; the most at 20.5 kg is 1230 mg."
    assert warning.source == SOURCE


def test_the_notes_come_last_and_stop_comes_first():
    ordered = found(line(METOCLOPRAMIDE, "2 tds 6d"), line(METHOTREXATE, position=2), notes="Give 2 tablets")
    assert [warning.key for warning in ordered] == ["dose_daily:1", "duration:1", "weekly_only:2", "dose_in_notes:0"]


def test_every_warning_says_what_to_do_and_thresholds_name_a_source():
    everything = [
        *found(line(TABLETS, "3 tds"), line(METHOTREXATE, "1 od", position=2), line(MORPHINE, "1 bd 31d", position=3)),
        *found(line(METOCLOPRAMIDE, "1 tds 6d"), line(METOCLOPRAMIDE, position=2), notes="1-0-1"),
        *found(line(SYRUP, "50 ml qds"), patient=PatientFacts(date(2020, 1, 1), 20_000, date(2020, 1, 1))),
        *found(line(SYRUP, "1 ml prn"), patient=PatientFacts(date(2020, 1, 1))),
        *found(line(WARFARIN), line(IBUPROFEN, position=2), interactions=[PAIR]),
    ]
    assert {warning.kind for warning in everything} == {
        "dose_single", "dose_daily", "dose_per_kg", "weekly_only", "controlled_days", "duration", "duplicate", "dose_in_notes",
        "weight_missing", "weight_old", "prn_without_max", "interaction",
    }  # fmt: skip
    for warning in everything:
        assert warning.advice.endswith(".") and warning.message.endswith(".")
        assert warning.tier in (STOP, NOTE)
        assert warning.source or warning.kind in ("duplicate", "dose_in_notes", "prn_without_max")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([TABLETS, CO_CODAMOL, METHOTREXATE, IBUPROFEN, MORPHINE, METOCLOPRAMIDE]),
        min_size=1,
        max_size=5,
    )
)
def test_no_two_warnings_share_a_key(medicines):
    """Each is answered on its own, and the answers are stored under (code, position)."""
    ordered = [line(one, "9 qds 40d", position=number) for number, one in enumerate(medicines, start=1)]
    both = medicine("both", ingredients=(CODEINE, PARACETAMOL), limits=Limits(1000, 1000, None, None, SOURCE))
    warnings = found(*ordered, line(both, "9 qds 40d", position=9), notes="1-0-1", interactions=[PAIR])
    assert len({warning.key for warning in warnings}) == len(warnings)
    assert all(len(warning.message) <= 300 and len(warning.code) <= 40 for warning in warnings)


def test_age_is_in_whole_years():
    assert age_on(date(2026, 2, 28), date(2014, 2, 28)) == 12
    assert age_on(date(2026, 2, 27), date(2014, 2, 28)) == 11
    assert age_on(date(2026, 2, 28), date(2012, 2, 29)) == 13


def test_a_warning_of_three_words_is_a_note():
    assert Warning("allergy", 1, "x").tier == NOTE
