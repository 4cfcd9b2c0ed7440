"""The command line against a real ELMED: what it prints, what it does, and how it ends."""

import io
import json
import re
import stat
import subprocess
import sys

import pytest

from demo_server import SOURCE
from elmed_client.cli import main as command
from elmed_client.cli import store
from elmed_client.config import Secret


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_login_keeps_the_key_where_only_its_owner_reads_it(run, demo, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(demo.key("pharmacy") + "\n"))
    assert command.main(["login", "--url", demo.url]) == 0
    file = store.place()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert demo.key("pharmacy") not in capsys.readouterr().out
    assert run("whoami", key=None)[0] == 0
    # The environment goes before it.
    assert "shop" in run("whoami", key="shop")[1]
    monkeypatch.delenv("ELMED_API_KEY")
    monkeypatch.delenv("ELMED_URL")
    assert "forgotten" in run("logout", key=None)[1]
    assert not file.exists()
    code, _, complaint = run("whoami", key=None)
    assert code == 2 and "elmed-client login" in complaint


def test_a_key_that_does_not_work_is_not_kept(run, demo, monkeypatch, capsys):
    for typed, code in (("elm_nonsense", 2), (demo.key("revoked"), 3)):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        assert command.main(["login", "--url", demo.url]) == code
        assert typed not in capsys.readouterr().err
    assert not store.place().exists()


