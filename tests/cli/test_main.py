"""The frame: help, usage errors, and expected errors in one line."""

import os
import subprocess
import sys

import pytest
from django.db import OperationalError, ProgrammingError

from elmed.cli.main import GROUPS, expected, main
from elmed.cli.words import CommandFailed
from elmed.core.refusals import Invalid, NotNow
from elmed.prescriptions.seal import SealingKeyMissing


def test_help_names_every_group(elmed):
    ran = elmed("--help")
    assert ran.code == 0
    for group in GROUPS:
        assert f"\n    {group}" in ran.out


@pytest.mark.parametrize("group", GROUPS)
def test_each_group_explains_itself(elmed, group, monkeypatch):
    monkeypatch.setattr("elmed.demo.environment.enter", lambda: None)
    ran = elmed(group, "--help")
    assert ran.code == 0
    assert f"usage: elmed {group}" in ran.out


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["accounts"], ["keys", "create"], ["accounts", "verify", "x"]])
def test_usage_errors_exit_with_two(elmed, arguments):
    ran = elmed(*arguments)
    assert ran.code == 2
    assert "usage: elmed" in ran.err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotNow("already_revoked", "This key is revoked already."), "This key is revoked already. (already_revoked)"),
        (Invalid.field("/name", "required", "Give a name."), "name: Give a name."),
        (SealingKeyMissing("No sealing key in x."), "No sealing key in x."),
        (OperationalError("no such table: a"), "Run `elmed migrate`"),
        (OperationalError("unable to open database file"), "set ELMED_ENV=demo"),
        (ProgrammingError('relation "a" does not exist\nLINE 1'), "Run `elmed migrate`"),
        (OperationalError("connection refused\nIs it running?"), "The database does not answer: connection refused"),
        (CommandFailed("No."), "No."),
        (PermissionError(13, "Permission denied", "/x"), "Permission denied: /x"),
    ],
)
def test_expected_errors_are_one_line(error, words):
    said = expected(error)
    assert said is not None
    assert words in said
    assert "\n" not in said


def test_a_fault_of_our_own_is_not_hushed_up(monkeypatch):
    monkeypatch.setattr("elmed.cli.check.run", lambda options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["check"])


def test_the_command_begins_before_any_settings_are_read():
    env = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "ELMED_ENV")}
    made = subprocess.run(
        [sys.executable, "-c", "from elmed.cli.main import main; main(['--help'])"],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("usage: ")


@pytest.mark.parametrize("value", ["0", "-5", "x", "1.5", "１２", "9" * 40])
@pytest.mark.parametrize(
    "line", [["serve", "--port"], ["keys", "create", "--account", "1", "--name", "n", "--scope", "rx:read", "--days"]]
)
def test_a_number_that_is_none_is_refused_in_words(elmed, line, value):
    *before, option = line
    ran = elmed(*before, f"{option}={value}")
    assert ran.code == 2
    assert f"argument {option}: " in ran.err and "a whole number from 1 to" in ran.err
