"""The pages' shell blocks and every line of the command, run: against a demo, as somebody does who pastes them."""

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from demo_server import SOURCE, shared
from elmed_client.cli.main import parser
from test_listening import receiver, started  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[3]
# Page → how many of its requests are refused, on purpose.
PAGES = {
    "docs/tutorial/first-dispense.md": 1, "docs/how-to/connect-a-shop.md": 0, "docs/how-to/events-and-webhooks.md": 0,
    "docs/how-to/test-without-patients.md": 0, "docs/how-to/debug-an-integration.md": 0, "docs/how-to/python-client.md": 0,
}  # fmt: skip
# Sets up a server with its database, proxy and mail: no test has one, so nobody runs what it shows but its lines of `elmed`.
NOT_RUN = {"docs/how-to/run-in-production.md"}
# What a page leaves to its reader.
TYPED = {
    "docs/how-to/debug-an-integration.md": (("ELMED_KEY=elm_…", "pharmacy"), ('"key": "elm_…"', "to_be_leaked")),
}
ENDLESS = ("elmed-client listen", "elmed-client events --follow")
# Run elsewhere: the demo is running, and test_install.py installs the client.
ELSEWHERE = re.compile(r"^(make demo|python3 -m venv .*|\S*pip install .*)$", re.M)
COMMAND = re.compile(r"^(curl |elmed-client |export |[A-Z]+=)", re.M)
# Each answer's status goes to standard error.
CURL = "set -euo pipefail\ncurl() { command curl --max-time 30 --write-out '%{stderr}%{http_code}\\n' \"$@\"; }\n"


@pytest.fixture(scope="session")
def pasted(tmp_path_factory):
    """A demo of its own: what the pages do is met by no other test."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with shared(base / "pages") as found:
        yield found


def environment(demo, folder, key="pharmacy"):
    """With `elmed-client` in the path, as if it were installed in `folder`."""
    program = folder / "elmed-client" / "bin" / "elmed-client"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m elmed_client.cli.main "$@"\n')
    program.chmod(0o755)
    return {
        "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(SOURCE), "HOME": str(folder), "no_proxy": "*",
        "ELMED_URL": demo.url, "ELMED_API_KEY": demo.key(key),
    }  # fmt: skip


def blocks(page):
    """The blocks of a page that are typed into a shell."""
    fenced = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", (ROOT / page).read_text(), re.S | re.M)
    found = [ELSEWHERE.sub("", one) for language, one in fenced if not language]
    return [one for one in found if COMMAND.search(one) and not one.startswith(ENDLESS)]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_from_top_to_bottom(pasted, page, tmp_path):
    text = "\n".join(blocks(page))
    assert text
    for words, key in TYPED.get(page, ()):
        assert words in text
        text = text.replace(words, words.replace("elm_…", pasted.key(key)))
    text = text.replace("/tmp/", f"{tmp_path}/").replace("var/demo.json", str(pasted.folder / "demo.json"))
    if page.endswith("python-client.md"):  # whose webhooks `doctor` looks at: those of another page have no receiver
        text = text.replace("['pharmacy_webhooks']", "['pharmacy']")
    text = text.replace("limit=…", "limit=5").replace("http://localhost:8000", pasted.url)
    assert "…" not in text, "something is left to be typed that nobody types here"
    done = subprocess.run(
        ["bash", "-c", CURL + text], cwd=tmp_path, env=environment(pasted, tmp_path), capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout, done.stderr)
    statuses = re.findall(r"^(\d{3})$", done.stderr, re.M)
    assert len(statuses) == len(re.findall(r"\bcurl ", text)), done.stderr
    assert sum(not one.startswith("2") for one in statuses) == PAGES[page], (statuses, done.stdout)
    assert "Traceback" not in done.stderr


def test_every_page_with_a_request_is_run():
    """A new page that begins to show requests is run too."""
    pages = {str(one.relative_to(ROOT)) for one in (ROOT / "docs").rglob("*.md")}
    asks = {page for page in pages if any("curl" in one or "elmed-client" in one for one in blocks(page))}
    assert asks - NOT_RUN == PAGES.keys()
    said = (ROOT / "docs/developer/testing.md").read_text()
    assert "Every example" not in said  # it does not promise more than is so
    for page in NOT_RUN:
        assert f"](../{page.removeprefix('docs/')})" in said


def lines():
    """Every whole line of the command that the documentation, the help and the command itself show."""
    shown = [re.findall(r"^(?:\$ )?(elmed-client \w.*)$", (ROOT / page).read_text(), re.M)
             for page in (*PAGES, "clients/python/README.md")]  # fmt: skip
    shown += [re.findall(r"`(elmed-client \w[^`]*)`", (ROOT / page).read_text()) for page in PAGES]
    for template in (ROOT / "src/elmed/help/templates").rglob("*.html"):
        shown.append(
            [
                unescape(one).replace("{{ BASE_URL }}", "http://localhost:8000")
                for one in re.findall(r"<code>(elmed-client \w[^<]*)</code>", template.read_text())
            ]
        )
    commands = next(one for one in parser()._actions if one.choices).choices
    for one in (parser(), *commands.values()):
        shown.append(re.findall(r"^  (elmed-client .*)$", one.epilog, re.M))
    return sorted({line.partition("  #")[0].strip() for group in shown for line in group})


def meant(line, demo, client, verified):
    """The line with this demo's own ids and numbers where it shows others."""
    if "--line" in line:
        one = client().prescriptions.get(demo.told["prescriptions"]["verified_two_lines"])
        first, second = (medicine.id for medicine in one.medications)
        return line.replace(" 123", f" {one.id}").replace("456=14", f"{first}=2").replace("457=0.5", f"{second}=0.5")
    if " 123" in line:
        line = line.replace(" 123", f" {verified().id}")
    return line.replace("--after 42", "--after 1").replace("http://localhost:8000", demo.url)


