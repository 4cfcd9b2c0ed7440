"""An example is skipped only where somebody tries ELMED out: in CI its program is there, or the test fails."""

import pytest

from tests.guards.source import ROOT
from tests.programs import need

ABSENT = "no-such-program-anywhere"


def test_what_is_there_is_used(monkeypatch):
    for ci in ("true", ""):
        monkeypatch.setenv("CI", ci)
        need("sh")


def test_what_is_absent_is_skipped_with_its_reason(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=ABSENT):
        need(ABSENT)


def test_in_ci_it_fails(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=ABSENT):
        need(ABSENT)


@pytest.mark.parametrize("name", ["test_programs.py", "test_examples.py", "test_webhook_code.py"])
def test_whoever_runs_php_asks_for_it(name):
    """And CI installs it before it runs the tests."""
    text = (ROOT / "tests/help" / name).read_text()
    assert "need(" in text and "skip(" not in text
    steps = (ROOT / ".ci/run").read_text()
    assert steps.index("packages+=(php-cli)") < steps.index("make test")
