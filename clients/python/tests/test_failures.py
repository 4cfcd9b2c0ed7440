"""What a server cannot be made to do on request: cut connections, busy minutes, answers of something else."""

import asyncio
import json
import logging
import pickle
import traceback
from datetime import datetime, timezone

import httpx
import pytest

import elmed_client
from elmed_client import AsyncClient, Client, Retries, errors

KEY = "elm_" + "a1" * 32
ME = {
    "account": {"id": 4, "name": "Kingfisher", "kind": "pharmacy"}, "key": {"id": 1, "name": "k", "expires_at": None}, "scopes": ["rx:read"],
    "mode": "live", "limits": {"requests_per_minute": 120}, "now": "2026-11-22T10:15:00.000000Z", "of_tomorrow": {"x": 1},
}  # fmt: skip
SALE = {"id": 1, "external_reference": "1042", "lines": [], "created_at": "2026-11-22T10:15:00Z"}
LINE = elmed_client.SaleLine(sku="A", quantity=1)


def problem(status, code, headers=None, **more):
    body = {"type": "about:blank", "title": "T", "status": status, "detail": "D", "code": code, "request_id": "req_1"}
    return httpx.Response(
        status, json=body | more, headers={"Content-Type": "application/problem+json"} | (headers or {})
    )


class Script:
    """Answers in turn, keeps what was asked, and what was slept in between."""

    def __init__(self, monkeypatch, *answers):
        self.answers, self.asked, self.slept = list(answers), [], []
        monkeypatch.setattr("time.sleep", self.slept.append)

        async def sleep(seconds):
            self.slept.append(seconds)

        monkeypatch.setattr("asyncio.sleep", sleep)

    def __call__(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, type):
            raise answer("cut", request=request)
        return answer

    def client(self, **more):
        return Client(KEY, url="https://elmed.example", transport=httpx.MockTransport(self), **more)


@pytest.fixture
def script(monkeypatch):
    return lambda *answers: Script(monkeypatch, *answers)


def ok(body=None):
    return httpx.Response(200, json=ME if body is None else body)


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


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (
            problem(400, "invalid_parameter", errors=[{"parameter": "limit", "code": "out_of_range", "detail": "d"}]),
            errors.InvalidRequestError,
        ),
        (problem(401, "invalid_key"), errors.AuthenticationError),
        (problem(403, "insufficient_scope", needed_scopes=["rx:read"]), errors.PermissionDeniedError),
        (problem(404, "not_found"), errors.NotFoundError),
        (problem(409, "invalid_status", current_status="dispensed", allowed_actions=["reverse"]), errors.ConflictError),
        (problem(410, "events_expired"), errors.EventsExpiredError),
        (problem(412, "version_conflict", current_version=4), errors.PreconditionFailedError),
        (problem(413, "body_too_large"), errors.InvalidRequestError),
        (
            problem(422, "validation_failed", errors=[{"pointer": "/lines/0", "code": "missing", "detail": "d"}]),
            errors.InvalidRequestError,
        ),
        (problem(500, "internal_error"), errors.ServerError),
    ],
)
def test_what_is_no_use_repeating_is_told_at_once(script, answer, kind):
    server = script(answer)
    with pytest.raises(kind) as caught:
        server.client().me()
    error = caught.value
    assert type(error) is kind and not server.slept
    assert (error.status, error.request_id, error.detail) == (answer.status_code, "req_1", "D")
    assert str(error) == f"{error.status} {error.code}: D (req_1)"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_what_the_errors_tell(script):
    def caught(answer):
        with pytest.raises(errors.APIError) as found:
            script(answer).client(retries=elmed_client.NO_RETRIES).me()
        return found.value

    assert caught(problem(403, "insufficient_scope", needed_scopes=["rx:read"])).needed_scopes == ("rx:read",)
    refused = caught(problem(409, "invalid_status", current_status="dispensed", allowed_actions=["reverse"]))
    assert (refused.current_status, refused.allowed_actions) == ("dispensed", ("reverse",))
    assert caught(problem(412, "version_conflict", current_version=4)).current_version == 4
    assert caught(problem(429, "rate_limited", {"Retry-After": "9"})).retry_after == 9
    wrong = caught(
        problem(422, "validation_failed", errors=[{"pointer": "/lines/0/quantity", "code": "missing", "detail": "d"}])
    )
    assert wrong.errors == (errors.FieldError(pointer="/lines/0/quantity", parameter=None, code="missing", detail="d"),)


