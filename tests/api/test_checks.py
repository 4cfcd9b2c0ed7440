"""POST /prescriptions/check and /route: the shopper's proof through the API, and what it never tells."""

import json
from datetime import timedelta

import pytest
from django.core import mail

from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.events.models import AccessRecord, Event
from elmed.inventory.models import Product
from elmed.notifications.send import send_due
from elmed.prescriptions import reference as references
from elmed.prescriptions.models import Prescription, PrescriptionLine, ProofTries, Reservation
from tests import factories as f
from tests.api import shop
from tests.api.client import Api, refusal
from tests.cast import NOW

CHECK, ROUTE = "/prescriptions/check", "/prescriptions/route"
WRONG = "1970-01-01"
LOOKED_AT = ("AccessRecord", "ProofTries")


@pytest.fixture
def rx(cast):
    """21 capsules, checked by the pharmacist; the catalogue has packs of 7."""
    shop.product(cast)
    return f.verified(cast)


def reserved(rx):
    return list(PrescriptionLine.objects.filter(prescription=rx).values_list("reserved_milli", flat=True))


def looks():
    return list(AccessRecord.objects.filter(source="api").order_by("pk").values_list("action", "patients__patient_id"))


class TestCheck:
    """What it answers."""

    def test_a_basket_that_is_covered(self, webshop, rx):
        before = shop.all_there_is(but=LOOKED_AT)
        said = webshop.post(CHECK, shop.basket(rx, ("AMOX-7", "3"))).json()
        line = {"sku": "AMOX-7", "quantity": "3", "medication_id": f.first_line(rx), "ok": True, "reason": None}
        assert said == {"prescription_id": rx.pk, "lines": [line], "reservation_id": None, "reserved_until": None}
        assert looks() == [("prescription.check", rx.patient_id)]
        assert shop.all_there_is(but=LOOKED_AT) == before, "a look reserves nothing"

    def test_each_line_says_its_own_reason(self, cast, webshop, rx):
        shop.product(cast, shop.PLASTERS)
        wanted = (("AMOX-7", "2"), ("AMOX-7", "1.5"), ("PLASTER", "1"), ("no such", "1"), ("x" * 200, "1"))
        said = webshop.post(CHECK, shop.basket(rx, *wanted, reserve=True)).json()
        assert [(line["ok"], line["reason"]) for line in said["lines"]] == [
            (True, None), (False, "too_much"), (False, "not_covered"), (False, "not_covered"), (False, "not_covered"),
        ]  # fmt: skip
        assert (said["reservation_id"], said["reserved_until"], reserved(rx)) == (None, None, [0]), (
            "all of them or none"
        )

    def test_the_answer_says_nothing_medical(self, webshop, rx):
        answer = webshop.post(CHECK, shop.basket(rx, reserve=True)).content.decode()
        row = Prescription.objects.get(pk=rx.pk)
        for secret in (
            row.patient.family_name,
            row.reference,
            shop.BORN,
            "bronchitis",
            "J20.9",
            "moxicillin",
            "capsule",
            "J01CA04",
        ):
            assert secret not in answer
        assert row.patient.given_name not in answer

    @pytest.mark.parametrize(
        "make,reason",
        [
            (f.pending_review, "awaiting_pharmacist"), (f.issued, "not_routed_here"), (f.dispensed, "already_dispensed"),
            (f.rejected, "not_active"),
        ],
    )  # fmt: skip
    def test_by_status(self, cast, webshop, make, reason):
        shop.product(cast)
        rx = make(cast)
        said = webshop.post(CHECK, shop.basket(rx, reserve=True)).json()
        assert [line["reason"] for line in said["lines"]] == [reason]
        assert (said["reservation_id"] is not None) == (reason == "awaiting_pharmacist")

    def test_an_overdue_one_is_expired_by_the_look(self, webshop, rx):
        Prescription.objects.filter(pk=rx.pk).update(expires_at=real_now() - timedelta(minutes=1))
        said = webshop.post(CHECK, shop.basket(rx)).json()
        assert said["lines"][0]["reason"] == "expired"
        assert Prescription.objects.get(pk=rx.pk).status == "expired"

    def test_the_reference_however_it_is_written(self, webshop, rx):
        bare = rx.reference.replace("-", "")
        for spelling in (bare.lower(), f" {rx.reference} ", bare.replace("0", "o").replace("1", "l")):
            assert webshop.post(CHECK, shop.basket(rx) | {"reference": spelling}).status_code == 200


