"""Idempotency-Key: the same request twice acts once, and is answered alike byte for byte; a refusal leaves the key free."""

from datetime import timedelta

import pytest

from elmed.access import keys
from elmed.accounts.actions import change_state
from elmed.accounts.models import AccountState
from elmed.api import idempotency
from elmed.api.models import IdempotencyRecord
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.events.models import AccessRecord
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.models import Dispense
from tests import factories as f
from tests.api.client import Api, refusal
from tests.prescriptions.attempts import everything


@pytest.fixture
def rx(cast):
    return f.verified(cast)


def one(rx, quantity="1"):
    return {"lines": [{"medication_id": f.first_line(rx), "quantity": quantity}]}


def same(before):
    """Nothing but the access record of looking again."""
    now = everything()
    return {name: rows for name, rows in now.items() if name != "AccessRecord"} == {
        name: rows for name, rows in before.items() if name != "AccessRecord"
    }


def test_twice_is_once(pharmacy, rx):
    first = pharmacy.dispense(rx, one(rx), key="order-1042")
    assert "Idempotency-Replayed" not in first.headers
    before, looked = everything(), AccessRecord.objects.count()
    for number in range(1, 4):
        again = pharmacy.dispense(rx, one(rx), key="order-1042")
        assert (again.status_code, again.content) == (200, first.content)
        assert again["Idempotency-Replayed"] == "true"
        assert AccessRecord.objects.count() == looked + number, "each look is recorded"
    assert same(before)
    assert Dispense.objects.count() == 1


def test_the_answer_stays_what_it_was(pharmacy, rx):
    first = pharmacy.dispense(rx, one(rx), key="a")
    pharmacy.dispense(rx)
    assert pharmacy.dispense(rx, one(rx), key="a").content == first.content
    reversed_ = pharmacy.post(
        f"/dispenses/{first.json()['dispense']['id']}/reverse",
        {"reason_code": "recorded_in_error"},
        headers={"Idempotency-Key": "a"},
    )
    assert reversed_.status_code == 200, "another path is another key"
    assert pharmacy.dispense(rx, one(rx), key="a").content == first.content


def test_without_a_key_twice_is_twice(pharmacy, rx):
    assert pharmacy.dispense(rx, one(rx)).status_code == pharmacy.dispense(rx, one(rx)).status_code == 200
    assert Dispense.objects.count() == 2
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize("key", ["a", "x" * 255, "~!@#$%^&*()'\"\\;--", "a b"])
def test_any_printable_key(pharmacy, rx, key):
    first = pharmacy.dispense(rx, one(rx), key=key)
    assert pharmacy.dispense(rx, one(rx), key=key).content == first.content
    assert (
        pharmacy.dispense(rx, one(rx), key=key + "x" if len(key) < 255 else "y").json()["dispense"]
        != first.json()["dispense"]
    )


def test_another_body_is_refused(pharmacy, rx):
    pharmacy.dispense(rx, one(rx), key="a")
    before = everything()
    for body in (one(rx, "2"), {}, None, b'{"lines": [{"quantity": "1", "medication_id": %d}]}' % f.first_line(rx)):
        refusal(pharmacy.dispense(rx, body, key="a"), 422, "idempotency_key_reused")
    assert everything() == before


def test_a_refusal_leaves_the_key_free(cast, pharmacy, rx):
    for body, status in ((one(rx, "22"), 409), ({"lines": []}, 422), (b"{", 400)):
        assert pharmacy.dispense(rx, body, key="a").status_code == status
    assert pharmacy.dispense(rx, one(rx), key="a", headers={"If-Match": '"1"'}).status_code == 412
    assert not IdempotencyRecord.objects.exists()
    assert pharmacy.dispense(rx, one(rx), key="a").status_code == 200
    assert Dispense.objects.count() == 1


