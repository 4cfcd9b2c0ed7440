"""The key goes to ELMED alone, and stands, as patients' data, in no log, no error and no repr."""

import logging
import traceback

import httpx
import pytest

import elmed_client
from elmed_client import Client, errors
from played_server import KEY, ok, problem


def test_the_key_is_nowhere_to_be_seen(script, caplog):
    caplog.set_level(logging.DEBUG)
    client = script(ok(), httpx.ReadError, problem(500, "internal_error")).client(retries=elmed_client.NO_RETRIES)
    client.me()
    seen = [repr(client), repr(vars(client)), repr(client._sender.config), caplog.text]
    for _ in range(2):
        with pytest.raises(errors.ElmedError) as caught:
            client.me()
        error = caught.value
        seen += [repr(error), str(error), "".join(traceback.format_exception(error)), repr(vars(error))]
        assert error.__cause__ is None and error.__context__ is None  # httpx's own errors hold the request
    assert KEY not in "".join(seen) and KEY[5:] not in "".join(seen)
    assert KEY[-4:] in seen[0]


def test_a_query_is_not_logged(script, caplog):
    caplog.set_level(logging.DEBUG)
    empty = {"data": [], "has_more": False, "next_cursor": None}
    server = script(ok(empty))
    list(server.client().prescriptions.list(reference="6J2S-AYCT-TGQD", patient_id=77))
    assert server.asked[0].url.params["reference"] == "6J2S-AYCT-TGQD"
    assert "/prescriptions" in caplog.text
    assert "6J2S" not in caplog.text and "77" not in caplog.text


def test_models_print_no_medical_data(script, demo, client):
    one = client().prescriptions.get(demo.told["prescriptions"]["verified"])
    assert repr(one) == f"<Prescription id={one.id} status='verified' version={one.version}>"
    printed = repr([one.patient, one.medications, one.diagnosis])
    assert one.patient.name not in printed and one.diagnosis[0].text not in printed


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://elmed.example", "https"), ("http://localhost.evil.example", "https"), ("http://127.0.0.1.example", "https"),
        ("http://localhost@evil.example", "user"), ("https://user:pass@elmed.example", "user"), ("ftp://elmed.example", "address"),
        ("elmed.example", "address"), ("https://", "address"), ("https://elmed.example/?x=1", "query"), ("https://elmed.example\nevil", "address"), ("https://[::1/", "address"), ("http://localhost:99999", "address"),
    ],
)  # fmt: skip
def test_addresses_that_would_give_the_key_away(url, words):
    with pytest.raises(errors.ConfigurationError, match=words):
        Client(KEY, url=url)


@pytest.mark.parametrize("key", ["", "elm_", "sk_live_1", "elm_" + "g" * 64, KEY + "00", "elm_\n" + "a" * 64])
def test_what_is_no_key(key):
    with pytest.raises(errors.ConfigurationError):
        Client(key, url="https://elmed.example")


def test_to_this_machine_no_proxy_is_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    assert not Client(KEY, url="http://localhost:1")._sender._http.trust_env
    assert Client(KEY, url="https://elmed.example")._sender._http.trust_env


def test_a_leak_is_reported_without_our_key(script):
    server = script(httpx.ConnectError, httpx.Response(202))
    server.client().keys.report_leak("elm_" + "f" * 64)
    assert "Authorization" not in server.asked[1].headers