class TestReserve:
    """`reserve: true`."""

    def test_it_is_kept_for_15_minutes(self, webshop, rx):
        began = real_now()
        said = webshop.post(CHECK, shop.basket(rx, ("AMOX-7", "2"), reserve=True)).json()
        row = Reservation.objects.get()
        assert (said["reservation_id"], reserved(rx)) == (row.pk, [14_000])
        assert timedelta(minutes=15) <= row.reserved_until - began < timedelta(minutes=16)
        now = Prescription.objects.get(pk=rx.pk)
        assert (now.status, now.version) == ("verified", rx.version), "it changes neither status nor version"

    def test_the_others_are_told_and_so_is_the_counter(self, webshop, pharmacy, rx):
        webshop.post(CHECK, shop.basket(rx, ("AMOX-7", "2"), reserve=True))
        said = webshop.post(CHECK, shop.basket(rx, ("AMOX-7", "2"), reserve=True)).json()
        assert (said["lines"][0]["reason"], said["reservation_id"]) == ("reserved", None)
        assert pharmacy.get(f"/prescriptions/{rx.pk}").json()["medications"][0]["quantity_reserved"] == "14"
        all_of_it = {"lines": [{"medication_id": f.first_line(rx), "quantity": "21"}]}
        no = refusal(pharmacy.dispense(rx, all_of_it), 409, "quantity_unavailable")
        assert no["quantity_available"] == "7"
        rest = pharmacy.dispense(rx).json()["dispense"]["lines"]
        assert [line["quantity"] for line in rest] == ["7"], "all that nobody else reserved"

    def test_twice_with_one_key_is_one_reservation(self, webshop, rx):
        send = {"Idempotency-Key": "cart-7"}
        first = webshop.post(CHECK, shop.basket(rx, reserve=True), headers=send)
        for number in range(1, 3):
            again = webshop.post(CHECK, shop.basket(rx, reserve=True), headers=send)
            assert (again.status_code, again.content) == (200, first.content)
            assert again["Idempotency-Replayed"] == "true"
            assert looks() == [("prescription.check", rx.patient_id)] * (number + 1)
        assert (Reservation.objects.count(), reserved(rx)) == (1, [7_000])
        refusal(
            webshop.post(CHECK, shop.basket(rx, ("AMOX-7", "2"), reserve=True), headers=send),
            422,
            "idempotency_key_reused",
        )
        assert (
            webshop.post(CHECK, shop.basket(rx, reserve=True)).json()["reservation_id"]
            != first.json()["reservation_id"]
        )
        assert reserved(rx) == [14_000]

    def test_a_look_is_answered_anew_whatever_its_key(self, webshop, pharmacy, rx):
        send = {"Idempotency-Key": "look"}
        assert webshop.post(CHECK, shop.basket(rx), headers=send).json()["lines"][0]["ok"]
        pharmacy.dispense(rx)
        again = webshop.post(CHECK, shop.basket(rx), headers=send)
        assert again.json()["lines"][0]["reason"] == "already_dispensed"
        assert "Idempotency-Replayed" not in again.headers

    def test_a_replay_needs_the_proof_too(self, webshop, rx):
        send = {"Idempotency-Key": "cart-7"}
        webshop.post(CHECK, shop.basket(rx, reserve=True), headers=send)
        before = shop.all_there_is(but=LOOKED_AT)
        wrong = shop.basket(rx, reserve=True, date_of_birth=WRONG)
        refusal(webshop.post(CHECK, wrong, headers=send), 404, "no_matching_prescription")
        assert shop.all_there_is(but=LOOKED_AT) == before

    def test_who_may(self, make_key, rx):
        """A check needs rx:read or shop; keeping it rx:dispense or shop: the guide's pair has both."""
        for scopes, looked, kept in (
            (["shop"], 200, 200), (["rx:read", "rx:dispense"], 200, 200), (["rx:read"], 200, 403), (["rx:dispense"], 403, 403),
        ):  # fmt: skip
            api = Api(make_key("pharmacist", *scopes)[1])
            assert api.post(CHECK, shop.basket(rx)).status_code == looked, scopes
            before = shop.all_there_is()
            answer = api.post(CHECK, shop.basket(rx, reserve=True))
            assert answer.status_code == kept, scopes
            if kept == 403:
                assert answer.json()["code"] == "insufficient_scope"
                assert shop.all_there_is() == before