def test_tries_end(script):
    server = script(*[problem(503, "unavailable")] * 3)
    with pytest.raises(errors.ServerError):
        server.client(retries=Retries(most=2)).me()
    assert len(server.asked) == 3
    with pytest.raises(errors.ConnectionFailedError):
        script(httpx.ConnectError).client(retries=elmed_client.NO_RETRIES).me()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(301, headers={"Location": "https://elsewhere.example/"}),
        httpx.Response(307, headers={"Location": "http://elmed.example/"}),
        httpx.Response(200, text="<html>Welcome to the hotel's wireless</html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=ME | {"now": "yesterday"}),
        httpx.Response(200, json={name: value for name, value in ME.items() if name != "mode"}),
        httpx.Response(204),
    ],
)
def test_what_is_not_elmed(script, answer):
    server = script(answer)
    with pytest.raises(errors.UnexpectedAnswerError):
        server.client().me()
    assert len(server.asked) == 1


def test_an_error_page_of_something_else(script):
    with pytest.raises(errors.NotFoundError, match="http_404"):
        script(httpx.Response(404, text="<html>")).client().me()


def test_fields_of_the_future_break_nothing(script):
    me = script(ok()).client().me()
    assert me.raw["of_tomorrow"] == {"x": 1}
    assert me.now == datetime(2026, 11, 22, 10, 15, tzinfo=timezone.utc)


def test_a_deprecated_endpoint_is_warned_of(script):
    answer = httpx.Response(
        200, json=ME, headers={"Deprecation": "@1795342500", "Sunset": "Wed, 01 Dec 2027 00:00:00 GMT"}
    )
    with pytest.warns(elmed_client.ElmedDeprecationWarning, match=r"GET /me is deprecated and ends Wed, 01 Dec 2027"):
        script(answer).client().me()


def test_what_the_minute_has_left(script):
    headers = {"RateLimit-Policy": '"default";q=120;w=60', "RateLimit": '"default";r=7;t=31'}
    client = script(httpx.Response(200, json=ME, headers=headers), httpx.Response(200, json=ME)).client()
    assert client.rate_limit is None
    client.me()
    client.me()
    assert client.rate_limit == elmed_client.RateLimit(120, 7, 31)


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
        ("elmed.example", "address"), ("https://", "address"), ("https://elmed.example/?x=1", "query"), ("http://localhost:99999", "address"),
    ],
)  # fmt: skip
def test_addresses_that_would_give_the_key_away(url, words):
    with pytest.raises(errors.ConfigurationError, match=words):
        Client(KEY, url=url)


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


@pytest.mark.parametrize("key", ["", "elm_", "sk_live_1", "elm_" + "g" * 64, KEY + "00", "elm_\n" + "a" * 64])
def test_what_is_no_key(key):
    with pytest.raises(errors.ConfigurationError):
        Client(key, url="https://elmed.example")


def test_to_this_machine_no_proxy_is_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    assert not Client(KEY, url="http://localhost:1")._sender._http.trust_env
    assert Client(KEY, url="https://elmed.example")._sender._http.trust_env


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


def test_a_leak_is_reported_without_our_key(script):
    server = script(httpx.ConnectError, httpx.Response(202))
    server.client().keys.report_leak("elm_" + "f" * 64)
    assert "Authorization" not in server.asked[1].headers


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
