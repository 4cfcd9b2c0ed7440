"""POST /keys/report-leak: who holds a key may end it; nobody learns there which keys exist."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from elmed.access import keys
from elmed.access.models import ApiKey
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.events.models import Event
from elmed.notifications.models import Mail
from tests.api import shop
from tests.api.client import Api, refusal

PATH = "/keys/report-leak"


def report(secret, **more):
    return Api().client.post(f"/api/public/v1{PATH}", {"key": secret}, content_type="application/json", **more)


@pytest.mark.parametrize("mode", list(Mode))
def test_revoked_at_once_its_people_told_and_no_other_key_touched(cast, make_key, mode):
    key, secret = make_key("pharmacist", "rx:read", mode=mode, allowed_ips=["203.0.113.7"])
    _, other_secret = make_key("pharmacist", "rx:read")
    answer = report(secret)
    assert (answer.status_code, answer.content) == (202, b"")
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert key.revoked_by is None
    refusal(Api(secret).get("/me"), 401, "invalid_key")
    assert Api(other_secret).get("/me").status_code == 200
    event = Event.objects.filter(type="key.revoked").get()
    assert event.data == {"key_id": key.pk, "reason": "leak"}
    assert (event.actor_account_id, event.source) == (None, "leak")
    assert event.request_id == answer.headers["X-Request-Id"]
    told = set(Mail.objects.filter(template="key_leaked").values_list("to", flat=True))
    assert told == {cast.people["owner"].email, cast.people["pharmacist"].email}
    assert secret not in str(list(Mail.objects.values()))


def test_nothing_is_told_and_nothing_changed_where_no_key_works(cast, make_key):
    key, revoked = make_key("pharmacist", "rx:read")
    keys.revoke(cast.actor("pharmacist"), key.pk)
    key, expired = make_key("pharmacist", "rx:read")
    ApiKey.objects.filter(pk=key.pk).update(expires_at=real_now())
    working = make_key("pharmacist", "rx:read")[1]
    broken = working[:-1] + ("0" if working[-1] != "0" else "1")
    before = shop.all_there_is()
    for secret in (
        revoked,
        expired,
        keys._new_secret(Mode.LIVE),
        broken,
        "elm_nonsense",
        "",
        "\u0000",
        working.upper(),
    ):
        answer = report(secret)
        assert (answer.status_code, answer.content) == (202, b""), secret
    assert shop.all_there_is() == before
    assert Api(working).get("/me").status_code == 200


def test_twice_is_as_once(cast, make_key):
    _, secret = make_key("pharmacist", "rx:read")
    assert [report(secret).status_code for _ in range(2)] == [202, 202]
    assert Event.objects.filter(type="key.revoked").count() == 1
    assert Mail.objects.filter(template="key_leaked").count() == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_body"), (b"", 422, "validation_failed"), (b"[]", 422, "validation_failed"),
        (b'{"key": 1}', 422, "validation_failed"), (b'{"key": "x", "to": "y"}', 422, "validation_failed"),
        (b'{"key": "%s"}' % (b"x" * 201), 422, "validation_failed"),
    ],
)  # fmt: skip
def test_what_says_no_key_is_refused(cast, make_key, body, status, code):
    _, secret = make_key("pharmacist", "rx:read")
    before = shop.all_there_is()
    refusal(Api().call("POST", PATH, body), status, code)
    assert shop.all_there_is() == before
    assert Api(secret).get("/me").status_code == 200


def test_a_dry_run_changes_nothing_and_tells_nothing(cast, make_key):
    """It is answered as the report is, whatever was sent, and looks for no key: not even its time tells of one."""
    key, secret = make_key("pharmacist", "rx:read")
    before, read = shop.all_there_is(), ApiKey.objects.values().get(pk=key.pk)
    for found in (secret, keys._new_secret(Mode.LIVE), "elm_nonsense"):
        with CaptureQueriesContext(connection) as statements:
            answer = Api().client.post(
                f"/api/public/v1{PATH}?dry_run=true", {"key": found}, content_type="application/json"
            )
        assert not [one["sql"] for one in statements if ApiKey._meta.db_table in one["sql"]]
        assert (answer.status_code, answer.content, answer.headers["Dry-Run"]) == (202, b"", "true")
    assert (shop.all_there_is(), ApiKey.objects.values().get(pk=key.pk)) == (before, read)
    assert not Mail.objects.exists()
    refusal(Api().call("POST", f"{PATH}?dry_run=true", b"{"), 400, "malformed_body")
    assert Api(secret).get("/me").status_code == 200
    with CaptureQueriesContext(connection) as statements:
        assert "Dry-Run" not in report(secret).headers
    assert [one["sql"] for one in statements if ApiKey._meta.db_table in one["sql"]]
    refusal(Api(secret).get("/me"), 401, "invalid_key")


@pytest.mark.parametrize("query", ["dry_run=1", "dry_run=true&dry_run=true", "nonsense=1"])
def test_a_parameter_that_is_not_heeded_is_refused(cast, make_key, query):
    _, secret = make_key("pharmacist", "rx:read")
    refusal(Api().post(f"{PATH}?{query}", {"key": secret}), 400, "invalid_parameter")
    assert Api(secret).get("/me").status_code == 200


def test_other_methods(db):
    refusal(Api().get(PATH), 405, "method_not_allowed")
    assert Api().call("OPTIONS", PATH).headers["Allow"] == "OPTIONS, POST"


def test_counted_by_address(cast, make_key):
    _, secret = make_key("pharmacist", "rx:read")
    for _ in range(30):
        assert report("elm_nonsense", REMOTE_ADDR="198.51.100.9").status_code == 202
    answer = report(secret, REMOTE_ADDR="198.51.100.9")
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert int(answer.headers["Retry-After"]) == 60
    assert Api(secret).get("/me").status_code == 200
    assert report(secret, REMOTE_ADDR="198.51.100.10").status_code == 202
    refusal(Api(secret).get("/me"), 401, "invalid_key")


def test_described_as_open(db):
    from elmed.api.openapi import document

    assert document()["paths"][PATH]["post"]["security"] == []