class TestRoute:
    """POST /prescriptions/route."""

    def test_an_issued_one_comes_to_the_queue_once(self, cast, webshop):
        rx = f.issued(cast)
        first = webshop.post(ROUTE, shop.proof(rx))
        rx.refresh_from_db()
        assert first.json() == {"prescription_id": rx.pk, "status": "pending_review", "version": rx.version}
        assert (rx.pharmacy_id, rx.status) == (cast.pharmacy.pk, "pending_review")
        before = shop.all_there_is(but=LOOKED_AT)
        assert webshop.post(ROUTE, shop.proof(rx)).json() == first.json(), "also when it is already here"
        assert shop.all_there_is(but=LOOKED_AT) == before
        assert looks() == [("prescription.route", rx.patient_id)] * 2

    @pytest.mark.parametrize("make", [f.verified, f.dispensed, f.rejected])
    def test_what_is_here_says_its_status(self, cast, webshop, make):
        rx = make(cast)
        assert webshop.post(ROUTE, shop.proof(rx)).json()["status"] == rx.status

    def test_held_elsewhere(self, cast, webshop, make_key):
        rx, other = f.verified(cast), Api(make_key("other_pharmacist", "shop")[1])
        before = shop.all_there_is(but=LOOKED_AT)
        refusal(other.post(ROUTE, shop.proof(rx)), 409, "held_elsewhere")
        assert shop.all_there_is(but=LOOKED_AT) == before
        assert looks() == [("prescription.route", rx.patient_id)], "who was shown that it exists is on record"

    def test_with_an_idempotency_key(self, cast, webshop):
        rx, send = f.issued(cast), {"Idempotency-Key": "r"}
        first, again = (webshop.post(ROUTE, shop.proof(rx), headers=send) for _ in range(2))
        assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
        assert Event.objects.filter(type="prescription.routed").count() == 1

    def test_dispensing_scope_alone_does(self, cast, make_key):
        assert Api(make_key("pharmacist", "rx:dispense")[1]).post(ROUTE, shop.proof(f.issued(cast))).status_code == 200


class TestProof:
    """One and the same no, a lock after five, a pause after fifty."""

    def test_every_wrong_proof_looks_alike(self, cast, webshop, rx):
        wrong = rx.reference[:-1] + ("0" if rx.reference[-1] != "0" else "1")
        texts = set()
        for path in (CHECK, ROUTE):
            for shown in (
                {"date_of_birth": WRONG}, {"reference": references.new()}, {"reference": wrong}, {"reference": ""},
                {"reference": "x" * 5000}, {"reference": "a\x00b"}, {"date_of_birth": "9999-12-31"},
            ):  # fmt: skip
                body = (shop.basket(rx) if path == CHECK else shop.proof(rx)) | shown
                no = refusal(webshop.post(path, body), 404, "no_matching_prescription")
                texts.add(json.dumps({**no, "request_id": ""}))
            ProofTries.objects.all().delete()
        assert len(texts) == 1
        assert looks() == [], "nobody's data were seen"

    def test_five_wrong_ones_lock_it_also_for_the_right_one(self, cast, webshop, pharmacy, other_pharmacy, rx):
        for number in range(5):
            body = shop.basket(rx, date_of_birth=WRONG)
            refusal((webshop, pharmacy)[number % 2].post(CHECK, body), 404, "no_matching_prescription")
        before = shop.all_there_is()
        for body in (shop.basket(rx), shop.basket(rx, reserve=True), shop.basket(rx, date_of_birth=WRONG)):
            refusal(webshop.post(CHECK, body), 429, "reference_locked")
        refusal(pharmacy.post(ROUTE, shop.proof(rx)), 429, "reference_locked")
        assert shop.all_there_is() == before
        assert other_pharmacy.post(CHECK, shop.basket(rx)).status_code == 200, "locked for that account alone"
        other = f.verified(cast)
        assert webshop.post(CHECK, shop.basket(other)).status_code == 200, "and at that reference alone"
        ProofTries.objects.update(locked_until=real_now() - timedelta(seconds=1))
        assert webshop.post(CHECK, shop.basket(rx)).status_code == 200

    def test_a_reference_that_does_not_exist_locks_alike(self, webshop, rx):
        body = shop.basket(rx, reference=references.new())
        for _ in range(5):
            refusal(webshop.post(CHECK, body), 404, "no_matching_prescription")
        refusal(webshop.post(CHECK, body), 429, "reference_locked")

    def test_fifty_in_an_hour_pause_the_account(self, tireless, webshop, other_pharmacy, rx):
        for _ in range(50):
            refusal(tireless.post(CHECK, shop.basket(rx, reference=references.new())), 404, "no_matching_prescription")
        refusal(webshop.post(CHECK, shop.basket(rx)), 429, "checks_paused")
        refusal(webshop.post(ROUTE, shop.proof(rx)), 429, "checks_paused")
        assert other_pharmacy.post(CHECK, shop.basket(rx)).status_code == 200

    def test_a_wrong_try_counts_although_the_answer_is_no(self, webshop, rx):
        refusal(
            webshop.post(CHECK, shop.basket(rx, date_of_birth=WRONG), headers={"Idempotency-Key": "a"}),
            404,
            "no_matching_prescription",
        )
        assert max(ProofTries.objects.values_list("wrong", flat=True)) == 1


