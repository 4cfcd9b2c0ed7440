"""POST /prescriptions/{id}/dispense and /dispenses/{id}/reverse: the guide's call, parts, batches, references, reversals."""

import time
from datetime import datetime, timedelta

import pytest

from elmed.access.visibility import visible
from elmed.api import endpoint
from elmed.core.clock import real_now, rfc3339
from elmed.events.models import Event
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.models import Dispense, Prescription
from tests import factories as f
from tests.api.client import Api, refusal
from tests.prescriptions.attempts import everything


@pytest.fixture
def rx(cast):
    return f.verified(cast, lines=(f.AMOXICILLIN, f.RAMIPRIL))


@pytest.fixture
def lines(rx):
    return [line.pk for line in rx.lines.all()]


def line(medication_id, quantity, **more):
    return {"medication_id": medication_id, "quantity": quantity, **more}


def quantities(dispense):
    return [(row["medication_id"], row["quantity"]) for row in dispense["lines"]]


@pytest.mark.parametrize("body", [None, {}, {"note": "whole"}, b"{ }"], ids=["no body", "{}", "no lines", "spaced"])
def test_without_lines_it_is_all_that_remains(pharmacy, rx, lines, body):
    said = pharmacy.dispense(rx, body).json()
    assert quantities(said["dispense"]) == [(lines[0], "21"), (lines[1], "28")]
    assert said["prescription"]["status"] == "dispensed"
    assert said["prescription"]["version"] == rx.version + 1
    assert said["prescription"] == pharmacy.get(f"/prescriptions/{rx.pk}").json()
    assert said["dispense"] == pharmacy.get(f"/dispenses/{said['dispense']['id']}").json()
    events = Event.objects.filter(prescription_id=rx.pk, type="prescription.dispensed")
    assert [(event.source, event.version, event.actor_account_id) for event in events] == [
        ("api", rx.version + 1, said["dispense"]["pharmacy"]["id"])
    ]
    before = everything()
    no = refusal(pharmacy.dispense(rx, body), 409, "invalid_status")
    assert (no["current_status"], no["allowed_actions"]) == ("dispensed", ["reverse"])
    assert everything() == before


def test_a_slow_body_is_dated_when_it_was_there(pharmacy, rx, monkeypatch):
    whole = []

    def slowly(request):
        time.sleep(0.3)
        whole.append(real_now())
        return b""

    monkeypatch.setattr(endpoint, "read_bytes", slowly)
    changed = pharmacy.dispense(rx).json()["prescription"]["updated_at"]
    assert abs(datetime.fromisoformat(changed) - whole[0]) < timedelta(seconds=0.1)


def test_a_part_and_then_the_rest(pharmacy, rx, lines):
    first = pharmacy.dispense(rx, {"lines": [line(lines[0], "0.5")]}).json()
    assert first["prescription"]["status"] == "partially_dispensed"
    assert [row["quantity_remaining"] for row in first["prescription"]["medications"]] == ["20.5", "28"]
    rest = pharmacy.dispense(rx).json()
    assert quantities(rest["dispense"]) == [(lines[0], "20.5"), (lines[1], "28")]
    assert rest["prescription"]["status"] == "dispensed"
    assert [row["quantity_remaining"] for row in rest["prescription"]["medications"]] == ["0", "0"]


def test_two_batches_of_one_line(pharmacy, rx, lines):
    sent = [
        line(lines[0], "14", batch_number="A1", expiry_date="2099-12-31", product_sku="AMX-14"),
        line(
            lines[0],
            "7",
            batch_number="B2",
            expiry_date="2098-01-31",
            substituted=True,
            substitution_reason="Brand out of stock",
        ),
    ]
    said = pharmacy.dispense(
        rx, {"lines": sent, "receiver": "Cara's son", "external_reference": "1042", "note": "by bike"}
    ).json()
    defaults = {"product_sku": None, "substituted": False, "substitution_reason": None}
    assert said["dispense"]["lines"] == [defaults | sent[0], defaults | sent[1]]
    assert {name: said["dispense"][name] for name in ("receiver", "external_reference", "note", "source")} == {
        "receiver": "Cara's son", "external_reference": "1042", "note": "by bike", "source": "api",
    }  # fmt: skip
    assert said["dispense"]["by"]["type"] == "key"
    assert said["prescription"]["medications"][0]["quantity_dispensed"] == "21"


