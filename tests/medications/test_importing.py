"""Loading a formulary: a version takes the place of the last one, or nothing changes; and the search in what is loaded."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from elmed.core.refusals import Invalid
from elmed.medications import importing, queries
from elmed.medications.files import interactions_of, medicines_of
from elmed.medications.importing import Fate, Release
from elmed.medications.models import FormularySource, Interaction, Medicine, MedicineWord
from elmed.medications.rows import COLUMNS, INTERACTION_COLUMNS, MedicineRow, RowError, mg_per_dose_unit

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AMOXICILLIN = {
    "id": "amox-500", "code": "J01CA04", "system": "ATC", "name": "amoxicillin", "strength": "500 mg", "form": "capsule",
    "route": "oral", "unit": "capsule", "ingredients": "amoxicillin [ATC:J01CA04]", "brands": "Amoxil; Amix", "pack_sizes": "15; 21",
}  # fmt: skip
SYRUP = AMOXICILLIN | {
    "id": "amox-syrup",
    "strength": "250 mg/5 ml",
    "form": "oral suspension",
    "unit": "ml",
    "brands": "",
}
PREDNISOLONE = {
    "id": "pred-5", "code": "H02AB06", "system": "ATC", "name": "prednisolone", "tall_man": "prednisoLONE", "strength": "5 mg",
    "form": "tablet", "route": "oral", "unit": "tablet", "ingredients": "prednisolone [ATC:H02AB06] 5 mg",
    "max_daily_mg": "60", "limits_source": "a source",
}  # fmt: skip


def quoted(cells, columns):
    return ",".join('"' + cells.get(column, "").replace('"', '""') + '"' for column in columns)


@pytest.fixture
def file(tmp_path):
    """Write rows to a CSV file."""

    def write(*rows, columns=COLUMNS, name="formulary.csv", bom=""):
        path = tmp_path / name
        path.write_text(
            bom + "\n".join([",".join(columns), *(quoted(row, columns) for row in rows)]) + "\n", encoding="utf-8"
        )
        return path

    return write


def load(path, release="1", *, name="Hospital", now=NOW, **more):
    return importing.replace(Release(name, release), medicines_of(path), now, **more)


def everything():
    """All that is stored, to see that nothing changed."""
    return [
        sorted(model.objects.values_list(*(one.name for one in model._meta.fields if one.name != "id")), key=str)
        for model in (FormularySource, Medicine, MedicineWord, Interaction)
    ]


def test_a_row_says_what_it_said(file):
    outcome = load(file(AMOXICILLIN, SYRUP, PREDNISOLONE))
    assert outcome.written
    assert dict(outcome.counts) == {Fate.CREATED: 3}
    row = Medicine.objects.get(item="amox-syrup")
    assert row.ingredients == [{"name": "amoxicillin", "codes": ["ATC:J01CA04"], "mg": "50"}]
    assert (row.unit, row.dose_unit, row.pack_sizes) == ("ml", "ml", ["15", "21"])
    row = Medicine.objects.get(item="pred-5")
    assert (row.label, row.max_daily_milli, row.limits_source) == ("prednisoLONE", 60_000, "a source")
    assert FormularySource.objects.get().version == "1"


def test_the_next_version_takes_its_place(file):
    load(file(AMOXICILLIN, SYRUP, PREDNISOLONE))
    kept = Medicine.objects.get(item="amox-500").pk
    later = NOW + timedelta(days=30)
    outcome = load(file(AMOXICILLIN | {"brands": "Amoxil"}, PREDNISOLONE, SYRUP | {"id": "new"}), "2", now=later)
    assert {(row.item, row.fate) for row in outcome.fates} == {
        ("amox-500", Fate.CHANGED), ("pred-5", Fate.UNCHANGED), ("new", Fate.CREATED), ("amox-syrup", Fate.RETIRED),
    }  # fmt: skip
    assert Medicine.objects.get(item="amox-500").pk == kept
    assert Medicine.objects.get(item="amox-syrup").retired_at == later
    assert [row.item for row in queries.search("amix")] == []
    assert {row.item for row in queries.search("amoxi")} == {"amox-500", "new"}
    assert queries.by_id([kept, Medicine.objects.get(item="amox-syrup").pk]).keys() == {
        kept,
        Medicine.objects.get(item="amox-syrup").pk,
    }
    source = FormularySource.objects.get()
    assert (source.version, source.loaded_at) == ("2", later)


def test_a_retired_medicine_that_comes_back_is_the_same_row(file):
    load(file(AMOXICILLIN, PREDNISOLONE))
    pk = Medicine.objects.get(item="pred-5").pk
    load(file(AMOXICILLIN), "2")
    outcome = load(file(AMOXICILLIN, PREDNISOLONE), "3")
    assert outcome.counts == {Fate.UNCHANGED: 1, Fate.CHANGED: 1}
    row = Medicine.objects.get(item="pred-5")
    assert (row.pk, row.retired_at) == (pk, None)
    assert queries.search("prednis") == [row]


@pytest.mark.parametrize("dry_run", [True, False])
def test_one_wrong_row_and_nothing_is_written(file, dry_run):
    load(file(AMOXICILLIN))
    before = everything()
    outcome = load(file(PREDNISOLONE, SYRUP | {"unit": ""}), "2", dry_run=dry_run)
    assert not outcome.written
    assert [(row.line, row.problems) for row in outcome.errors] == [(3, ("unit: is needed",))]
    assert everything() == before


def test_a_dry_run_says_what_would_be(file):
    load(file(AMOXICILLIN, SYRUP))
    before = everything()
    outcome = load(file(AMOXICILLIN, PREDNISOLONE), "2", dry_run=True)
    assert (outcome.written, dict(outcome.counts)) == (False, {Fate.UNCHANGED: 1, Fate.CREATED: 1, Fate.RETIRED: 1})
    assert everything() == before


def test_a_new_source_is_not_left_behind_by_a_dry_run_or_an_error(file):
    load(file(AMOXICILLIN), dry_run=True)
    load(file(AMOXICILLIN | {"system": "own"}))
    assert everything() == [[], [], [], []]


def test_an_empty_file_retires_nothing(file):
    load(file(AMOXICILLIN))
    before = everything()
    with pytest.raises(Invalid, match="validation_failed") as refused:
        load(file(), "2")
    assert "stays as it is" in refused.value.errors[0]["detail"]
    assert everything() == before


def test_demonstration_and_real_data_do_not_share_a_name(file):
    load(file(AMOXICILLIN))
    before = everything()
    with pytest.raises(Invalid) as refused:
        importing.replace(Release("Hospital", "2", demonstration=True), medicines_of(file(PREDNISOLONE)), NOW)
    assert "holds real data" in refused.value.errors[0]["detail"]
    assert everything() == before


@pytest.mark.parametrize(("change", "problem"), [
    ({"id": ""}, "id: is needed"),
    ({"system": "SNOMED"}, "system: one of ATC, RxNorm, local"),
    ({"name": "Amoxicillin"}, "name: generic names are lower case"),
    ({"tall_man": "AMPIcillin"}, "tall_man: the same letters as the name"),
    ({"ingredients": "amoxicillin J01CA04"}, "is not written as name [ATC:N02BE01] 500 mg"),
    ({"ingredients": "amoxicillin [J01CA04]"}, "is not written as"),
    ({"max_daily_mg": "6 g", "limits_source": "x"}, "max_daily_mg: a decimal such as 500 or 0.5"),
    ({"max_daily_mg": "6000"}, "limits_source: say where the limits were read"),
    ({"max_days": "0", "limits_source": "x"}, "max_days: from 1 to 1000"),
    ({"controlled": "perhaps"}, "controlled: yes or no"),
    ({"pack_sizes": "15; a few"}, "pack_sizes: a few is no decimal such as 28"),
    ({"form": "x" * 61}, "form: at most 60 characters"),
])  # fmt: skip
def test_a_wrong_cell_is_named(file, change, problem):
    [error] = load(file(AMOXICILLIN | change)).errors
    assert any(problem in one for one in error.problems)


def test_an_id_twice_is_told_with_both_lines(file):
    [error] = load(file(AMOXICILLIN, SYRUP, AMOXICILLIN)).errors
    assert (error.line, error.problems) == (4, ("id: amox-500 stands in line 2 already",))


@pytest.mark.parametrize(("text", "words"), [
    ("", "must name these columns too: id"),
    ("id,code\n1,2", "must name these columns too: system"),
    (",".join([*COLUMNS, "colour"]), "not known: colour"),
    (",".join([*COLUMNS, "id"]), "stands twice"),
    (",".join(COLUMNS) + "\n" + "x," * 40, "more cells than columns"),
    (",".join(COLUMNS) + '\n"amox', "is no table"),
])  # fmt: skip
def test_what_is_no_such_table_is_refused(tmp_path, text, words):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(Invalid) as refused:
        load(path)
    assert words in refused.value.errors[0]["detail"]
    assert everything() == [[], [], [], []]


def test_another_encoding_is_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes((",".join(COLUMNS) + "\n").encode() + "caf\xe9".encode("latin-1"))
    with pytest.raises(Invalid) as refused:
        load(path)
    assert "UTF-8" in refused.value.errors[0]["detail"]


def test_a_byte_order_mark_is_no_letter(file):
    assert load(file(AMOXICILLIN, bom="\ufeff")).written


@pytest.mark.parametrize(("strength", "unit", "mg"), [
    ("500 mg", "tablet", "500"),
    ("62.5 microgram", "tablet", "1/16"),
    ("1 g", "tablet", "1000"),
    ("250 mg/5 ml", "ml", "50"),
    ("50 mg/ml", "ml", "50"),
    ("100 micrograms/dose", "puff", "1/10"),
    ("250 mg/5 ml", "tablet", None),
    ("500 mg", "ml", None),
    ("25 microgram/hour", "patch", None),
    ("1 %", "application", None),
    ("100 unit/ml", "unit", None),
    ("8 mg/500 mg", "tablet", None),
    ("250 mg/0 ml", "ml", None),
])  # fmt: skip
def test_the_mass_in_a_unit_of_dose(strength, unit, mg):
    found = mg_per_dose_unit(strength, unit)
    assert (None if found is None else str(found)) == mg


def test_limits_without_a_source_are_refused_by_the_database(file):
    load(file(PREDNISOLONE))
    with pytest.raises(IntegrityError), transaction.atomic():
        Medicine.objects.update(limits_source="")


# The search.


@pytest.mark.parametrize(("typed", "found"), [
    ("amo", ["amox-500", "amox-syrup", "clav"]),
    ("AMÓX", ["amox-500", "amox-syrup", "clav"]),
    ("amoxil", ["amox-500"]),
    ("amox 500", ["amox-500", "clav"]),
    ("500 amox", ["amox-500", "clav"]),
    ("amox 500mg cap", ["amox-500"]),
    ("amo susp", ["amox-syrup"]),
    ("susp amo", ["amox-syrup"]),
    ("cillin", []),
    ("am", []),
    ("500", []),
    ("", []),
    ("%%%", []),
    ("amo_", ["amox-500", "amox-syrup", "clav"]),
    ("pred", ["pred-5", "pred-10"]),
    ("vitamin b12", ["b12"]),
    ("clavul", ["clav"]),
])  # fmt: skip
def test_search(file, typed, found):
    load(
        file(
            SYRUP, AMOXICILLIN, PREDNISOLONE | {"id": "pred-10", "strength": "10 mg", "ingredients": "prednisolone [ATC:H02AB06]"}, PREDNISOLONE,
            AMOXICILLIN | {"id": "clav", "name": "co-amoxiclav", "strength": "500 mg/125 mg", "form": "tablet", "unit": "tablet", "brands": "",
                           "ingredients": "amoxicillin [ATC:J01CA04] 500 mg; clavulanic acid [] 125 mg"},
            PREDNISOLONE | {"id": "b12", "name": "vitamin b12", "tall_man": "", "ingredients": "cyanocobalamin [ATC:B03BA01]"},
        )
    )  # fmt: skip
    assert [row.item for row in queries.search(typed)] == found


def test_the_search_takes_few_statements_however_many_there_are(file, django_assert_max_num_queries):
    load(file(*(AMOXICILLIN | {"id": str(number)} for number in range(60))))
    with django_assert_max_num_queries(4):
        found = queries.search("amo", 50)
        assert [row.source.name for row in found] == ["Hospital"] * 50
    assert len(queries.search("amo")) == 20


def demonstration_offered() -> bool:
    return FormularySource.objects.filter(queries.demonstration_offered()).exists()


def test_real_data_hide_the_demonstration(file):
    assert queries.nothing_loaded() and not demonstration_offered()
    importing.replace(Release("Demo", "1", demonstration=True), medicines_of(file(PREDNISOLONE)), NOW)
    assert demonstration_offered() and not queries.nothing_loaded()
    assert len(queries.search("pred")) == 1
    load(file(AMOXICILLIN))
    assert not demonstration_offered()
    assert queries.search("pred") == []
    assert [(one.source.name, one.offered, one.retired) for one in queries.status()] == [
        ("Hospital", 1, 0),
        ("Demo", 1, 0),
    ]


# Interactions.

PAIR = {
    "first_code": "ATC:M01AE01", "first_name": "ibuprofen", "second_code": "ATC:B01AA03", "second_name": "warfarin", "tier": "stop",
    "sentence": "Bleeding.", "advice": "Choose another.", "reference_title": "A page", "reference_url": "https://example.org/page",
    "reference_words": "do not", "read_on": "2026-11-23",
}  # fmt: skip


def pairs(path, **more):
    return importing.replace_interactions("Hospital", interactions_of(path), **more)


def test_interactions_are_replaced_and_found_by_their_codes(file, django_assert_num_queries):
    load(file(AMOXICILLIN))
    assert pairs(
        file(PAIR, PAIR | {"first_code": "ATC:N05AN01", "first_name": "lithium"}, columns=INTERACTION_COLUMNS)
    ).written
    assert pairs(file(PAIR, columns=INTERACTION_COLUMNS)).written
    with django_assert_num_queries(1):
        [found] = queries.interactions_for(["ATC:M01AE01", "ATC:B01AA03", "ATC:J01CA04"])
    assert (found.first_code, found.first_name, found.second_name) == ("ATC:B01AA03", "warfarin", "ibuprofen")
    assert found.source == "A page, https://example.org/page, read on 2026-11-23"
    assert queries.interactions_for(["ATC:M01AE01"]) == []
    assert queries.status()[0].interactions == 1


@pytest.mark.parametrize(("change", "problem"), [
    ({"tier": "maybe"}, "tier: one of stop, note"),
    ({"first_code": "M01AE01"}, "first_code: with its system"),
    ({"second_code": "ATC:M01AE01"}, "second_code: another one"),
    ({"reference_url": "a book"}, "reference_url: an address"),
    ({"read_on": "yesterday"}, "read_on: a date"),
    ({"reference_words": ""}, "reference_words: is needed"),
    ({"sentence": "x" * 201}, "sentence: at most 200 characters"),
])  # fmt: skip
def test_a_pair_without_its_source_changes_nothing(file, change, problem):
    load(file(AMOXICILLIN))
    pairs(file(PAIR, columns=INTERACTION_COLUMNS))
    before = everything()
    outcome = pairs(file(PAIR | change, columns=INTERACTION_COLUMNS))
    assert any(one.startswith(problem) for one in outcome.errors[0].problems)
    assert everything() == before


def test_a_pair_twice_in_either_order_is_refused(file):
    load(file(AMOXICILLIN))
    turned = PAIR | {"first_code": "ATC:B01AA03", "second_code": "ATC:M01AE01"}
    outcome = pairs(file(PAIR, turned, columns=INTERACTION_COLUMNS))
    assert outcome.errors[0].problems == ("the pair stands in line 2 already",)
    assert Interaction.objects.count() == 0


def test_interactions_belong_to_a_source(file):
    with pytest.raises(Invalid) as refused:
        pairs(file(PAIR, columns=INTERACTION_COLUMNS))
    assert "Load its medicines first" in refused.value.errors[0]["detail"]


def test_a_generator_that_breaks_midway_leaves_nothing():
    def rows():
        yield 1, MedicineRow("a", "a", "local", "a", "tablet", "tablet")
        yield 2, RowError(["x"])
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        importing.replace(Release("Broken", "1"), rows(), NOW)
    assert everything() == [[], [], [], []]
    assert not connection.needs_rollback
