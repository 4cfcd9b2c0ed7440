"""What answers mean: each error its exception, what is not ELMED, and what the client does not know yet."""

import pickle
from datetime import date, datetime, timezone

import httpx
import pytest

import elmed_client
from elmed_client import errors
from elmed_client.cli import doctor
from elmed_client.cli import main as command
from played_server import ME, ok, problem


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


@pytest.mark.parametrize("body", [[], {}, {"data": None}, {"data": [[]]}, "text"])
def test_lists_that_are_none(script, body):
    calls = (
        lambda elmed: elmed.prescriptions.list().first(),
        lambda elmed: elmed.webhook_endpoints.list(),
        lambda elmed: elmed.meta.event_types(),
        lambda elmed: elmed.events.list(),
    )
    for call in calls:
        with pytest.raises(errors.UnexpectedAnswerError):
            call(script(ok(body)).client())


OLDER = {name: value for name, value in ME.items() if name != "events"}


def test_an_older_elmed_is_spoken_with_and_only_what_it_lacks_is_missing(script):
    """A client is renewed more often than an installation: what came later is None, and told where it is needed."""
    me = script(ok(OLDER)).client().me()
    assert (me.account.name, me.events) == ("Kingfisher", None)
    with pytest.raises(errors.UnexpectedAnswerError, match="older than this client"):
        script(ok(OLDER)).client().events.newest()
    state = {"id": 7, "status": "verified", "version": 2}
    acted = script(ok({"act": "verify", "by": "pharmacy", "now": ME["now"], "prescription": state})).client()
    done = acted.sandbox.act(7, "verify")
    assert (done.prescription.status, done.replacement) == ("verified", None)


def test_no_version_of_an_older_elmed_is_compared(script):
    server = script(ok({"prescription_id": 3, "status": "pending_review"}))
    shop = server.client()
    routed = shop.prescriptions.route(reference="r", date_of_birth=date(1961, 2, 3))
    assert routed.version is None
    with pytest.raises(errors.UnexpectedAnswerError, match="tells no version"):
        shop.prescriptions.route(reference="r", date_of_birth=date(1961, 2, 3), if_match=routed)
    assert len(server.asked) == 1


def test_commands_tell_an_older_elmed_in_words_and_play_nothing_there(script, monkeypatch, capsys):
    older = script(ok({**OLDER, "mode": "test"}))
    monkeypatch.setattr("elmed_client.cli.trigger.connect", older.client)
    assert command.main(["trigger", "prescription.verified"]) != 0
    assert "older than this client" in capsys.readouterr().err
    assert [one.url.path for one in older.asked] == ["/api/public/v1/me"]
    client = script().client()
    found = doctor._events(client, script(ok(OLDER)).client().me())
    assert found.state == doctor.WRONG and "older than this client" in found.words
