"""Requests that are wrong in several ways at once: which error wins is promised. 401, 429, 400, 403, 404, 422, 409 or 412."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from elmed.access.models import ApiKey
from elmed.accounts.actions import change_state
from elmed.accounts.models import AccountState
from elmed.api.endpoint import ENDPOINTS
from elmed.core.clock import real_now
from tests import factories as f
from tests.api import shop
from tests.api.client import Api, refusal
from tests.prescriptions.attempts import everything

WRONG_BODY = {"lines": [{"medication_id": 1, "quantity": "1.0"}]}


@pytest.fixture
def rx(cast):
    """Nothing can be dispensed of it: it is dispensed."""
    return f.dispensed(cast)


@pytest.fixture
def till(make_key):
    """A key of the first pharmacy, limited to the address 203.0.113.7, without any scope that helps."""

    def make(*scopes, limit=120, ips=("203.0.113.7",)):
        key, secret = make_key("pharmacist", *scopes, allowed_ips=list(ips))
        ApiKey.objects.filter(pk=key.pk).update(requests_per_minute=limit)
        return key, Api(secret)

    return make


def suspend(cast):
    change_state(cast.actor("staff"), cast.pharmacy.pk, AccountState.SUSPENDED, reason="Licence withdrawn", now=f.NOW)


def test_each_mistake_in_turn(cast, rx, till):
    """One request with every mistake; mended one by one, each shows the next."""
    key, api = till("patient:read", limit=1)
    suspend(cast)
    before = everything()
    elsewhere = "/prescriptions/999999999/dispense"
    bad = {"If-Match": "x"}

    anonymous = Api()
    refusal(anonymous.post(f"{elsewhere}?x=1", b"{", headers=bad), 401, "missing_key")
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=real_now())
    refusal(api.post(f"{elsewhere}?x=1", b"{", headers=bad), 401, "invalid_key")
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=None)
    refusal(api.post(f"{elsewhere}?x=1", b"{", headers=bad), 400, "malformed_body")
    refusal(api.post(f"{elsewhere}?x=1", b"{", headers=bad), 429, "rate_limited")
    ApiKey.objects.filter(pk=key.pk).update(requests_per_minute=120)
    refusal(api.post(f"{elsewhere}?x=1", WRONG_BODY, headers=bad), 400, "invalid_parameter")
    refusal(api.post(elsewhere, WRONG_BODY, headers=bad), 400, "invalid_if_match")
    refusal(api.post(elsewhere, WRONG_BODY, headers={"Idempotency-Key": ""}), 400, "invalid_idempotency_key")
    assert api.post(elsewhere, WRONG_BODY).status_code == 403
    refusal(api.post(elsewhere, WRONG_BODY), 403, "ip_not_allowed")
    from_the_shop = {"REMOTE_ADDR": "203.0.113.7"}
    refusal(api.post(elsewhere, WRONG_BODY, **from_the_shop), 403, "account_not_active")
    assert everything() == before
    change_state(cast.actor("staff"), cast.pharmacy.pk, AccountState.VERIFIED, now=f.NOW)
    before = everything()
    no = refusal(api.post(elsewhere, WRONG_BODY, **from_the_shop), 403, "insufficient_scope")
    assert no["needed_scopes"] == ["rx:dispense", "shop"]
    ApiKey.objects.filter(pk=key.pk).update(scopes=["rx:dispense", "rx:read"])
    refusal(api.post(elsewhere, WRONG_BODY, **from_the_shop), 404, "not_found")
    here = f"/prescriptions/{rx.pk}/dispense"
    stale = {"If-Match": '"1"'}
    refusal(api.post(here, WRONG_BODY, headers=stale, **from_the_shop), 422, "validation_failed")
    no = refusal(api.post(here, headers=stale, **from_the_shop), 409, "invalid_status")
    assert (no["current_status"], no["allowed_actions"]) == ("dispensed", ["reverse"])
    assert everything() == before


def test_each_mistake_in_turn_at_a_shops_check(cast, rx, till):
    """What depends on the body, the proof, comes after the body itself."""
    key, api = till("inventory:write", limit=1)
    suspend(cast)
    path, bad = "/prescriptions/check", {"If-Match": "x"}
    wrong = {"reference": "x", "date_of_birth": "3 February", "lines": [], "reserve": True}
    before = shop.all_there_is()
    refusal(Api().post(f"{path}?x=1", b"{", headers=bad), 401, "missing_key")
    refusal(api.post(f"{path}?x=1", b"{", headers=bad), 400, "malformed_body")
    refusal(api.post(f"{path}?x=1", b"{", headers=bad), 429, "rate_limited")
    ApiKey.objects.filter(pk=key.pk).update(requests_per_minute=120)
    refusal(api.post(path, b"{}", media="text/plain", headers=bad), 415, "unsupported_media_type")
    refusal(api.post(f"{path}?x=1", wrong, headers=bad), 400, "invalid_parameter")
    refusal(api.post(path, wrong, headers=bad), 400, "invalid_if_match")
    refusal(api.post(path, wrong), 403, "ip_not_allowed")
    from_the_shop = {"REMOTE_ADDR": "203.0.113.7"}
    refusal(api.post(path, wrong, **from_the_shop), 403, "account_not_active")
    change_state(cast.actor("staff"), cast.pharmacy.pk, AccountState.VERIFIED, now=f.NOW)
    no = refusal(api.post(path, wrong, **from_the_shop), 403, "insufficient_scope")
    assert no["needed_scopes"] == ["rx:read", "shop"]
    ApiKey.objects.filter(pk=key.pk).update(scopes=["rx:read"])
    refusal(api.post(path, wrong, **from_the_shop), 422, "validation_failed")
    mended = wrong | {"date_of_birth": "1961-02-03", "lines": [{"sku": "A", "quantity": "1"}]}
    no = refusal(api.post(path, mended, **from_the_shop), 403, "insufficient_scope")
    assert no["needed_scopes"] == ["rx:dispense", "shop"], "to keep it, one more"
    ApiKey.objects.filter(pk=key.pk).update(scopes=["shop"])
    clinical = ("Event", "EventListing", "EventCounter", "AccessRecord", "ProofTries")  # the account's two states
    refusal(api.post(path, mended, **from_the_shop), 404, "no_matching_prescription")
    after = shop.all_there_is(but=clinical)
    assert after == {name: rows for name, rows in before.items() if name not in clinical}


def test_each_mistake_in_turn_at_a_reservation(cast, pharmacy, other_pharmacy):
    shop.product(cast)
    rx = f.verified(cast)
    kept = pharmacy.post("/prescriptions/check", shop.basket(rx, reserve=True)).json()["reservation_id"]
    pharmacy.call("DELETE", f"/reservations/{kept}")
    before = shop.all_there_is()
    path, wrong, right = f"/reservations/{kept}/confirm", {"external_reference": 1}, {"external_reference": "1042"}
    refusal(other_pharmacy.post(path, wrong), 404, "not_found")
    refusal(pharmacy.post(path, wrong), 422, "validation_failed")
    refusal(pharmacy.post(path, right), 409, "reservation_freed")
    assert shop.all_there_is() == before


def test_412_where_everything_else_is_right(cast, pharmacy):
    rx = f.verified(cast)
    before = everything()
    for tag in ('"1"', f'"{rx.version + 1}"', f'"{rx.version - 1}-0123456789abcdef"'):
        no = refusal(pharmacy.dispense(rx, headers={"If-Match": tag}), 412, "version_conflict")
        assert no["current_version"] == rx.version
    assert everything() == before


def test_a_test_key_that_is_used_up_is_told_so_before_anything_else(rx, till):
    _, api = till("rx:dispense", limit=1)
    api.get("/me")
    refusal(api.post(f"/prescriptions/{rx.pk}/dispense", b"\xff", media="text/plain"), 429, "rate_limited")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_another_method(rx, pharmacy, method):
    before = everything()
    for path in ("/me", "/prescriptions", f"/prescriptions/{rx.pk}", f"/patients/{rx.patient_id}"):
        answer = pharmacy.call(method, path, {"status": "verified"})
        refusal(answer, 405, "method_not_allowed")
        assert answer["Allow"] == "GET, HEAD, OPTIONS"
    if method != "POST":
        answer = pharmacy.call(method, f"/prescriptions/{rx.pk}/dispense")
        refusal(answer, 405, "method_not_allowed")
        assert answer["Allow"] == "OPTIONS, POST"
    assert everything() == before


def test_a_writing_address_cannot_be_read(rx, pharmacy):
    for method in ("GET", "HEAD"):
        answer = pharmacy.call(method, f"/prescriptions/{rx.pk}/dispense")
        assert (answer.status_code, answer["Allow"]) == (405, "OPTIONS, POST")


def test_options_says_what_there_is_and_needs_no_key(rx):
    answer = Api().call("OPTIONS", f"/prescriptions/{rx.pk}")
    assert (answer.status_code, answer["Allow"], answer.content) == (204, "GET, HEAD, OPTIONS", b"")


def test_head_is_get_without_its_body(rx, pharmacy):
    got, head = (pharmacy.call(method, f"/prescriptions/{rx.pk}") for method in ("GET", "HEAD"))
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", got["ETag"])


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/nothing",
        "/prescriptions/",
        "/prescriptions//",
        "/prescriptions/1/",
        "/prescriptions/1/verify",
        "/v2/me",
        "/../me",
    ],
)
def test_an_address_that_does_not_exist(pharmacy, path):
    refusal(pharmacy.get(path), 404, "not_found")
    refusal(pharmacy.post(path), 404, "not_found")
    refusal(Api().get(path), 401, "missing_key")


def test_outside_the_version(pharmacy):
    answer = pharmacy.client.get("/api/public/v2/me", headers=pharmacy.headers)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


class Away:
    """A database that has gone: every statement fails, and so does every attempt to connect again."""

    def __init__(self, error):
        self.error = error

    def __call__(self, *_args, **_kwargs):
        raise self.error


GONE = [
    OperationalError("server closed the connection unexpectedly: host=db.internal"),
    InterfaceError("connection already closed"),
]


@pytest.mark.parametrize("error", GONE, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "method,path", [("GET", "/me"), ("GET", "/prescriptions"), ("POST", "/prescriptions/1/dispense")]
)
def test_the_database_is_away(pharmacy, error, method, path):
    with connection.execute_wrapper(Away(error)):
        answer = pharmacy.call(method, path)
    no = refusal(answer, 503, "unavailable")
    assert "db.internal" not in str(no)
    assert pharmacy.get("/me").status_code == 200


def test_the_database_goes_away_after_the_key_was_looked_up(rx, pharmacy, monkeypatch):
    from elmed.api.v1 import prescription_read

    monkeypatch.setattr(prescription_read, "one", Away(GONE[0]))
    refusal(pharmacy.get(f"/prescriptions/{rx.pk}"), 503, "unavailable")


def test_one_of_two_that_waited_for_each_other_is_told_to_come_again(rx, pharmacy, monkeypatch):
    from elmed.api.v1 import prescription_read

    deadlock = OperationalError("deadlock detected")
    deadlock.__cause__ = type("DeadlockDetected", (Exception,), {"sqlstate": "40P01"})()
    monkeypatch.setattr(prescription_read, "one", Away(deadlock))
    answer = pharmacy.get(f"/prescriptions/{rx.pk}")
    no = refusal(answer, 503, "unavailable")
    assert "another request" in no["detail"]
    assert answer["Retry-After"] == "1"


@pytest.mark.parametrize(
    "error", [ValueError("Cara Dean, 1961-02-03"), DatabaseError("Cara Dean"), KeyError("secret"), RecursionError()]
)
def test_a_fault_of_ours_says_nothing(cast, pharmacy, monkeypatch, caplog, error):
    from elmed.api.v1 import prescriptions

    rx = f.verified(cast)
    before = everything()
    monkeypatch.setattr(prescriptions, "dispense_act", Away(error))
    answer = pharmacy.dispense(rx, key="a")
    no = refusal(answer, 500, "internal_error")
    assert no.keys() == {"type", "title", "status", "detail", "code", "request_id"}
    assert "Cara" not in answer.content.decode()
    assert no["request_id"] in caplog.text
    assert everything() == before
    monkeypatch.undo()
    assert pharmacy.dispense(rx, key="a").status_code == 200, "the key of a failed request stays free"


def test_a_request_id_is_never_taken_from_outside(pharmacy):
    first, second = (pharmacy.get("/me", headers={"X-Request-Id": "mine"}) for _ in range(2))
    assert len({first["X-Request-Id"], second["X-Request-Id"], "mine"}) == 3


def test_an_overdue_one_is_expired_first_and_that_is_all_a_refusal_leaves(cast, pharmacy):
    rx = f.verified(cast)
    type(rx).objects.filter(pk=rx.pk).update(expires_at=real_now() - timedelta(minutes=1))
    no = refusal(pharmacy.dispense(rx, key="late"), 409, "expired")
    assert no["current_status"] == "expired"
    read = pharmacy.get(f"/prescriptions/{rx.pk}").json()
    assert (read["status"], read["version"], read["allowed_actions"]) == ("expired", rx.version + 1, [])
    refusal(pharmacy.dispense(rx, key="late"), 409, "expired")
    assert pharmacy.get(f"/prescriptions/{rx.pk}").json()["version"] == rx.version + 1


def test_every_endpoint_is_private_and_never_stored(cast, pharmacy):
    rx = f.verified(cast)
    assert {one.path for one in ENDPOINTS}
    for path in ("/me", "/prescriptions", f"/prescriptions/{rx.pk}", "/prescriptions/0"):
        assert pharmacy.get(path)["Cache-Control"] in ("private, no-store", "private, no-cache")
