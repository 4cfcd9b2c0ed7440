"""One POST to a receiver that nobody trusts."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from elmed.webhooks import client
from elmed.webhooks.client import ERRORS, Client, _retry_after
from tests.webhooks.receiver import early, garbage, huge, nonsense_body, plainly, silence, trickle


@pytest.fixture
def post(receiver):
    one = Client()
    yield lambda: one.post(receiver.url, b'{"a":1}', {"Content-Type": "application/json", "webhook-id": "evt_1"})
    one.close()


def test_it_is_sent_as_it_is(post, receiver):
    outcome = post()
    assert (outcome.status, outcome.error, outcome.delivered) == (200, "", True)
    assert receiver.got[0].body == b'{"a":1}'
    assert receiver.got[0].headers["webhook-id"] == "evt_1"
    assert receiver.got[0].headers["host"].startswith("127.0.0.1:")


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (plainly("204 No Content"), 204, ""),
        (plainly("301 Moved", "Location: http://127.0.0.1:1/"), 301, "redirect"),
        (plainly("307 Moved", "Location: https://example.org/"), 307, "redirect"),
        (plainly("404 Not Found"), 404, "status"),
        (plainly("410 Gone"), 410, "status"),
        (plainly("500 Oh"), 500, "status"),
        (plainly("200 OK", body=b"<html>garbage"), 200, ""),
        (nonsense_body, 200, ""),
        (huge, 200, ""),
        (early, None, "not_http"),
        (garbage, None, "not_http"),
    ],
)
def test_what_comes_back(post, receiver, answer, status, error):
    receiver.answers = [answer]
    outcome = post()
    assert (outcome.status, outcome.error) == (status, error)
    assert not error or error in ERRORS
    assert len(receiver.got) == 1  # nothing is followed, nothing is sent twice


@pytest.mark.parametrize("answer", [silence, trickle])
def test_fifteen_seconds_are_for_all_of_it(post, receiver, answer, monkeypatch):
    monkeypatch.setattr(client, "SECONDS", 1.0)
    receiver.answers = [answer]
    began = time.monotonic()
    outcome = post()
    assert outcome.error == "timeout"
    assert time.monotonic() - began < 5
    assert outcome.milliseconds >= 900


def test_nobody_there(post, receiver):
    receiver.close()
    assert post().error == "connection"


def test_connections_are_used_again(post, receiver):
    assert [post().status for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("9" * 30, 999999999.0),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_in_seconds(text, seconds):
    assert _retry_after([(b"Retry-After", text.encode())]) == seconds


def test_retry_after_as_a_date():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < (_retry_after([(b"retry-after", later.encode())]) or 0) <= 90
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    assert _retry_after([(b"retry-after", past.encode())]) == 0
