"""A key's minute: its own, opened by its first request; 121 requests have exactly one 429."""

from datetime import timedelta

import pytest
from django.db.models import F

from elmed.access import keys
from elmed.access.models import RateWindow
from tests.api.client import Api, refusal


def remaining(answer):
    return int(answer["RateLimit"].split("r=")[1].split(";")[0])


@pytest.fixture
def till(make_key):
    key, secret = make_key("pharmacist", "rx:read")
    return key, Api(secret)


def earlier(key, **by):
    """As if its window had been opened that much earlier."""
    RateWindow.objects.filter(key=key).update(opened_at=F("opened_at") - timedelta(**by))


def test_a_burst_of_121_has_exactly_one_429(till):
    _key, api = till
    answers = [api.get("/me") for _ in range(121)]
    assert [answer.status_code for answer in answers] == [200] * 120 + [429]
    assert [remaining(answer) for answer in answers[:120]] == list(range(119, -1, -1))
    assert {answer["RateLimit-Policy"] for answer in answers} == {'"default";q=120;w=60'}
    refused = refusal(answers[-1], 429, "rate_limited")
    assert refused
    assert answers[-1]["RateLimit"] == f'"default";r=0;t={answers[-1]["Retry-After"]}'


def test_after_retry_after_a_request_succeeds(till):
    key, api = till
    keys.ApiKey.objects.filter(pk=key.pk).update(requests_per_minute=1)
    assert api.get("/me").status_code == 200
    for elapsed in (0, 20, 20, 15):
        earlier(key, seconds=elapsed)
        refused = api.get("/me")
        assert refused.status_code == 429
    earlier(key, seconds=int(refused["Retry-After"]))
    assert api.get("/me").status_code == 200
    assert api.get("/me").status_code == 429


def test_refused_requests_do_not_prolong_the_minute(till):
    key, api = till
    keys.ApiKey.objects.filter(pk=key.pk).update(requests_per_minute=2)
    statuses = [api.get("/me").status_code for _ in range(6)]
    assert statuses == [200, 200, 429, 429, 429, 429]
    earlier(key, seconds=60)
    assert [api.get("/me").status_code for _ in range(3)] == [200, 200, 429]


def test_the_window_begins_with_the_first_request_and_does_not_slide(till):
    key, api = till
    assert remaining(api.get("/me")) == 119
    earlier(key, seconds=50)
    answer = api.get("/me")
    assert remaining(answer) == 118
    assert int(answer["RateLimit"].split("t=")[1]) <= 10
    earlier(key, seconds=11)
    fresh = api.get("/me")
    assert remaining(fresh) == 119
    assert fresh["RateLimit"].endswith("t=60")


def test_401_is_not_counted_and_every_other_refusal_is(till, make_key):
    _key, api = till
    api.get("/me")
    expected = 119
    for path, status in (
        ("/prescriptions?limit=0", 400),
        ("/patients/1", 403),
        ("/prescriptions/999999999", 404),
        ("/no-such-thing", 404),
    ):
        answer = api.get(path)
        expected -= 1
        assert (answer.status_code, remaining(answer)) == (status, expected), path
    answer = api.call("DELETE", "/prescriptions")
    expected -= 1
    assert (answer.status_code, remaining(answer)) == (405, expected)
    Api().get("/me")
    Api(api.headers["X-API-Key"][:-1]).get("/me")
    assert remaining(api.get("/me")) == expected - 1


def test_unreadable_bodies_are_counted(make_key):
    api = Api(make_key("pharmacist", "rx:dispense")[1])
    for number, (body, media, status) in enumerate(
        [(b"{", "application/json", 400), (b"{}", "text/plain", 415), (b" " * 2**21, "application/json", 413)], start=1
    ):
        answer = api.post("/prescriptions/1/dispense", body, media=media)
        assert (answer.status_code, remaining(answer)) == (status, 120 - number)


def test_the_documents_are_free(till):
    _key, api = till
    assert api.client.get("/api/public/v1/openapi.json").status_code == 200
    assert api.client.get("/api/public/v1/docs").status_code == 200
    assert not RateWindow.objects.exists()


def test_two_keys_of_one_account_have_a_minute_each(till, make_key):
    _, api = till
    other = Api(make_key("pharmacist", "rx:read")[1])
    for _ in range(5):
        api.get("/me")
    assert remaining(other.get("/me")) == 119
    assert remaining(api.get("/me")) == 114


def test_a_limit_that_staff_raise_holds_at_once(cast, till):
    key, api = till
    for _ in range(120):
        api.get("/me")
    assert api.get("/me").status_code == 429
    keys.set_limit(cast.actor("staff"), key.pk, requests_per_minute=300)
    answer = api.get("/me")
    assert answer.status_code == 200
    assert answer["RateLimit-Policy"] == '"default";q=300;w=60'
    assert api.get("/me").json()["limits"] == {"requests_per_minute": 300}
    keys.set_limit(cast.actor("staff"), key.pk, requests_per_minute=10)
    assert api.get("/me").status_code == 429
