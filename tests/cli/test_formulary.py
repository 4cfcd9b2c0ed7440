"""`elmed formulary`."""

import pytest

from elmed.core.clock import real_now
from elmed.medications import demonstration, importing
from elmed.medications.files import medicines_of
from elmed.medications.importing import Release
from elmed.medications.models import FormularySource, Interaction, Medicine
from elmed.medications.rows import INTERACTION_COLUMNS
from tests.medications.test_rxnorm import CONSO, REL, SAT

pytestmark = pytest.mark.django_db
HEAD = "id,code,system,name,strength,form,route,unit,ingredients"
ROW = "amox-500,J01CA04,ATC,amoxicillin,500 mg,capsule,oral,capsule,amoxicillin [ATC:J01CA04]"


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "hospital.csv"
    path.write_text(f"{HEAD}\n{ROW}\n")
    return path


def imported(elmed, path, *more, release="2026-11"):
    return elmed(
        "formulary", "import", "--csv", path, "--source", "Hospital", "--release", release, "--licence", "ours", *more
    )


def test_nothing_is_loaded_at_first(elmed):
    ran = elmed("formulary", "status")
    assert (ran.code, ran.out.splitlines()[0][:22]) == (0, "No formulary is loaded")


def test_a_csv_file(elmed, csv):
    ran = imported(elmed, csv)
    assert (ran.code, ran.out.splitlines()) == (0, ["1 created.", "Loaded."])
    status = elmed("formulary", "status").out
    assert "Hospital" in status and "2026-11" in status and "ours" in status
    assert "not for clinical use" not in status


def test_a_dry_run_names_each_row_and_writes_nothing(elmed, csv):
    imported(elmed, csv)
    csv.write_text(f"{HEAD}\n{ROW.replace('amox-500', 'amox-new')}\n")
    ran = imported(elmed, csv, "--dry-run", release="2026-12")
    assert ran.code == 0
    assert "created    amox-new  amoxicillin 500 mg" in ran.out
    assert "retired    amox-500  amoxicillin 500 mg" in ran.out
    assert "dry run" in ran.out
    assert list(Medicine.objects.values_list("item", flat=True)) == ["amox-500"]
    assert FormularySource.objects.get().version == "2026-11"


def test_a_wrong_row_is_named_and_nothing_is_written(elmed, csv):
    csv.write_text(f"{HEAD}\n{ROW}\n{ROW.replace('ATC,', 'own,')}\n")
    ran = imported(elmed, csv)
    assert ran.code == 1
    assert "line 3: system: one of ATC, RxNorm, local" in ran.err
    assert not Medicine.objects.exists()


def test_the_demonstration_says_what_it_is(elmed):
    assert elmed("formulary", "import", "--demonstration").code == 0
    assert Interaction.objects.count() <= 15
    in_use = "Demonstration data are in use: not for clinical use."
    assert in_use in elmed("formulary", "status").out
    importing.replace(Release("Hospital", "1"), medicines_of(demonstration.MEDICINES), real_now())
    told = elmed("formulary", "status").out
    assert in_use not in told
    assert f"{Interaction.objects.count()} interactions of the demonstration are checked too" in told
    Interaction.objects.all().delete()
    assert "checked too" not in elmed("formulary", "status").out


def test_interactions(elmed, csv, tmp_path):
    imported(elmed, csv)
    path = tmp_path / "pairs.csv"
    pair = (
        "ATC:B01AA03,warfarin,ATC:M01AE01,ibuprofen,stop,Bleeding.,Avoid.,A page,https://example.org,do not,2026-11-23"
    )
    path.write_text(f"{','.join(INTERACTION_COLUMNS)}\n{pair}\n")
    assert elmed("formulary", "import", "--interactions", path, "--source", "Hospital", "--dry-run").code == 0
    assert not Interaction.objects.exists()
    assert elmed("formulary", "import", "--interactions", path, "--source", "Hospital").code == 0
    assert Interaction.objects.get().tier == "stop"


def test_rxnorm(elmed, tmp_path):
    for name, lines in (("RXNCONSO", CONSO), ("RXNREL", REL), ("RXNSAT", SAT)):
        (tmp_path / f"{name}.RRF").write_text("".join(f"{line}\n" for line in lines))
    ran = elmed("formulary", "import", "--rxnorm-rrf", tmp_path, "--release", "2026-11")
    assert ran.code == 0, ran.err
    assert "5 created." in ran.out
    assert "1 left out: for animals." in ran.out
    assert "no dose limits" in ran.out
    assert FormularySource.objects.get().name == "RxNorm"


@pytest.mark.parametrize(("arguments", "words"), [
    (["--csv", "{csv}"], "Give the source a name"),
    (["--csv", "{csv}", "--source", "Hospital"], "Say which version"),
    (["--csv", "nowhere.csv", "--source", "Hospital", "--release", "1"], "nowhere.csv"),
    (["--interactions", "{csv}"], "Say which source"),
    (["--rxnorm-rrf", "/nowhere", "--release", "1"], "lacks RXNCONSO.RRF"),
    (["--demonstration", "--dry-run"], "takes no other option"),
])  # fmt: skip
def test_what_is_missing_is_said(elmed, csv, arguments, words):
    ran = elmed("formulary", "import", *(one.format(csv=csv) for one in arguments))
    assert ran.code == 1
    assert words in ran.err
    assert not FormularySource.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["--csv", "a.csv", "--demonstration"]])
def test_exactly_one_thing_is_loaded(elmed, arguments):
    assert elmed("formulary", "import", *arguments).code == 2
