"""Every line of `elmed` that the documentation shows is run; a command that is only named there exists."""

import re
import shlex

import pytest

from elmed.access import factor_secrets
from elmed.cli.setup import make_sealing_key
from elmed.medications import demonstration
from elmed.medications.models import Medicine
from tests import factories as f
from tests.guards.source import ROOT
from tests.medications.test_rxnorm import CONSO, REL, SAT

pytestmark = pytest.mark.django_db
PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md")),
]
BEFORE = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(?=elmed )")
# What the sentence around leaves to be named, and what waits for requests: those two are run by test_processes.py.
ENDLESS = {"serve", "worker", "demo"}


def in_blocks():
    """The lines of the blocks, without what stands before the command."""
    found = set()
    for page in PAGES:
        for language, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```$", page.read_text(), re.S | re.M):
            for line in block.splitlines() if not language else ():
                if BEFORE.match(line.strip()):
                    found.add(BEFORE.sub("", line.strip()))
    return found


def in_words():
    """What stands between backticks in a sentence of the documentation or of the help."""
    texts = [page.read_text() for page in [*PAGES, *(ROOT / "src/elmed/help/templates").rglob("*.html")]]
    return {one for text in texts for one in re.findall(r"`(elmed [a-z][^`\n]*)`", text)}


WHOLE = sorted(in_blocks() | {one for one in in_words() if "--" in one and one.split()[1] not in ENDLESS})
NAMED = sorted({" ".join(word for word in one.split()[1:3] if not word.startswith("-")) for one in in_words()})


@pytest.fixture
def files(data, tmp_path, monkeypatch):
    """What the lines name, in the folder where they are typed, of an installation that is set up."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("elmed.cli.setup.migrate", lambda: None)  # within the test's own transaction
    factor_secrets.make_key()
    make_sealing_key()
    (tmp_path / "medicines.csv").write_bytes(demonstration.MEDICINES.read_bytes())
    (tmp_path / "pairs.csv").write_bytes(demonstration.INTERACTIONS.read_bytes())
    (tmp_path / "rrf").mkdir()
    for name, text in (("RXNCONSO", CONSO), ("RXNREL", REL), ("RXNSAT", SAT)):
        (tmp_path / "rrf" / f"{name}.RRF").write_text("".join(f"{line}\n" for line in text))


@pytest.mark.parametrize("line", WHOLE)
def test_a_line_is_run(elmed, cast, files, line):
    words = shlex.split(line.replace("“", '"').replace("”", '"'))[1:]
    if "--interactions" in words:  # those of a source that is loaded
        first = next(one for one in WHOLE if "--csv" in one)
        assert elmed(*(word for word in shlex.split(first)[1:] if word != "--dry-run"), "--licence", "ours").code == 0
    f.verified(cast)  # with a seal to be checked
    ran = elmed(*words)
    assert ran.code == 0, (ran.out, ran.err)
    if "--rxnorm-rrf" in words or "--demonstration" in words:
        assert Medicine.objects.exists()
    if "--dry-run" in words:
        assert not Medicine.objects.exists()


@pytest.mark.parametrize("named", NAMED)
def test_a_command_that_is_named_exists(elmed, named, monkeypatch):
    monkeypatch.setattr("elmed.demo.environment.enter", lambda: None)
    ran = elmed(*named.split(), "--help")
    assert ran.code == 0 and f"elmed {named}" in ran.out


def test_there_are_lines():
    assert len(WHOLE) >= 7 and len(NAMED) >= 15, (WHOLE, NAMED)
