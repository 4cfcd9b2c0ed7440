"""What is tried again, how patiently, and what never is: a server that fails as it is told."""

import asyncio

import httpx
import pytest

import elmed_client
from elmed_client import AsyncClient, Retries, errors
from played_server import KEY, LINE, SALE, ok, problem


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError,
        httpx.ReadTimeout,
        httpx.RemoteProtocolError,
        problem(503, "unavailable"),
        httpx.Response(502, text="<html>"),
    ],
)
def test_a_read_is_tried_again(script, failure):
    server = script(failure, failure, ok())
    assert server.client().me().account.id == 4
    assert len(server.asked) == 3
    assert 0.25 <= server.slept[0] <= 0.5 <= server.slept[1] <= 1.0


def test_a_busy_minute_is_waited_for(script):
    server = script(problem(429, "rate_limited", {"Retry-After": "7"}), ok())
    server.client().me()
    assert 7 <= server.slept[0] <= 8


def test_a_date_as_retry_after(script, monkeypatch):
    server = script(problem(503, "unavailable", {"Retry-After": "Sun, 22 Nov 2099 10:15:00 GMT"}))
    with pytest.raises(errors.ServerError):
        server.client().me()
    assert not server.slept


def test_a_write_is_tried_again_with_the_same_key(script):
    server = script(httpx.ReadTimeout, problem(409, "request_in_progress", {"Retry-After": "1"}), ok(SALE))
    server.client().sales.record(external_reference="1042", lines=[LINE])
    keys = {one.headers["Idempotency-Key"] for one in server.asked}
    assert len(server.asked) == 3 and len(keys) == 1
    again = script(ok(SALE))
    again.client().sales.record(external_reference="1042", lines=[LINE], idempotency_key="order-1042")
    assert again.asked[0].headers["Idempotency-Key"] == "order-1042"


def test_two_writes_have_two_keys(script):
    server = script(ok(SALE), ok(SALE))
    client = server.client()
    for _ in range(2):
        client.sales.record(external_reference="1042", lines=[LINE])
    assert server.asked[0].headers["Idempotency-Key"] != server.asked[1].headers["Idempotency-Key"]


def test_a_write_without_a_key_is_not_repeated_where_it_may_have_arrived(script):
    server = script(httpx.ReadTimeout)
    with pytest.raises(errors.TimedOutError):
        server.client().reservations.release(1)
    assert len(server.asked) == 1
    server = script(problem(503, "unavailable"))
    with pytest.raises(errors.ServerError):
        server.client().reservations.release(1)
    # What certainly never arrived, or was refused before anything was done, may be sent again.
    server = script(httpx.ConnectError, problem(429, "rate_limited", {"Retry-After": "1"}), httpx.Response(204))
    assert server.client().reservations.release(1) is None
    assert len(server.asked) == 3


@pytest.mark.parametrize("code", ["reference_locked", "checks_paused"])
def test_locks_are_told_at_once(script, code):
    server = script(problem(429, code, until="2026-11-22T10:30:00.000000Z"))
    with pytest.raises(errors.ChecksLockedError) as caught:
        server.client().prescriptions.check(reference="X", date_of_birth="1961-02-03", lines=[LINE])
    assert caught.value.until == "2026-11-22T10:30:00.000000Z"
    assert not server.slept


def test_tries_end(script):
    server = script(*[problem(503, "unavailable")] * 3)
    with pytest.raises(errors.ServerError):
        server.client(retries=Retries(most=2)).me()
    assert len(server.asked) == 3
    with pytest.raises(errors.ConnectionFailedError):
        script(httpx.ConnectError).client(retries=elmed_client.NO_RETRIES).me()


def test_following_does_not_ask_without_pause_where_nobody_waits(script):
    """A server without room for one more long poll answers an empty page at once."""
    empty, one = {"data": [], "has_more": False}, {"data": [{"sequence": 5, "type": "withheld"}], "has_more": False}
    server = script(ok(empty), ok(empty), ok(one))
    follower = server.client().events.follow(after=4)
    assert next(iter(follower)).withheld
    assert server.slept == [2.0, 2.0]
    assert [one.url.params["after"] for one in server.asked] == ["4", "4", "4"]


def test_the_command_follows_on_when_elmed_was_away(script, capsys):
    from elmed_client.cli.listening import following

    def page(*numbers):
        return ok({"data": [{"sequence": one, "type": "withheld"} for one in numbers], "has_more": False})

    server = script(page(5, 6), httpx.ConnectError, problem(503, "unavailable"), page(7))
    heard = following(server.client(retries=elmed_client.NO_RETRIES), 4)
    assert [next(heard).sequence for _ in range(3)] == [5, 6, 7]
    assert [one.url.params["after"] for one in server.asked] == ["4", "6", "6", "6"]
    assert capsys.readouterr().err.count("Trying again from 6.") == 2
    with pytest.raises(errors.AuthenticationError):
        next(following(script(problem(401, "invalid_key")).client(), 4))


def test_for_asyncio_it_is_the_same(script):
    server = script(
        httpx.ConnectError, problem(429, "rate_limited", {"Retry-After": "3"}), ok(SALE), problem(404, "not_found")
    )

    async def ask():
        async with AsyncClient(KEY, url="https://elmed.example", transport=httpx.MockTransport(server)) as client:
            sale = await client.sales.record(external_reference="1042", lines=[LINE])
            with pytest.raises(errors.NotFoundError):
                await client.patients.get(1)
            return sale

    assert asyncio.run(ask()).external_reference == "1042"
    assert len({one.headers["Idempotency-Key"] for one in server.asked[:3]}) == 1
    assert 3 <= server.slept[1] <= 4