MANY = [{"sku": "AMOX-7", "quantity": "1"}] * 101
LINE = {"sku": "AMOX-7", "quantity": "1"}


@pytest.mark.parametrize(
    "changed,pointer,code",
    [
        ({"reference": 5}, "/reference", "string_type"), ({"reference": None}, "/reference", "string_type"),
        ({"date_of_birth": "03/02/1961"}, "/date_of_birth", "invalid_value"), ({"date_of_birth": "1961-02-30"}, "/date_of_birth", "invalid_value"),
        ({"date_of_birth": 1961}, "/date_of_birth", "string_type"), ({"lines": []}, "/lines", "too_short"), ({"lines": MANY}, "/lines", "too_long"),
        ({"lines": None}, "/lines", "list_type"), ({"lines": [LINE | {"quantity": "1.0"}]}, "/lines/0/quantity", "invalid_value"),
        ({"lines": [LINE | {"quantity": "0"}]}, "/lines/0/quantity", "invalid_value"), ({"lines": [LINE | {"quantity": 1}]}, "/lines/0/quantity", "string_type"),
        ({"lines": [LINE | {"sku": ""}]}, "/lines/0/sku", "too_short"), ({"lines": [LINE | {"sku": "x" * 201}]}, "/lines/0/sku", "too_long"),
        ({"lines": [LINE | {"sku": "a\x00"}]}, "/lines/0/sku", "invalid_value"), ({"lines": [LINE | {"name": "x"}]}, "/lines/0/name", "unknown_field"),
        ({"reserve": "yes"}, "/reserve", "bool_type"), ({"reserve": None}, "/reserve", "bool_type"), ({"patient": 1}, "/patient", "unknown_field"),
    ],
)  # fmt: skip
def test_wrong_fields(webshop, rx, changed, pointer, code):
    """Refused before the proof is tried: nothing is counted."""
    before = shop.all_there_is()
    no = refusal(webshop.post(CHECK, shop.basket(rx) | changed), 422, "validation_failed")
    assert [(error["pointer"], error["code"]) for error in no["errors"]] == [(pointer, code)]
    assert shop.all_there_is() == before


def test_nothing_is_not_a_basket(webshop, rx):
    before = shop.all_there_is()
    no = refusal(webshop.post(CHECK), 422, "validation_failed")
    assert {error["pointer"] for error in no["errors"]} == {"/reference", "/date_of_birth", "/lines"}
    no = refusal(webshop.post(ROUTE, shop.basket(rx)), 422, "validation_failed")
    assert [error["pointer"] for error in no["errors"]] == ["/lines"]
    assert shop.all_there_is() == before


def test_worlds_are_apart(cast, make_key, rx):
    """A test key finds neither the live prescription nor the live catalogue."""
    test = Api(make_key("pharmacist", "shop", mode=Mode.TEST)[1])
    refusal(test.post(CHECK, shop.basket(rx)), 404, "no_matching_prescription")
    refusal(test.post(ROUTE, shop.proof(rx)), 404, "no_matching_prescription")
    cast.pharmacy.refresh_from_db()
    Prescription.objects.filter(pk=rx.pk).update(world_id=cast.pharmacy.test_world_id)
    said = test.post(CHECK, shop.basket(rx)).json()
    assert said["lines"][0]["reason"] in ("not_covered", "not_active")
    Product.objects.update(world_id=cast.pharmacy.test_world_id)
    said = test.post(CHECK, shop.basket(rx, ("AMOX-7", "9"))).json()
    assert said["lines"][0]["medication_id"] == f.first_line(rx)


def test_a_test_worlds_wrong_tries_lock_no_live_check(make_key, webshop, rx):
    test = Api(make_key("pharmacist", "shop", mode=Mode.TEST)[1])
    for _ in range(5):
        test.post(CHECK, shop.basket(rx))
    refusal(test.post(CHECK, shop.basket(rx)), 429, "reference_locked")
    assert webshop.post(CHECK, shop.basket(rx)).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_owner_is_mailed_when_checks_are_paused(cast, tireless):
    rx = f.verified(cast, now=NOW)
    for _ in range(50):
        tireless.post(ROUTE, shop.proof(rx, reference=references.new()))
    assert send_due(real_now()) == 1
    assert [message.to for message in mail.outbox] == [[cast.people["owner"].email]]
    assert rx.reference not in mail.outbox[0].body