@pytest.mark.parametrize("line", [one for one in lines() if not one.startswith(ENDLESS)])
def test_a_line_of_the_command_does_what_it_says(demo, client, verified, tmp_path, line):
    env = environment(demo, tmp_path, "pharmacy_test" if " trigger" in line else "pharmacy")
    (tmp_path / "key.txt").write_text(env["ELMED_API_KEY"] + "\n")
    command = ["bash", "-c", meant(line, demo, client, verified)]
    given = {"cwd": tmp_path, "env": env, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    if " dispense " in line and "--yes" not in line and "--dry-run" not in line:  # it asks, and somebody is there
        ours, theirs = pty.openpty()
        os.write(ours, b"y\n")
        done = subprocess.run(command, stdin=theirs, timeout=120, check=False, **given)
        os.close(theirs)
        os.close(ours)
    else:
        done = subprocess.run(command, input=env["ELMED_API_KEY"] + "\n", timeout=120, check=False, **given)
    assert done.returncode == 0, done.stderr
    assert done.stdout and "Traceback" not in done.stderr


@pytest.mark.parametrize("line", [one for one in lines() if one.startswith(ENDLESS)])
def test_a_line_without_an_end_tells_what_happens_until_ctrl_c(demo, run, receiver, line):  # noqa: F811
    words = [
        one.replace("http://localhost:9000", f"http://127.0.0.1:{receiver.server_port}") for one in line.split()[1:]
    ]
    with started(demo, *words, key="pharmacy_test") as program:
        assert program.stdout.readline()  # it is ready
        if "listen" in words:
            assert "go to http://127.0.0.1" in program.stdout.readline()
        while True:
            assert run("trigger", "prescription.verified", key="pharmacy_test")[0] == 0
            if any("prescription.verified" in program.stdout.readline() for _ in range(2)):
                break
        program.send_signal(signal.SIGINT)
        assert program.wait(30) == 130
    assert bool(receiver.got) is ("listen" in words)


def test_there_are_lines_of_every_command():
    found = lines()
    assert len(found) > 20 and sum(one.startswith(ENDLESS) for one in found) >= 4
    assert {one.split()[1] for one in found} == {
        "login", "logout", "whoami", "prescriptions", "dispense", "events", "listen", "trigger", "doctor",
    }  # fmt: skip
