"""The dose: what doctors type, what it means, what the patient reads, how it is stored, how much it comes to."""

from fractions import Fraction
from types import SimpleNamespace

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from elmed.core import quantities
from elmed.medications.dose import (
    Dose,
    NotUnderstood,
    days,
    from_json,
    parse,
    quantity,
    quantity_for,
    sentence,
    short,
    to_json,
)
from elmed.medications.dose.amounts import days_for, dose_days
from elmed.medications.dose.value import ROUTES, UNITS

TABLET = SimpleNamespace(unit="tablet", dose_unit="tablet", route="oral", doses_per_unit=None)
SYRUP = SimpleNamespace(unit="ml", dose_unit="ml", route="oral", doses_per_unit=None)
INHALER = SimpleNamespace(unit="inhaler", dose_unit="puff", route="inhalation", doses_per_unit=200)
CREAM = SimpleNamespace(unit="g", dose_unit="application", route="cutaneous", doses_per_unit=None)

# What is typed, its shortest form, what the patient reads.
TYPED = [
    ("1-0-1 5d", "1-0-1 5d", "Take 1 tablet in the morning and 1 tablet in the evening, for 5 days."),
    ("1-0-1", "1-0-1", "Take 1 tablet in the morning and 1 tablet in the evening."),
    ("1-1-1-1 7d", "1-1-1-1 7d", "Take 1 tablet in the morning, 1 tablet at midday, 1 tablet in the evening and 1 tablet at night, for 7 days."),
    ("2 bd 5d", "2 bd 5d", "Take 2 tablets twice a day, for 5 days."),
    ("1 tds", "1 tds", "Take 1 tablet 3 times a day."),
    ("qds", "1 qds", "Take 1 tablet 4 times a day."),
    ("od", "1 od", "Take 1 tablet once a day."),
    ("nocte", "0-0-0-1", "Take 1 tablet at night."),
    ("mane", "1-0-0", "Take 1 tablet in the morning."),
    ("2 mane 1 nocte", "2-0-0-1", "Take 2 tablets in the morning and 1 tablet at night."),
    ("1 mane and nocte", "1-0-0-1", "Take 1 tablet in the morning and 1 tablet at night."),
    ("1 q6h prn max 4/d", "1 q6h prn max 4/d", "Take 1 tablet every 6 hours when needed, no more than 4 tablets in 24 hours."),
    ("1 tab prn max 4 tablets in 24 hours", "1 tablet prn max 4/d", "Take 1 tablet when needed, no more than 4 tablets in 24 hours."),
    ("1 qds prn", "1 qds prn", "Take 1 tablet up to 4 times a day when needed."),
    ("5 ml tds 7d", "5 ml tds 7d", "Take 5 ml 3 times a day, for 7 days."),
    ("5ml TDS x 7 days", "5 ml tds 7d", "Take 5 ml 3 times a day, for 7 days."),
    ("1 weekly Mon", "1 weekly Mon", "Take 1 tablet once a week, on Monday."),
    ("4 weekly on Monday", "4 weekly Mon", "Take 4 tablets once a week, on Monday."),
    ("1 Mon Wed Fri", "1 weekly Mon Wed Fri", "Take 1 tablet each week on Monday, Wednesday and Friday."),
    ("1 alternate days 14d", "1 alt 14d", "Take 1 tablet every other day, for 14 days."),
    ("1/2-0-1/2", "0.5-0-0.5", "Take 0.5 tablet in the morning and 0.5 tablet in the evening."),
    ("½ od", "0.5 od", "Take 0.5 tablet once a day."),
    ("1½ bd 5/7", "1.5 bd 5d", "Take 1.5 tablets twice a day, for 5 days."),
    ("1 1/2 nocte", "0-0-0-1.5", "Take 1.5 tablets at night."),
    ("0.5 od", "0.5 od", "Take 0.5 tablet once a day."),
    ("0,5 od", "0.5 od", "Take 0.5 tablet once a day."),
    ("1 every 8 hours for 3 days", "1 q8h 3d", "Take 1 tablet every 8 hours, for 3 days."),
    ("1 5x 5d", "1 5x 5d", "Take 1 tablet 5 times a day, for 5 days."),
    ("1 bd 2/52", "1 bd 14d", "Take 1 tablet twice a day, for 14 days."),
    ("2 stat", "2 stat", "Take 2 tablets as a single dose."),
    ("1 sl prn", "1 sl prn", "Dissolve under the tongue 1 tablet when needed."),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "back", "read"), TYPED)
def test_what_doctors_type(typed, back, read):
    dose = parse(typed, unit="tablet")
    assert short(dose) == back
    assert sentence(dose, TABLET) == read
    assert parse(back, unit="tablet") == dose