@pytest.mark.parametrize("amounts", [["21.001"], ["1000000"], ["20", "1.001"], ["21", "21"]])
def test_more_than_is_left(pharmacy, rx, lines, amounts):
    before = everything()
    no = refusal(
        pharmacy.dispense(rx, {"lines": [line(lines[0], amount) for amount in amounts]}), 409, "quantity_unavailable"
    )
    assert (no["medication_id"], no["quantity_available"], no["current_status"]) == (lines[0], "21", "verified")
    assert everything() == before


def test_when_it_was_handed_over(pharmacy, rx, lines):
    """Any spelling of RFC 3339; not before it was issued, not in the future beyond a clock's error."""
    moment = (real_now() - timedelta(hours=1)).replace(microsecond=123456)
    local = (moment + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.%f+02:00")
    for text in (rfc3339(moment), local, rfc3339(moment).lower(), rfc3339(moment).replace("Z", "789Z")):
        said = pharmacy.dispense(rx, {"lines": [line(lines[0], "1")], "handed_over_at": text}).json()
        assert said["dispense"]["handed_over_at"] == rfc3339(moment), text
    soon = pharmacy.dispense(
        rx, {"lines": [line(lines[0], "1")], "handed_over_at": rfc3339(real_now() + timedelta(minutes=1))}
    )
    assert soon.json()["dispense"]["handed_over_at"] <= soon.json()["dispense"]["recorded_at"]
    null = pharmacy.dispense(rx, {"lines": [line(lines[0], "1")], "handed_over_at": None, "note": None})
    assert null.json()["dispense"]["handed_over_at"] == null.json()["dispense"]["recorded_at"]
    before = everything()
    for text, code in (
        (rfc3339(real_now() + timedelta(minutes=3)), "in_the_future"),
        (rfc3339(rx.issued_at - timedelta(seconds=1)), "before_issue"),
    ):
        no = refusal(pharmacy.dispense(rx, {"handed_over_at": text}), 422, "validation_failed")
        assert [(error["pointer"], error["code"]) for error in no["errors"]] == [("/handed_over_at", code)]
    assert everything() == before


def test_a_hand_over_from_before_the_end_is_reported_after_it(cast, pharmacy, rx):
    ended = real_now() - timedelta(hours=1)
    Prescription.objects.filter(pk=rx.pk).update(expires_at=ended)
    refusal(pharmacy.dispense(rx), 409, "expired")
    refusal(pharmacy.dispense(rx, {"handed_over_at": rfc3339(ended + timedelta(seconds=1))}), 409, "expired")
    said = pharmacy.dispense(rx, {"handed_over_at": rfc3339(ended - timedelta(seconds=1))}).json()
    assert said["prescription"]["status"] == "dispensed"


def test_an_own_number_once(cast, pharmacy, rx, lines):
    sent = {"lines": [line(lines[0], "1")], "external_reference": "1042"}
    made = pharmacy.dispense(rx, sent).json()["dispense"]
    before = everything()
    no = refusal(pharmacy.dispense(rx, sent), 409, "external_reference_used")
    assert (no["dispense_id"], no["reservation_id"]) == (made["id"], None)
    assert everything() == before
    assert pharmacy.dispense(rx, sent | {"external_reference": "1043"}).status_code == 200
    another = f.verified(cast)
    assert pharmacy.dispense(another, {"external_reference": "1042"}).status_code == 200, "of another prescription"
    pharmacy.post(f"/dispenses/{made['id']}/reverse", {"reason_code": "recorded_in_error"})
    assert pharmacy.dispense(rx, sent).status_code == 200, "free again once it was reversed"


def test_what_the_doctor_and_the_date_forbid(cast, pharmacy):
    strict = f.DraftLine("x", "y", 5000, "tablet", substitution_allowed=False, substitution_reason="Allergy")
    rx = f.verified(cast, lines=(strict,))
    first = f.first_line(rx)
    before = everything()
    no = refusal(
        pharmacy.dispense(rx, {"lines": [line(first, "1", substituted=True)]}), 409, "substitution_not_allowed"
    )
    assert no["medication_id"] == first
    yesterday = (real_now() - timedelta(days=2)).date().isoformat()
    for expiry in (yesterday, "0001-01-01"):
        refusal(pharmacy.dispense(rx, {"lines": [line(first, "1", expiry_date=expiry)]}), 409, "batch_expired")
    assert everything() == before
    assert pharmacy.dispense(rx, {"lines": [line(first, "1", expiry_date="9999-12-31")]}).status_code == 200


@pytest.mark.parametrize("state", ["pending_review", "issued", "rejected", "cancelled", "stopped", "entered_in_error"])
def test_not_from_there(cast, pharmacy, doctor, state):
    rx = getattr(f, state)(cast)
    before = everything()
    answer = pharmacy.dispense(rx)
    assert answer.status_code == (404 if state == "issued" else 409)
    refusal(doctor.dispense(rx), 403, "insufficient_scope")
    assert everything() == before


@pytest.mark.parametrize("key", [None, "order-7"])
def test_a_broken_seal_is_never_supplied_and_staff_are_told_once(
    pharmacy, rx, cast, key, django_capture_on_commit_callbacks, mailoutbox
):
    rx.lines.update(dosage_text="Take all at once")
    before = everything(but_events=True)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            refusal(pharmacy.dispense(rx, key=key), 409, "signature_invalid")
    told = Event.objects.get(type="prescription.signature_invalid")
    assert told.prescription_id == rx.pk
    assert list(told.listings.values_list("account_id", flat=True)) == [cast.staff.pk]
    assert [mail.to for mail in mailoutbox] == [["support@elmed.healthcare"]]
    assert str(rx.pk) in mailoutbox[0].body
    assert everything(but_events=True) == before


class TestWithoutReadScope:
    """A key that only dispenses learns the state, and nothing that it could not read."""

    @pytest.fixture
    def till(self, make_key):
        return Api(make_key("pharmacist", "rx:dispense")[1])

    def test_it_sees_the_state_alone(self, till, rx):
        rx.refresh_from_db()
        said = till.dispense(rx, key="1042").json()
        assert said["prescription"] == {"id": rx.pk, "status": "dispensed", "version": rx.version + 1}
        refusal(till.get(f"/prescriptions/{rx.pk}"), 403, "insufficient_scope")
        back = till.post(f"/dispenses/{said['dispense']['id']}/reverse", {"reason_code": "recorded_in_error"}).json()
        assert back["prescription"] == {"id": rx.pk, "status": "verified", "version": rx.version + 2}

    def test_nor_does_it_by_repeating_what_another_key_did(self, pharmacy, till, rx):
        whole = pharmacy.dispense(rx, key="1042")
        again = till.dispense(rx, key="1042")
        assert again["Idempotency-Replayed"] == "true"
        assert again.json()["prescription"].keys() == {"id", "status", "version"}
        assert again.json()["dispense"] == whole.json()["dispense"]
        assert pharmacy.dispense(rx, key="1042").content == whole.content


class TestReverse:
    """Within 72 hours, the newest issue, once, with a reason."""

    def take_back(self, api, dispense_id, reason="recorded_in_error", **more):
        return api.post(f"/dispenses/{dispense_id}/reverse", {"reason_code": reason, **more})

    @pytest.fixture
    def supplied(self, pharmacy, rx):
        return pharmacy.dispense(rx).json()["dispense"]

    @pytest.mark.parametrize("reason,status,remaining", [
        ("recorded_in_error", "verified", "21"), ("never_left_pharmacy", "verified", "21"),
        ("returned_unopened", "verified", "21"), ("returned_unusable", "dispensed", "0"),
    ])  # fmt: skip
    def test_the_whole(self, pharmacy, supplied, lines, reason, status, remaining):
        said = self.take_back(pharmacy, supplied["id"], reason).json()
        assert said["prescription"]["status"] == status
        assert said["prescription"]["medications"][0]["quantity_remaining"] == remaining
        reversal = said["dispense"]["reversal"]
        assert reversal["reason_code"] == reason
        assert reversal["lines"] == [line(lines[0], "21"), line(lines[1], "28")]
        assert reversal["by"] == supplied["by"]
        before = everything()
        refusal(self.take_back(pharmacy, supplied["id"], reason), 409, "already_reversed")
        assert everything() == before

    def test_a_part(self, pharmacy, supplied, lines):
        said = self.take_back(pharmacy, supplied["id"], "returned_unopened", lines=[line(lines[0], "0.5")]).json()
        assert said["dispense"]["reversal"]["lines"] == [line(lines[0], "0.5")]
        assert said["prescription"]["status"] == "partially_dispensed"
        assert said["prescription"]["medications"][0]["quantity_remaining"] == "0.5"
        assert quantities(pharmacy.dispense(Prescription.objects.get()).json()["dispense"]) == [(lines[0], "0.5")]

    def test_after_72_hours_it_is_for_staff(self, cast, pharmacy, admin, supplied):
        Dispense.objects.update(created_at=real_now() - timedelta(hours=72, seconds=1))
        before = everything()
        no = refusal(self.take_back(pharmacy, supplied["id"]), 409, "not_reversible")
        assert no["allowed_actions"] == []
        assert everything() == before
        assert admin.get(f"/prescriptions/{supplied['prescription_id']}").json()["allowed_actions"] == ["reverse"]
        assert self.take_back(admin, supplied["id"]).json()["prescription"]["status"] == "verified"
        no = refusal(self.take_back(admin, supplied["id"]), 409, "already_reversed")
        assert set(no.get("allowed_actions", [])) <= {"dispense", "reverse"}

    def test_not_by_others(self, cast, doctor, other_pharmacy, supplied):
        before = everything()
        refusal(self.take_back(other_pharmacy, supplied["id"]), 404, "not_found")
        refusal(self.take_back(doctor, supplied["id"]), 403, "insufficient_scope")
        assert everything() == before

    def test_a_former_supplier_takes_back_and_is_gone(self, cast, pharmacy, other_pharmacy):
        rx = f.partially_dispensed(cast, now=real_now() - timedelta(hours=1))
        dispense = rx.dispenses.get()
        now = real_now()
        return_(cast.actor("pharmacist"), rx.pk, reason="Out of stock", now=now)
        route(cast.actor("doctor"), rx.pk, pharmacy_id=cast.other_pharmacy.pk, now=now)
        refusal(self.take_back(other_pharmacy, dispense.pk), 409, "not_reversible")
        said = self.take_back(pharmacy, dispense.pk).json()
        assert said["prescription"] is None
        assert said["dispense"]["reversal"]["reason_code"] == "recorded_in_error"
        refusal(pharmacy.get(f"/prescriptions/{rx.pk}"), 404, "not_found")
        assert pharmacy.get("/prescriptions").json()["data"] == []
        assert pharmacy.get(f"/dispenses/{dispense.pk}").json() == said["dispense"], "its own record stays readable"
        assert not visible(cast.actor("pharmacist"), Prescription).exists()


def test_a_closed_line_is_not_supplied_by_the_guides_call(cast, pharmacy, rx, lines):
    from elmed.prescriptions.actions.close_line import close_line

    pharmacy.dispense(rx, {"lines": [line(lines[0], "1")]})
    close_line(cast.actor("pharmacist"), rx.pk, line_id=lines[0], reason="Patient stopped it", now=real_now())
    said = pharmacy.dispense(rx).json()
    assert quantities(said["dispense"]) == [(lines[1], "28")]
    assert said["prescription"]["status"] == "dispensed"


def test_what_others_reserved_is_not_ours(pharmacy, rx, lines):
    rx.lines.filter(pk=lines[0]).update(reserved_milli=20500)
    before = everything()
    refusal(pharmacy.dispense(rx, {"lines": [line(lines[0], "0.501")]}), 409, "quantity_unavailable")
    assert everything() == before
    assert quantities(pharmacy.dispense(rx).json()["dispense"]) == [(lines[0], "0.5"), (lines[1], "28")]
    read = pharmacy.get(f"/prescriptions/{rx.pk}").json()
    assert (read["medications"][0]["quantity_remaining"], read["medications"][0]["quantity_reserved"]) == (
        "20.5",
        "20.5",
    )
    assert read["allowed_actions"] == ["reverse"]
    refusal(pharmacy.dispense(rx), 409, "quantity_unavailable")
