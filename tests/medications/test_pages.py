"""The reference pages say what the code does: each example is understood, each column is read."""

import re

import pytest

from elmed.medications import dose_checks
from elmed.medications.dose import parse, sentence
from elmed.medications.dose.tables import CYCLES, TIMES, WHEN
from elmed.medications.rows import COLUMNS, INTERACTION_COLUMNS, REQUIRED
from tests.guards.source import PACKAGE, ROOT, strings
from tests.medications.test_dose import TABLET

DOSE_PAGE = (ROOT / "docs/reference/formulary-dose.md").read_text()
FILES_PAGE = (ROOT / "docs/reference/formulary-files.md").read_text()
HOW_TO = (ROOT / "docs/how-to/formulary.md").read_text()
EXAMPLES = re.findall(r"^\| `([^`]+)` \| ([A-Z][^|]+\.) \|$", DOSE_PAGE, re.MULTILINE)


def rows(page, heading):
    part = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| `")
    ]


@pytest.mark.parametrize(("typed", "read"), EXAMPLES)
def test_the_examples_of_doses_are_true(typed, read):
    assert sentence(parse(typed, unit="tablet"), TABLET) == read


def test_there_are_examples_and_every_abbreviation_is_named():
    assert len(EXAMPLES) > 10
    for words in (*TIMES.values(), *WHEN.values(), *CYCLES.values()):
        assert f"`{words[0]}`" in DOSE_PAGE


@pytest.mark.parametrize("word", ["qd", "u", "iu", "mcg", "on"])
def test_what_is_known_for_errors_is_not_understood(word):
    assert f"`{word}`" in DOSE_PAGE
    with pytest.raises(ValueError, match=word):
        parse(f"1 {word} bd", unit="tablet")


def test_the_columns_are_those_that_are_read():
    medicines = rows(FILES_PAGE, "Medicines")
    assert [row[0].strip("`") for row in medicines] == list(COLUMNS)
    assert [row[0].strip("`") for row in medicines if row[1] == "yes"] == list(REQUIRED)
    assert [row[0].strip("`") for row in rows(FILES_PAGE, "Interactions")] == list(INTERACTION_COLUMNS)


def test_every_check_is_explained():
    codes = {
        text
        for name in ("checks.py", "dose_checks.py")
        for _line, text in strings(PACKAGE / "medications" / name)
        if re.fullmatch(r"[a-z]+(_[a-z]+)+|allergy|duplicate|duration", text)
    }
    codes -= {"child", "controlled", "weekly", *dose_checks.SOURCES} - {"weight_old"}
    explained = set(re.findall(r"`([a-z_]+)(?:\.…)?`", HOW_TO.split("## What the checks do with it")[1]))
    assert codes - explained == set()
    assert explained - codes == {"interaction"}