@pytest.mark.parametrize(("typed", "part"), [
    ("1 tsd", "tsd"),
    ("1 bd blah 5d", "blah"),
    ("1-0 bd", "1-0"),
    ("1-2 prn", "1-2"),
    ("1-0-1-0-1", "1-0-1-0-1"),
    ("1 tds bd", "bd"),
    ("1 tds 5d 7d", "7d"),
    ("1-0-1 bd", "bd"),
    ("1-0-1 nocte", "nocte"),
    ("1-0-1 q6h", "q6h"),
    ("1 bd mane", "bd"),
    ("1 2 bd", "2"),
    ("1-0-1 2", "2"),
    ("1/3 od", "1/3"),
    ("1/0 od", "1/0"),
    ("2 tab prn max 4 doses/d", "max 4 doses/d"),
    ("1 Mon alt", "alt"),
    ("1 od 3 months", "3 months"),
    ("1 od 3/12", "3/12"),
    ("1", ""),
    ("5d", ""),
    ("", ""),
    ("0 od", ""),
    ("0-0-0", ""),
    ("1 od 0d", ""),
    ("1 od 400d", ""),
    ("2 prn max 1/d", ""),
    ("1 bd max 4/d", ""),
    ("1 q6h alt", ""),
    ("1 weekly prn", ""),
    ("9999999 od", ""),
])  # fmt: skip
def test_what_is_not_understood_is_named(typed, part):
    with pytest.raises(NotUnderstood) as refused:
        parse(typed)
    assert refused.value.part == part
    assert part in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("unit", ["ml", "mg", "unit"])
def test_a_missing_amount_is_one_tablet_but_never_one_ml(unit):
    assert parse("od", unit="tablet").amount == 1000
    for typed in ("od", "nocte", f"{unit} bd"):
        with pytest.raises(NotUnderstood, match=unit):
            parse(typed, unit=unit)


def test_on_is_a_word_before_a_day_only():
    with pytest.raises(NotUnderstood):
        parse("1 on")


AMOUNT = st.integers(1, quantities.MAX_THOUSANDTHS) | st.sampled_from([250, 500, 1000, 1500, 5000])


@st.composite
def doses(draw):
    """Any dose that can be."""
    values = {}
    kind = draw(st.sampled_from(["slots", "times", "hours", "once", "prn"]))
    if kind == "slots":
        values["slots"] = draw(st.tuples(*[st.just(0) | AMOUNT] * 4).filter(any))
    else:
        values["amount"] = draw(AMOUNT)
    if kind == "times":
        values["times"] = draw(st.integers(1, 12))
    if kind == "hours":
        values["hours"] = draw(st.integers(1, 168))
    if kind == "once":
        values["once"] = True
    if kind == "prn" or (kind != "once" and draw(st.booleans())):
        values["prn"] = True
        largest = max(values.get("slots", (0,))) or values["amount"]
        if draw(st.booleans()):
            values["max_per_day"] = draw(st.integers(largest, quantities.MAX_THOUSANDTHS))
    elif kind in ("slots", "times"):
        values["every_days"] = draw(st.sampled_from([1, 1, 2, 3, 7, 14, 28]))
        if values["every_days"] == 7:
            values["weekdays"] = tuple(sorted(draw(st.sets(st.integers(0, 6)))))
    if kind != "once":
        values["days"] = draw(st.none() | st.integers(1, 366))
    values["unit"] = draw(st.sampled_from(["", *UNITS]))
    values["route"] = draw(st.sampled_from(["", *ROUTES]))
    return Dose(**values)


@settings(max_examples=400, deadline=None)
@given(doses())
def test_it_can_be_typed_and_stored(dose):
    assert parse(short(dose)) == dose
    assert from_json(to_json(dose)) == dose


@settings(max_examples=200, deadline=None)
@given(doses(), st.integers(1, 366))
def test_what_is_counted_lasts(dose, span):
    if dose.once or (dose.prn and dose.most_per_day is None):
        return
    needed = quantity(dose, span)
    assert days(dose, needed) >= span
    assert quantity(dose, days(dose, needed)) <= needed
    if dose.every_days == 1 and dose.most_per_day is not None and dose.hours is None:
        assert needed == dose.most_per_day * span


@settings(max_examples=200, deadline=None)
@given(doses())
def test_every_dose_has_its_sentence(dose):
    read = sentence(dose, TABLET)
    assert read.endswith(".")
    assert "%" not in read and "  " not in read and "None" not in read
    assert len(read) <= 500
    for amount in {one for one in (*(dose.slots or ()), dose.amount) if one}:
        if dose.unit != "application" or amount != 1000:
            assert quantities.text(amount) in read


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.text("0123456789-/.,½ bdtsqwonprmax", max_size=30))
def test_any_text_is_understood_or_refused(text):
    try:
        assert parse(short(parse(text))) == parse(text)
    except NotUnderstood as refused:
        assert str(refused)


@pytest.mark.parametrize(("typed", "amount"), [
    ("1-0-1 5d", "10"),
    ("1.5-0-1.25 21d", "57.75"),
    ("5 ml tds 7d", "105"),
    ("1 q6h 2d", "8"),
    ("1 q8h 1d", "3"),
    ("1 q72h 7d", "3"),
    ("1 q6h prn max 4/d 5d", "20"),
    ("2 qds prn max 6/d 3d", "18"),
    ("2 bd prn max 8/d 3d", "12"),
    ("4 weekly Mon 28d", "16"),
    ("4 weekly 29d", "20"),
    ("1 Mon Wed Fri 8d", "4"),
    ("1 alt 14d", "7"),
    ("1 alt 15d", "8"),
    ("2 stat", "2"),
])  # fmt: skip
def test_how_much_it_comes_to(typed, amount):
    assert quantities.text(quantity(parse(typed))) == amount


