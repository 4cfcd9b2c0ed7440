"""Every example of the developer guide runs: taken from the page, in curl, Python and PHP, against a real server.

The examples fit together. The world they are run in has the ids that stand in them.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from elmed.access import keys
from elmed.api.models import IdempotencyRecord
from elmed.help.examples import EXAMPLES, YESTERDAY, Example, Language, code, yesterday
from elmed.inventory.models import Sale
from elmed.patients.models import Patient
from elmed.prescriptions.models import Dispense, Prescription, PrescriptionLine, Reservation
from elmed.webhooks import address
from elmed.webhooks.models import Endpoint
from tests import factories
from tests.api import shop
from tests.cast import NOW, Cast, assemble
from tests.programs import need

_EXPORT = "export ELMED_KEY=elm_your_key_here"
# The commands of a block tell their statuses; what they print is not looked at.
_SHELL = """set -euo pipefail
curl() {{ command curl --silent --show-error --max-time 30 --output /dev/null --write-out '%{{http_code}}\\n' "$@"; }}
{code}
"""
# PHP and Python tell by an error that an answer was none of 2xx.
_PROGRAMS = {
    "curl": (["bash", "-c"], _SHELL),
    "python": ([sys.executable, "-I", "-c"], "{code}"),
    "php": (["php", "-n", "-d", "display_errors=stderr", "--run"], "{code}"),
}


def next_id(model, number: int) -> None:
    """The next row gets this id."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [table, number])
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number - 1])


def numbered(cast: Cast, number: int, line: int, *, now: datetime = NOW, make=factories.verified) -> Prescription:
    """A prescription with this id, whose line has that one."""
    next_id(Prescription, number)
    next_id(PrescriptionLine, line)
    return make(cast, now=now)


def handed_over() -> datetime:
    """When that of the example of an earlier hand-over was."""
    return datetime.fromisoformat(EXAMPLES["late"].body["handed_over_at"].replace(YESTERDAY, yesterday()))


@pytest.fixture
def secret(transactional_db, live_server, settings, monkeypatch) -> str:
    """The world that the examples speak of, on a server of its own; the key to it."""
    monkeypatch.setattr(address, "_resolve", lambda _host, _port: ["93.184.215.14"])  # no names are looked up in a test
    settings.BASE_URL = live_server.url
    next_id(Patient, 456)
    cast = assemble()
    assert cast.patient.pk == 456
    for number, line in ((123, 223), (124, 224), (125, 225)):
        numbered(cast, number, line)
    numbered(cast, 126, 226, now=handed_over() - timedelta(minutes=10))
    Prescription.objects.filter(pk=125).update(reference=EXAMPLES["check"].body["reference"])
    shop.product(cast, replace(shop.WEEK, sku="AMOX-500-21", pack_size_milli=21_000))
    shop.product(cast, replace(shop.PLASTERS, sku="PLASTER-20"))
    next_id(Reservation, 77)
    return keys.create(
        cast.actor("pharmacist"), name="till", scopes=["rx:read", "rx:dispense", "patient:read", "webhooks:manage"]
    )[1]


def blocks(language: str) -> list[str]:
    """The examples of the page, as somebody copies them."""
    html = Client().get(reverse("help_developers"), {"lang": language}).content.decode()
    return [
        unescape(re.sub(r"<[^>]+>", "", code))
        for code in re.findall(r"<pre[^>]*>\s*<code[^>]*>(.*?)</code>", html, re.S)
    ]


@pytest.mark.parametrize("language", list(_PROGRAMS))
def test_every_example_of_the_page_is_answered(language, secret, live_server):
    program, frame = _PROGRAMS[language]
    need(program[0])
    found = [
        text
        for text in blocks(language)
        if f"{live_server.url}/api/" in text and text != f"{live_server.url}/api/public/v1"
    ]
    assert len(found) == len(EXAMPLES)
    if language == "curl":
        found[0:0] = [
            f"{_EXPORT.replace('elm_your_key_here', secret)}\ncurl -H 'X-API-Key: '$ELMED_KEY {live_server.url}/api/public/v1/me"
        ]
        assert _EXPORT in blocks(language)
    env = {"ELMED_KEY": secret, "PATH": os.environ["PATH"], "no_proxy": "*"}
    for text in found:
        source = frame.format(code=text.removeprefix("<?php") if language == "php" else text)
        done = subprocess.run([*program, source], env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, (text, done.stderr)
        assert done.stderr == "", (text, done.stderr)
        if language == "curl":
            assert re.fullmatch(r"2\d\d\n", done.stdout), (text, done.stdout)
        else:
            assert done.stdout.startswith("{"), (text, done.stdout)
    what_they_did()


def what_they_did() -> None:
    """The acts are done, each once."""
    made = {(one.prescription_id, one.external_reference) for one in Dispense.objects.all()}
    assert made == {(123, None), (124, None), (125, "1043"), (126, None)}
    part = PrescriptionLine.objects.get(pk=224)
    assert part.supplied_milli == 14_000
    late = Dispense.objects.get(prescription_id=126)
    assert late.handed_over_at == handed_over()
    assert Reservation.objects.get().used_at is not None
    assert Sale.objects.get().external_reference == "1043"
    assert Endpoint.objects.get().url == EXAMPLES["webhook"].body["url"]
    assert IdempotencyRecord.objects.count() == sum(1 for one in EXAMPLES.values() if one.idempotency_key)


def test_every_request_of_the_table_stands_in_the_guide(db):
    page = "\n".join(blocks("curl"))
    for example in EXAMPLES.values():
        assert f"{django_settings.BASE_URL}/api/public/v1{example.path.replace(YESTERDAY, yesterday())}" in page
    assert YESTERDAY not in page


def test_what_writes_carries_an_idempotency_key_of_its_own():
    writing = [example.idempotency_key for example in EXAMPLES.values() if example.method != "GET"]
    assert all(writing)
    assert len(set(writing)) == len(writing)


def test_a_body_is_the_same_in_each_language():
    example = Example("POST", "/sales", {"a": "b", "lines": [{"n": 2, "yes": True}]})
    sent = re.search(r"-d '(.*)'", code(example, Language.CURL))[1]
    python = re.search(r"data=json\.dumps\((.*?)\)\.encode", code(example, Language.PYTHON), re.S)[1]
    assert json.loads(sent) == eval(f"({python})") == example.body
    assert "json_encode(['a' => 'b', 'lines' => [['n' => 2, 'yes' => true]]])" in code(example, Language.PHP)
