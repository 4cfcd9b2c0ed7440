"""Addresses, ids, quantities and times as the contract has them, whatever they were given as."""

import json
from datetime import datetime

import httpx
import pytest

import elmed_client
from elmed_client import Client, errors
from played_server import KEY, LINE, SALE, ok


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://elmed.example", "https://elmed.example/api/public/v1"),
        ("https://elmed.example/", "https://elmed.example/api/public/v1"),
        ("https://elmed.example/api/public/v1/", "https://elmed.example/api/public/v1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/api/public/v1"),
        ("http://[::1]:8000/", "http://[::1]:8000/api/public/v1"),
    ],
)
def test_addresses_as_people_have_them(url, told):
    assert Client(KEY, url=url).url == told


@pytest.mark.parametrize("id", ["1", "../keys/report-leak", 1.0, True, None])
def test_an_id_is_a_number(script, id):
    with pytest.raises(TypeError):
        script().client().prescriptions.get(id)


@pytest.mark.parametrize(
    ("given", "sent"), [(28, "28"), ("28.0", "28"), ("0.50", "0.5"), ("1E+2", "100"), ("0", "0"), ("-2.50", "-2.5")]
)
def test_quantities_are_sent_as_the_contract_has_them(script, given, sent):
    server = script(ok(SALE))
    server.client().sales.record(external_reference="1", lines=[elmed_client.SaleLine(sku="A", quantity=given)])
    assert json.loads(server.asked[0].content)["lines"][0]["quantity"] == sent


def test_what_cannot_be_said_exactly_is_refused(script):
    client = script().client()
    for quantity in (0.1, True, None):
        with pytest.raises(TypeError):
            client.sales.record(external_reference="1", lines=[elmed_client.SaleLine(sku="A", quantity=quantity)])
    for quantity in ("many", "NaN", "Infinity"):
        with pytest.raises(ValueError, match="number"):
            client.sales.record(external_reference="1", lines=[elmed_client.SaleLine(sku="A", quantity=quantity)])
    with pytest.raises(ValueError, match="zone"):
        client.prescriptions.list(updated_since=datetime(2026, 1, 1))
    with pytest.raises(TypeError, match="day"):
        client.prescriptions.route(reference="X", date_of_birth=datetime(2026, 1, 1))


def test_who_asks(script):
    server = script(ok())
    server.client(application="Till/2.1").me()
    agent = server.asked[0].headers["User-Agent"]
    assert agent.startswith(f"Till/2.1 elmed-client/{elmed_client.__version__} Python/3.")
    assert server.asked[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("key", ["", "ü", "a\nb", "x" * 256])
def test_an_idempotency_key_is_plain(script, key):
    with pytest.raises(ValueError, match="ASCII"):
        script().client().sales.record(external_reference="1", lines=[LINE], idempotency_key=key)


def test_what_can_never_be_sent_is_not_tried_again(script):
    server = script(httpx.LocalProtocolError)
    with pytest.raises(errors.ConnectionFailedError):
        server.client().me()
    assert not server.slept
