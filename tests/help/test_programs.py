"""The programs of the help's pages, taken from the page as somebody copies them and run against a real server.

Each in curl, Python and PHP. What they did is looked at afterwards: in the test world, once, and nowhere else.
"""

import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from elmed.access import keys
from elmed.accounts.models import Account
from elmed.api.models import IdempotencyRecord
from elmed.core.models import Mode
from elmed.events.models import EventListing
from elmed.help.examples import Language
from elmed.prescriptions.models import Dispense, Prescription
from elmed.prescriptions.vocabulary import Status
from tests.api.client import Api
from tests.cast import assemble
from tests.programs import need

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "contract/webhook-signatures.json").read_text())
HOW_TO = (Path(__file__).resolve().parents[2] / "docs/how-to/events-and-webhooks.md").read_text()
RUN = {
    Language.CURL: ["bash", "-euo", "pipefail", "-c"],
    Language.PYTHON: [sys.executable, "-I", "-c"],
    Language.PHP: ["php", "-n", "-d", "display_errors=stderr", "--run"],
}
EACH = pytest.mark.parametrize("language", list(Language))


def program(page, name, language):
    """The blocks of a program as they stand on its page, one after the other."""
    html = Client().get(reverse(page), {"lang": language.value}).content.decode()
    blocks = re.findall(rf'<code id="program-{name}-\w+-code">(.*?)</code>', html, re.S)
    assert blocks
    return "\n".join(unescape(one) for one in blocks)


def run(text, language, folder, **environment):
    """Run it; what it printed. A program that fails, or says something on standard error, fails the test."""
    command = RUN[language]
    need(command[0])
    env = {"PATH": os.environ["PATH"], "no_proxy": "*", **environment}
    done = subprocess.run(
        [*command, text.removeprefix("<?php")], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (text, done.stdout, done.stderr)
    return done


@pytest.fixture
def world(transactional_db, live_server, settings):
    """A pharmacy of the cast with a test key on a server of its own."""
    settings.BASE_URL = live_server.url
    cast = assemble()
    secret = keys.create(cast.actor("pharmacist"), name="first", scopes=["rx:read", "rx:dispense"], mode=Mode.TEST)[1]
    return cast, secret


@EACH
def test_the_quickstart(world, language, tmp_path):
    cast, secret = world
    Api(secret).post("/sandbox/scenarios", {"name": "rejected"})  # the account was used before
    done = run(program("help_quickstart", "quickstart", language), language, tmp_path, ELMED_KEY=secret)
    assert done.stderr == ""
    rx = Prescription.objects.latest("pk")
    assert (rx.status, rx.world.mode, rx.pharmacy_id) == (Status.DISPENSED, Mode.TEST, cast.pharmacy.pk)
    assert Dispense.objects.count() == 1
    assert IdempotencyRecord.objects.filter(key=f"quickstart-{rx.pk}").count() == 1
    for said in ("first", "invalid_status", "prescription.dispensed", rx.reference):
        assert said in done.stdout
    assert "prescription.rejected" not in done.stdout, "the last step shows what these steps made happen"


@EACH
def test_following_the_feed_goes_on_where_it_was(world, language, tmp_path):
    cast, secret = world
    api = Api(secret)
    text = program("help_events", "follow", language)
    seen = []
    for _ in range(2):
        api.post("/sandbox/scenarios", {"name": "verified"})
        done = run(text, language, tmp_path, ELMED_KEY=secret)
        seen.append([line for line in (done.stdout + done.stderr).splitlines() if line])
        listed = EventListing.objects.filter(account=cast.pharmacy, world__mode=Mode.TEST).order_by("-sequence")
        assert (tmp_path / "elmed-cursor").read_text().strip() == str(listed[0].sequence)
    first, second = (
        json.loads(api.get(f"/events?limit=1&after={after}").content)["data"][0] for after in (0, len(seen[0]))
    )
    assert seen[0][0].split()[0] == first["type"]
    assert seen[1][0].split()[0] == second["type"]
    assert (
        len(seen[0]) + len(seen[1]) == EventListing.objects.filter(account=cast.pharmacy, world__mode=Mode.TEST).count()
    )


@EACH
def test_trying_again_does_it_once(world, language, tmp_path):
    _, secret = world
    rx = Api(secret).post("/sandbox/scenarios", {"name": "verified"}).json()["prescriptions"][0]["id"]
    text = program("help_idempotency", "repeat", language)
    for _ in range(2):
        done = run(text, language, tmp_path, ELMED_KEY=secret, RX=str(rx))
        assert done.stdout.startswith("200")
    assert Dispense.objects.count() == 1


@EACH
def test_a_refusal_is_not_repeated(world, language, tmp_path):
    _, secret = world
    rx = Api(secret).post("/sandbox/scenarios", {"name": "cancelled"}).json()["prescriptions"][0]["id"]
    left = int(re.search(r"r=(\d+)", Api(secret).get("/me")["RateLimit"])[1])
    done = run(program("help_idempotency", "repeat", language), language, tmp_path, ELMED_KEY=secret, RX=str(rx))
    assert done.stdout.startswith("409") and "not_dispensable" in done.stdout
    assert f"r={left - 2};" in Api(secret).get("/me")["RateLimit"], "one request of the program's, and this one"


def test_the_receiver_in_the_shell(db, tmp_path):
    text = program("help_events", "receive", Language.CURL)
    assert "date +%s" in text
    now = int(VECTORS["headers"]["webhook-timestamp"])

    def takes(body, headers, secret, late=0):
        (tmp_path / "body.json").write_bytes(body.encode())
        command = ["bash", "-c", text.replace("$(date +%s)", str(now + late))]
        names = {name.upper().replace("-", "_"): value for name, value in headers.items()}
        env = {"PATH": os.environ["PATH"], "WEBHOOK_SECRET": secret, **names}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=False).returncode == 0

    headers, body, secret, roll = (VECTORS[name] for name in ("headers", "body", "secret", "after_a_roll"))
    assert takes(body, headers, secret) and takes(body, roll["headers"], roll["old_secret"], 299)
    assert takes(body, roll["headers"], roll["new_secret"], -299)
    assert not takes(body.replace("live", "test"), headers, secret)
    assert not takes(body, headers, roll["new_secret"])
    assert not takes(body, headers, secret, 301)
    assert not takes(body, headers | {"webhook-id": "evt_2"}, secret)


@pytest.mark.parametrize("language", [Language.PYTHON, Language.PHP])
def test_the_receiver_is_that_of_the_how_to(db, language):
    """Which test_webhook_code.py runs."""
    shown = program("help_events", "receive", language).removeprefix("<?php\n").strip()
    assert shown == re.search(rf"```{language.value}\n(.*?)```", HOW_TO, re.S)[1].strip()


def test_the_scenarios_stand_on_the_page_of_testing(db):
    from elmed.sandbox.scenarios import SCENARIOS

    page = Client().get(reverse("help_testing")).content.decode()
    assert re.findall(r'id="scenario-(\w+)"', page) == list(SCENARIOS)
    assert Account.objects.count() == 0