def test_where_nothing_can_be_written(demo, monkeypatch, capsys, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("sys.stdin", io.StringIO(demo.key("pharmacy")))
    assert command.main(["login", "--url", demo.url]) == 1
    complaint = capsys.readouterr().err
    assert "cannot be written" in complaint and demo.key("pharmacy") not in complaint


def test_a_kept_key_goes_nowhere_else(run, demo, monkeypatch):
    store.keep(Secret(demo.key("pharmacy")), demo.url)
    monkeypatch.setenv("ELMED_URL", "https://elsewhere.example")
    code, _, complaint = run("whoami", key=None)
    assert code == 2 and "not sent elsewhere" in complaint
    monkeypatch.delenv("ELMED_URL")
    store.place().chmod(0o640)
    code, _, complaint = run("whoami", key=None)
    assert code == 2 and "chmod 600" in complaint


def test_no_command_takes_the_key_as_an_argument():
    """`ps` shows arguments to everybody on the machine."""
    parser = command.parser()
    commands = next(one for one in parser._actions if one.choices).choices
    options = {name for one in commands.values() for action in one._actions for name in action.option_strings}
    assert not {name for name in options if "key" in name} - {"--idempotency-key"}


def test_every_command_says_how_it_is_used(capsys):
    commands = next(one for one in command.parser()._actions if one.choices).choices
    for name in commands:
        with pytest.raises(SystemExit) as ended:
            command.main([name, "--help"])
        text = capsys.readouterr().out
        assert ended.value.code == 0 and f"elmed-client {name}" in text.partition("examples:")[2] and "--json" in text


def test_every_example_of_the_help_is_understood():
    parser = command.parser()
    commands = next(one for one in parser._actions if one.choices).choices
    found = [
        line.strip()
        for one in [parser, *commands.values()]
        for line in one.epilog.splitlines()
        if line.startswith("  elmed-client")
    ]
    assert len(found) > 15
    for line in found:
        parser.parse_args(line.partition("<")[0].split()[1:])


def test_whoami(run):
    code, said, _ = run("whoami")
    assert code == 0 and "Kingfisher Pharmacy" in said and "rx:dispense" in said
    assert json.loads(run("whoami", "--json")[1])["account"]["kind"] == "pharmacy"


def test_the_list(run, client):
    code, said, _ = run("prescriptions", "--status", "verified", "--limit", 2)
    rows = said.splitlines()
    assert code == 0 and len(rows) == 3 and rows[0].startswith("ID") and all("verified" in row for row in rows[1:])
    everything = lines(run("prescriptions", "--all", "--json")[1])
    assert [one["id"] for one in everything] == [one.id for one in client().prescriptions.list()]
    assert run("prescriptions", "--status", "stopped", "--updated-since", "2100-01-01T00:00:00Z")[1] == "None.\n"


def test_one(run, demo):
    number = demo.told["prescriptions"]["verified"]
    code, said, _ = run("prescriptions", number)
    assert code == 0 and said.startswith(f"Prescription {number}, version") and "dispense" in said
    assert json.loads(run("prescriptions", number, "--json")[1])["id"] == number


def test_dispense_asks_first(run, client, verified):
    one, elmed = verified(), client()
    code, said, complaint = run("dispense", one.id, "--dry-run")
    assert code == 0 and said.startswith("Nothing was kept.")
    code, _, complaint = run("dispense", one.id)
    assert code == 2 and "--yes" in complaint
    code, _, complaint = run("dispense", one.id, typed="no\n")
    assert code == 1 and one.patient.name in complaint and "Nothing was dispensed" in complaint
    assert elmed.prescriptions.get(one.id) == one
    line = one.medications[0].id
    code, said, complaint = run("dispense", one.id, "--line", f"{line}=1", "--external-reference", "9", typed="y\n")
    assert code == 0 and said.startswith(f"Dispensed 1 of line {line}"), complaint
    assert elmed.prescriptions.get(one.id).dispenses[0].external_reference == "9"


def test_a_call_whose_answer_was_lost_is_repeated(run, verified):
    one = verified()
    again = ["dispense", one.id, "--yes", "--idempotency-key", f"lost-{one.id}", "--json"]
    first, second = run(*again), run(*again)
    assert first[0] == second[0] == 0
    assert json.loads(first[1])["dispense"]["id"] == json.loads(second[1])["dispense"]["id"]


def test_what_goes_wrong_says_what_to_do(run, demo, monkeypatch):
    code, said, complaint = run("dispense", demo.told["prescriptions"]["dispensed"], "--yes")
    assert code == 5 and said == ""
    assert "Now: dispensed. Possible with this key: reverse." in complaint and re.search(r"req_\w+", complaint)
    assert run("prescriptions", demo.told["prescriptions"]["other_pharmacy"])[0] == 4
    code, _, complaint = run("prescriptions", key="shop")
    assert code == 3 and "rx:read" in complaint
    code, _, complaint = run("whoami", key="revoked")
    assert code == 3 and "elmed-client login" in complaint
    code, _, complaint = run(
        "dispense", demo.told["prescriptions"]["verified_two_lines"], "--line", "1=0.0001", "--yes"
    )
    assert code == 1 and "/lines/0/quantity: " in complaint
    code, _, complaint = run("dispense", demo.told["prescriptions"]["dispensed"], "--yes", "--json")
    error = json.loads(complaint)["error"]
    assert code == 5 and (error["kind"], error["code"], error["current_status"]) == (
        "ConflictError",
        "invalid_status",
        "dispensed",
    )
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setenv("ELMED_URL", "http://127.0.0.1:9")
    code, _, complaint = run("whoami", key=None)
    assert code == 6 and "doctor" in complaint and "http://127.0.0.1:9" in complaint
    assert json.loads(run("whoami", "--json", key=None)[2])["error"]["kind"] == "ConnectionFailedError"


def test_events(run, client):
    newest = client().events.newest()
    rows = run("events", "--limit", 3)[1].splitlines()
    assert len(rows) == 4 and rows[-1].startswith(str(newest))
    found = lines(run("events", "--after", newest - 2, "--json")[1])
    assert [one["sequence"] for one in found] == [newest - 1, newest]
    every = lines(run("events", "--after", 0, "--json", "--type", "prescription.verified")[1])
    assert every and {one["type"] for one in every} == {"prescription.verified"}


def test_what_comes_from_elsewhere_cannot_write_to_the_terminal():
    from elmed_client.cli.words import table

    assert "\x1b" not in table(("A",), [("\x1b[31mred\x1b]0;title\x07\n",)])


def test_as_a_program(demo):
    """In a process of its own, with its exit code, and an end of the pipe that left."""
    env = {
        "ELMED_API_KEY": demo.key("pharmacy"),
        "ELMED_URL": demo.url,
        "PYTHONPATH": str(SOURCE),
        "HOME": "/nonexistent",
    }
    program = [sys.executable, "-m", "elmed_client.cli.main"]
    done = subprocess.run([*program, "--version"], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("elmed-client ")
    done = subprocess.run([*program, "prescriptions", "999999"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 4 and done.stdout == "" and "Traceback" not in done.stderr