def test_how_long_it_lasts():
    assert days(parse("1 bd"), 28_000) == 14
    assert days(parse("1 bd"), 29_000) == 14
    assert days(parse("4 weekly Mon"), 16_000) == 28
    assert days(parse("2 od"), 1000) == 0
    assert dose_days(parse("1 weekly Mon"), 1) == 1


@pytest.mark.parametrize("typed", ["1 bd", "1 prn 5d"])
def test_without_a_span_or_a_limit_nothing_is_counted(typed):
    with pytest.raises(ValueError, match="for example"):
        quantity(parse(typed))


def test_a_quantity_is_counted_in_its_own_unit():
    assert quantity_for(TABLET, parse("1 bd 14d")) == 28_000
    assert quantity_for(SYRUP, parse("5 ml tds 7d")) == 105_000
    assert quantity_for(INHALER, parse("2 bd 50d")) == 1000
    assert quantity_for(INHALER, parse("2 bd 51d")) == 2000
    assert quantity_for(TABLET, parse("5 ml bd 5d")) is None  # units never convert
    assert quantity_for(CREAM, parse("1 bd 7d")) is None
    assert days_for(INHALER, parse("2 bd"), 1000) == 50
    assert days_for(CREAM, parse("1 bd"), 30_000) is None


def test_the_most_a_day():
    assert parse("1 q6h").most_per_day == 4000
    assert parse("1 q36h").most_per_day == 1000  # one dose falls into a day, whatever the mean
    assert parse("2 qds prn max 6/d").most_per_day == 6000
    assert parse("1 prn").most_per_day is None
    assert parse("1 q5h").most_per_day == Fraction(24_000, 5)


@pytest.mark.parametrize(("typed", "weekly"), [
    ("4 weekly Mon", True), ("4 weekly", True), ("1 fortnightly", True), ("1 q168h", True), ("1 stat", True), ("0-0-0-4 weekly Mon", True),
    ("1 od", False), ("1 Mon Thu", False), ("1 bd weekly", False), ("1-0-1 weekly Mon", False), ("1 alt", False), ("1 q72h", False), ("1 prn", False),
])  # fmt: skip
def test_what_is_once_a_week(typed, weekly):
    assert parse(typed).at_most_weekly is weekly


@pytest.mark.parametrize(("medicine", "typed", "read"), [
    (INHALER, "2 bd", "Inhale 2 puffs twice a day."),
    (CREAM, "1 bd 7d", "Apply to the skin twice a day, for 7 days."),
    (SimpleNamespace(dose_unit="drop", route="ocular"), "1 q2h 2d", "Put into the eye 1 drop every 2 hours, for 2 days."),
    (SimpleNamespace(dose_unit="unit", route="subcutaneous"), "10 nocte", "Inject under the skin 10 units at night."),
    (SimpleNamespace(dose_unit="ring", route="elsewhere"), "1 od 1d", "Use 1 ring once a day, for 1 day."),
    (TABLET, "0-0-0-4 weekly mon", "Take 4 tablets at night once a week, on Monday."),
    (TABLET, "1 bd alt", "Take 1 tablet twice a day every other day."),
    (TABLET, "1 q3d", "Take 1 tablet every 3 days."),
])  # fmt: skip
def test_the_sentence_follows_route_and_unit(medicine, typed, read):
    assert sentence(parse(typed), medicine) == read


def test_the_sentence_is_in_the_language_asked_for(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "elmed.medications.dose.words._when", lambda slot: seen.append(translation.get_language()) or slot
    )
    sentence(parse("nocte"), TABLET, "ar")
    assert seen == ["ar"]
    assert translation.get_language() != "ar"


@pytest.mark.parametrize("stored", [
    {},
    {"version": 2, "amount": "1", "times": 1},
    {"version": 1, "amount": "1", "times": 1, "colour": "red"},
    {"version": 1, "amount": 1, "times": 1},
    {"version": 1, "amount": "1.0", "times": 1},
    {"version": 1, "amount": "1", "times": "1"},
    {"version": 1, "amount": "1", "times": True},
    {"version": 1, "slots": "1-0-1"},
    {"version": 1, "slots": ["1", "0"]},
    {"version": 1, "amount": "1", "times": 1, "every_days": 7, "weekdays": ["someday"]},
    {"version": 1, "amount": "1"},
])  # fmt: skip
def test_what_was_not_stored_by_us_is_refused(stored):
    with pytest.raises(ValueError):
        from_json(stored)


def test_the_stored_form():
    assert to_json(parse("4 weekly Mon")) == {
        "version": 1, "amount": "4", "times": 1, "every_days": 7, "weekdays": ["mon"],
    }  # fmt: skip
    assert to_json(parse("½-0-1 5d")) == {"version": 1, "slots": ["0.5", "0", "1", "0"], "days": 5}
