"""Units after a number: words have a plural, measures have none."""

import pytest

from elmed.medications.units import amount, unit_words


@pytest.mark.parametrize(("unit", "many"), [
    ("tablet", "tablets"), ("cup", "cups"), ("sachet", "sachets"), ("ampoule", "ampoules"), ("vial", "vials"), ("pen", "pens"),
    ("patch", "patches"), ("box", "boxes"), ("suppository", "suppositories"), ("spray", "sprays"), ("syringe", "syringes"),
    ("oral syringe", "oral syringes"), ("virus", "viruses"), ("Tablet", "tablets"),
])  # fmt: skip
def test_what_is_counted_has_a_plural(unit, many):
    assert unit_words(unit, many=True) == many
    assert unit_words(unit, many=False) == unit


@pytest.mark.parametrize("unit", [
    "ml", "mL", "mg", "g", "kg", "microgram", "mcg", "IU", "mmol", "%", "tablets", "eye drops", "tube of 30 g", "15-ml bottle", "Stück", "",
])  # fmt: skip
def test_measures_plurals_and_what_is_no_plain_word_stay(unit):
    assert unit_words(unit, many=True) == unit


def test_one_is_one_and_all_else_is_many():
    said = [amount(milli, "cup") for milli in (0, 500, 1000, 1500, 20_000)]
    assert said == ["0 cups", "0.5 cups", "1 cup", "1.5 cups", "20 cups"]