def test_a_repeat_is_not_measured_against_the_new_version(pharmacy, rx):
    rx.refresh_from_db()
    tag = {"If-Match": f'"{rx.version}"'}
    first = pharmacy.dispense(rx, key="a", headers=tag)
    assert first.status_code == 200
    assert pharmacy.dispense(rx, key="a", headers=tag).content == first.content


def test_other_prescriptions_accounts_and_worlds_have_keys_of_their_own(cast, pharmacy, other_pharmacy, make_key, rx):
    pharmacy.dispense(rx, key="a")
    another = f.verified(cast)
    assert pharmacy.dispense(another, key="a").status_code == 200
    refusal(other_pharmacy.dispense(rx, key="a"), 404, "not_found")
    test = Api(make_key("pharmacist", "rx:dispense", "rx:read", mode=Mode.TEST)[1])
    refusal(test.dispense(rx, key="a"), 404, "not_found")
    assert Dispense.objects.count() == 2
    second_till = Api(make_key("owner", "rx:dispense", "rx:read", "patient:read")[1])
    assert second_till.dispense(rx, key="a")["Idempotency-Replayed"] == "true", (
        "it belongs to the account, not to one of its API keys"
    )


class TestAccessIsCheckedAgain:
    """What was once answered is not answered to somebody who may not ask any more."""

    def test_suspended(self, cast, pharmacy, rx):
        pharmacy.dispense(rx, key="a")
        change_state(
            cast.actor("staff"), cast.pharmacy.pk, AccountState.SUSPENDED, reason="Licence withdrawn", now=f.NOW
        )
        refusal(pharmacy.dispense(rx, key="a"), 403, "account_not_active")

    def test_not_visible_any_more(self, cast, pharmacy, rx):
        made = pharmacy.dispense(rx, key="a").json()["dispense"]
        pharmacy.post(f"/dispenses/{made['id']}/reverse", {"reason_code": "recorded_in_error"})
        return_(cast.actor("pharmacist"), rx.pk, reason="Out of stock", now=real_now())
        before = everything()
        refusal(pharmacy.dispense(rx, key="a"), 404, "not_found")
        assert everything() == before

    def test_by_a_weaker_key(self, pharmacy, make_key, rx):
        pharmacy.dispense(rx, key="a")
        refusal(Api(make_key("pharmacist", "rx:read")[1]).dispense(rx, key="a"), 403, "insufficient_scope")

    def test_by_a_revoked_key(self, cast, make_key, rx):
        key, secret = make_key("pharmacist", "rx:dispense")
        Api(secret).dispense(rx, key="a")
        keys.revoke(cast.actor("owner"), key.pk)
        refusal(Api(secret).dispense(rx, key="a"), 401, "invalid_key")


def test_kept_for_24_hours(pharmacy, rx):
    first = pharmacy.dispense(rx, one(rx), key="a")
    IdempotencyRecord.objects.update(created_at=real_now() - timedelta(hours=23, minutes=59))
    assert pharmacy.dispense(rx, one(rx), key="a").content == first.content
    IdempotencyRecord.objects.update(created_at=real_now() - timedelta(hours=24, seconds=1))
    fresh = pharmacy.dispense(rx, one(rx), key="a")
    assert fresh.status_code == 200
    assert fresh.json()["dispense"]["id"] != first.json()["dispense"]["id"]
    assert IdempotencyRecord.objects.count() == 1


def test_the_worker_forgets_old_ones(pharmacy, rx):
    pharmacy.dispense(rx, one(rx), key="a")
    pharmacy.dispense(rx, one(rx), key="b")
    IdempotencyRecord.objects.filter(key="a").update(created_at=real_now() - timedelta(hours=25))
    assert idempotency.purge(real_now()) == 1
    assert IdempotencyRecord.objects.get().key == "b"


def test_it_means_nothing_on_a_read(pharmacy, rx):
    for _ in range(2):
        assert (
            "Idempotency-Replayed"
            not in pharmacy.get(f"/prescriptions/{rx.pk}", headers={"Idempotency-Key": "a"}).headers
        )
    assert not IdempotencyRecord.objects.exists()
