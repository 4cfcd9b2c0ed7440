"""Every option of every command that takes more than a text: nonsense is refused by argparse, and nothing is asked."""

import pytest

from elmed_client.cli import main as command
from elmed_client.cli import values

# What no option that is no text takes, and what only some do not.
NEVER = ("", " ", "x", "-5", "-1", "1.5", "1e3", "1_000", "１２", "+3", "0x1", "9" * 19, "9" * 40, "nan", "inf", "1 2")
MORE = {
    values.identifier: ("0",),
    values.count: ("0",),
    values.sequence: (),
    values.moment: ("2026-11-22", "2026-11-22T00:00:00", "2026-13-01T00:00:00Z", "2026-11-22T25:00:00Z", "yesterday"),
    values.line: ("14", "x=1", "1=x", "1=", "=1", "1=0", "1=-3", "0=1", "-1=1", "1=nan", "1=inf", "1=2=3", "1.5=1"),
}  # fmt: skip
GOOD = {
    values.identifier: ("1", "9223372036854775807"),
    values.count: ("1", "100000"),
    values.sequence: ("0", "42"),
    values.moment: ("2026-11-22T00:00:00Z", "2026-11-22t10:15:00.5+01:00"),
    values.line: ("456=14", "457=0.5"),
}
COMMANDS = next(one for one in command.parser()._actions if one.choices).choices
TYPED = [(name, one) for name, sub in COMMANDS.items() for one in sub._actions if one.type is not None]
NEEDED = {"dispense": ("1",), "listen": ("--forward-to", "http://localhost:9/")}


def called(name, option, value):
    """The arguments: `value` at this place, and else what the command needs."""
    if option.option_strings:
        return [name, *NEEDED.get(name, ()), f"{option.option_strings[0]}={value}"]
    return [name, "--", value]


def test_what_is_a_number_or_a_moment_says_so():
    """Every option is typed, a choice, a switch or one of these texts: a new one is thought about."""
    texts = {
        "--url", "--status", "--reference", "--external-reference", "--note", "--idempotency-key", "--type", "--forward-to",
        "event",
    }  # fmt: skip
    untyped = {
        (one.option_strings or [one.dest])[0]
        for sub in COMMANDS.values()
        for one in sub._actions
        if one.type is None and one.nargs != 0 and not one.choices
    }
    assert untyped == texts
    assert {option.type for _, option in TYPED} == MORE.keys() == GOOD.keys()


@pytest.mark.parametrize(
    ("name", "option"), TYPED, ids=lambda one: one if isinstance(one, str) else (one.option_strings or [one.dest])[0]
)
def test_nonsense_is_refused(name, option, capsys, monkeypatch):
    def asked(*args, **kwargs):
        raise AssertionError("it asked ELMED")

    monkeypatch.setattr("httpx.Client.send", asked)
    for value in NEVER + MORE[option.type]:
        with pytest.raises(SystemExit) as ended:
            command.main(called(name, option, value))
        assert ended.value.code == 2, value
        complaint = capsys.readouterr().err.splitlines()[-1]
        assert f"argument {(option.option_strings or [option.dest])[0]}" in complaint, complaint
        assert "invalid" not in complaint, complaint  # argparse's own words name a function
    for value in GOOD[option.type]:
        command.parser().parse_args(called(name, option, value))


def test_what_contradicts_itself(run, demo, capsys):
    with pytest.raises(SystemExit) as ended:
        run("prescriptions", "--limit", 3, "--all")
    assert ended.value.code == 2
    code, said, complaint = run("prescriptions", demo.told["prescriptions"]["verified"], "--status", "dispensed")
    assert (code, said) == (2, "") and "by its id alone" in complaint


@pytest.mark.parametrize(
    "name", [("events",), ("events", "--follow"), ("listen", "--forward-to", "http://localhost:9/")]
)
def test_what_nothing_would_ever_come_of(run, client, name):
    """A misspelt type, a number that was never given: no empty list, and no endless silence."""
    code, said, complaint = run(*name, "--type", "prescription.verifed")
    assert (code, said) == (2, "") and "prescription.verified" in complaint
    code, said, complaint = run(*name, "--after", client().events.newest() + 1000)
    assert (code, said) == (2, "") and "the newest is" in complaint
