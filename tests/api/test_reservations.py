"""A shop's order through the API: reserve, confirm, look, dispense by reservation, take back; or give it up."""

from datetime import timedelta

import pytest

from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.events.models import AccessRecord, Event
from elmed.inventory.models import Kind, Movement, Product
from elmed.prescriptions.actions.reservations import free
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import Dispense, Prescription, PrescriptionLine, Reservation
from tests import factories as f
from tests.api import shop
from tests.api.client import Api, refusal

ORDER = {"external_reference": "1042"}


@pytest.fixture
def rx(cast):
    """21 capsules, checked by the pharmacist; the catalogue has packs of 7."""
    shop.product(cast)
    return f.verified(cast)


def kept(api, rx, packs="2"):
    """A reservation of so many packs; its id."""
    said = api.post("/prescriptions/check", shop.basket(rx, ("AMOX-7", packs), reserve=True)).json()
    assert said["reservation_id"], said
    return said["reservation_id"]


def counters(rx):
    return list(PrescriptionLine.objects.filter(prescription=rx).values_list("supplied_milli", "reserved_milli"))


def confirm(api, number, body=ORDER, **more):
    return api.post(f"/reservations/{number}/confirm", body, **more)


def by(number, **more):
    return {"reservation_id": number} | more


class TestLook:
    """GET /reservations/{id}: how the shop learns of the pharmacist's answer."""

    def test_from_waiting_to_ready_to_used(self, cast, webshop):
        shop.product(cast)
        rx = f.pending_review(cast)
        number = kept(webshop, rx)
        said = webshop.get(f"/reservations/{number}").json()
        assert (said["state"], said["reason"]) == ("waiting", "awaiting_pharmacist")
        line = {
            "sku": "AMOX-7",
            "quantity": "2",
            "medication_id": f.first_line(rx),
            "ok": False,
            "reason": "awaiting_pharmacist",
        }
        assert (said["lines"], said["prescription_id"]) == ([line], rx.pk)
        verify(cast.actor("pharmacist"), rx.pk, now=f.NOW)
        said = webshop.get(f"/reservations/{number}").json()
        assert (said["state"], said["reason"], said["lines"]) == ("ready", None, [line | {"ok": True, "reason": None}])
        assert webshop.dispense(rx, by(number)).status_code == 200
        assert webshop.get(f"/reservations/{number}").json()["state"] == "used"

    def test_freed_by_the_pharmacy_says_why_and_not_in_its_own_words(self, cast, webshop, rx):
        number = kept(webshop, rx)
        free(cast.actor("pharmacist"), number, reason="Mrs Dean asked for it at the counter", now=real_now())
        answer = webshop.get(f"/reservations/{number}")
        assert (answer.json()["state"], answer.json()["reason"]) == ("freed", "freed_by_pharmacy")
        assert "Dean" not in answer.content.decode()

    def test_each_look_is_recorded(self, webshop, rx):
        number = kept(webshop, rx)
        before, state = AccessRecord.objects.count(), shop.all_there_is(but=("AccessRecord",))
        for _ in range(2):
            webshop.get(f"/reservations/{number}")
        found = AccessRecord.objects.order_by("pk")[before:].values_list("action", "patients__patient_id")
        assert list(found) == [("reservation.read", rx.patient_id)] * 2
        assert shop.all_there_is(but=("AccessRecord",)) == state, "a look changes nothing"

    def test_nothing_medical(self, webshop, rx):
        answer = webshop.get(f"/reservations/{kept(webshop, rx)}").content.decode()
        for secret in ("Dean", "Cara", "1961", rx.reference, "moxicillin", "capsule", "J01CA04", "J20.9"):
            assert secret not in answer

    @pytest.mark.parametrize("number", ["0", "999999999", "abc", "-1", "1.0", "9" * 30])
    def test_absent(self, webshop, rx, number):
        for method, path in (("GET", ""), ("POST", "/confirm"), ("DELETE", "")):
            refusal(webshop.call(method, f"/reservations/{number}{path}"), 404, "not_found")


class TestConfirm:
    """POST /reservations/{id}/confirm."""

    def test_it_is_kept_for_14_days(self, webshop, rx):
        number, began = kept(webshop, rx), real_now()
        said = confirm(webshop, number)
        row = Reservation.objects.get()
        assert (said.json()["state"], row.external_reference) == ("ready", "1042")
        assert timedelta(days=14) <= row.reserved_until - began < timedelta(days=14, minutes=1)
        events, until = Event.objects.count(), row.reserved_until
        assert confirm(webshop, number).json() == said.json(), "the same again changes nothing"
        row.refresh_from_db()
        assert (Event.objects.count(), row.reserved_until) == (events, until)

    def test_another_order(self, webshop, rx):
        number = kept(webshop, rx)
        confirm(webshop, number)
        before = shop.all_there_is()
        refusal(confirm(webshop, number, {"external_reference": "1043"}), 409, "reservation_confirmed")
        assert shop.all_there_is() == before

    def test_used_or_freed(self, webshop, rx):
        used, freed = kept(webshop, rx, "1"), kept(webshop, rx, "1")
        made = webshop.dispense(rx, by(used, external_reference="7")).json()["dispense"]["id"]
        webshop.call("DELETE", f"/reservations/{freed}")
        before = shop.all_there_is()
        for no in (
            confirm(webshop, used),
            webshop.call("DELETE", f"/reservations/{used}"),
            webshop.dispense(rx, by(used)),
        ):
            said = refusal(no, 409, "reservation_used")
            assert (said["dispense_id"], said["reservation_id"]) == (made, used), "by which dispense"
        assert refusal(confirm(webshop, freed), 409, "reservation_freed")["reason"] == "released"
        assert shop.all_there_is() == before

    def test_another_one_under_the_same_number_says_whose_it_was(self, webshop, rx):
        first, second = kept(webshop, rx, "1"), kept(webshop, rx, "1")
        made = webshop.dispense(rx, by(first, **ORDER)).json()["dispense"]["id"]
        before = shop.all_there_is()
        said = refusal(webshop.dispense(rx, by(second, **ORDER)), 409, "external_reference_used")
        assert (said["dispense_id"], said["reservation_id"]) == (made, first)
        assert shop.all_there_is() == before

    def test_with_an_idempotency_key(self, webshop, rx):
        number, send = kept(webshop, rx), {"Idempotency-Key": "1042"}
        first, again = (confirm(webshop, number, headers=send) for _ in range(2))
        assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
        assert AccessRecord.objects.filter(action="reservation.confirm").count() == 2
        refusal(confirm(webshop, number, {"external_reference": "1"}, headers=send), 422, "idempotency_key_reused")

    @pytest.mark.parametrize(
        "body,pointer,code",
        [
            (None, "/external_reference", "required"), ({}, "/external_reference", "required"),
            ({"external_reference": 1042}, "/external_reference", "string_type"), ({"external_reference": ""}, "/external_reference", "too_short"),
            ({"external_reference": "x" * 121}, "/external_reference", "too_long"), (ORDER | {"days": 90}, "/days", "unknown_field"),
        ],
    )  # fmt: skip
    def test_wrong_fields(self, webshop, other_pharmacy, rx, body, pointer, code):
        number = kept(webshop, rx)
        before = shop.all_there_is()
        no = refusal(confirm(webshop, number, body), 422, "validation_failed")
        assert [(error["pointer"], error["code"]) for error in no["errors"]] == [(pointer, code)]
        refusal(confirm(other_pharmacy, number, body), 404, "not_found")
        assert shop.all_there_is() == before


class TestRelease:
    """DELETE /reservations/{id}."""

    def test_it_is_free_and_stays_free(self, webshop, rx):
        number = kept(webshop, rx)
        assert counters(rx) == [(0, 14_000)]
        assert webshop.call("DELETE", f"/reservations/{number}").status_code == 204
        assert (counters(rx), Reservation.objects.get().freed_reason) == ([(0, 0)], "released")
        before = shop.all_there_is()
        assert webshop.call("DELETE", f"/reservations/{number}").status_code == 204
        assert shop.all_there_is() == before

    def test_a_used_one(self, webshop, rx):
        number = kept(webshop, rx)
        webshop.dispense(rx, by(number))
        before = shop.all_there_is()
        refusal(webshop.call("DELETE", f"/reservations/{number}"), 409, "reservation_used")
        assert shop.all_there_is() == before

    def test_methods(self, webshop, rx):
        number = kept(webshop, rx)
        for method in ("PUT", "PATCH", "POST"):
            answer = webshop.call(method, f"/reservations/{number}")
            assert (answer.status_code, answer["Allow"]) == (405, "DELETE, GET, HEAD, OPTIONS")
        assert webshop.call("HEAD", f"/reservations/{number}").status_code == 200
        assert webshop.call("OPTIONS", f"/reservations/{number}")["Allow"] == "DELETE, GET, HEAD, OPTIONS"


class TestDispense:
    """POST /prescriptions/{id}/dispense with a reservation."""

    def test_what_it_keeps_with_its_stock_and_its_order(self, webshop, rx):
        number = kept(webshop, rx)
        confirm(webshop, number)
        said = webshop.dispense(rx, by(number), key="order-1042").json()
        assert said["prescription"] == {"id": rx.pk, "status": "partially_dispensed", "version": rx.version + 1}
        made = said["dispense"]
        assert [(line["quantity"], line["product_sku"]) for line in made["lines"]] == [("14", "AMOX-7")]
        assert (made["source"], made["external_reference"]) == ("woocommerce", "1042")
        assert counters(rx) == [(14_000, 0)]
        moved = Movement.objects.get(kind=Kind.DISPENSE)
        assert (moved.shelf_milli, Product.objects.get().stock_milli) == (-14_000, 56_000)
        again = webshop.dispense(rx, by(number), key="order-1042")
        assert (again.json(), again["Idempotency-Replayed"]) == (said, "true")
        before = shop.all_there_is()
        refusal(webshop.dispense(rx, by(number)), 409, "reservation_used")
        assert shop.all_there_is() == before

    def test_the_unused_rest_is_free(self, webshop, rx):
        number = kept(webshop, rx, "3")
        part = [{"medication_id": f.first_line(rx), "quantity": "7", "product_sku": "AMOX-7"}]
        assert webshop.dispense(rx, by(number, lines=part)).status_code == 200
        assert counters(rx) == [(7_000, 0)]

    def test_a_shops_key_has_its_reservation_and_nothing_beside_it(self, webshop, pharmacy, rx):
        number = kept(webshop, rx, "1")
        line = f.first_line(rx)
        before = shop.all_there_is()
        for body in (None, {"external_reference": "1"}, {"lines": [{"medication_id": line, "quantity": "7"}]}):
            assert refusal(webshop.dispense(rx, body), 403, "insufficient_scope")["needed_scopes"] == ["rx:dispense"]
        more = by(number, lines=[{"medication_id": line, "quantity": "8"}])
        assert refusal(webshop.dispense(rx, more), 409, "outside_reservation")["quantity_reserved"] == "7"
        assert shop.all_there_is() == before
        assert pharmacy.dispense(rx, more).status_code == 200, "the pharmacy's own system may"

    def test_the_tills_kept_answer_is_not_the_shops(self, webshop, pharmacy, rx):
        """An answer is given again to who may act so, not to whoever knows its Idempotency-Key."""
        made = pharmacy.dispense(rx, key="till-1").json()["dispense"]
        before = shop.all_there_is()
        refusal(webshop.dispense(rx, key="till-1"), 403, "insufficient_scope")
        reverse = f"/dispenses/{made['id']}/reverse"
        send = {"Idempotency-Key": "till-2"}
        assert shop.all_there_is() == before
        assert pharmacy.post(reverse, {"reason_code": "recorded_in_error"}, headers=send).status_code == 200
        refusal(webshop.post(reverse, {"reason_code": "recorded_in_error"}, headers=send), 404, "not_found")

    @pytest.mark.parametrize(
        "number,code", [(987654321, "unknown_reservation"), (0, "greater_than_equal"), ("1", "int_type"), (True, "int_type"), (2**63, "less_than_equal")]
    )  # fmt: skip
    def test_what_is_no_reservation(self, webshop, rx, number, code):
        before = shop.all_there_is()
        no = refusal(webshop.dispense(rx, by(number)), 422, "validation_failed")
        assert [(error["pointer"], error["code"]) for error in no["errors"]] == [("/reservation_id", code)]
        assert shop.all_there_is() == before

    def test_another_prescriptions_reservation(self, cast, webshop, rx):
        other = f.verified(cast)
        number = kept(webshop, other)
        before = shop.all_there_is()
        refusal(webshop.dispense(rx, by(number)), 422, "validation_failed")
        assert shop.all_there_is() == before

    def test_it_waits_for_the_pharmacist(self, cast, webshop):
        shop.product(cast)
        rx = f.pending_review(cast)
        number = kept(webshop, rx)
        before = shop.all_there_is()
        refusal(webshop.dispense(rx, by(number)), 409, "invalid_status")
        assert shop.all_there_is() == before

    def test_paid_today_shipped_tomorrow(self, webshop, pharmacy, rx):
        """The counter cannot take what the order keeps, on any later day."""
        number = kept(webshop, rx, "3")
        confirm(webshop, number)
        before = shop.all_there_is()
        refusal(pharmacy.dispense(rx), 409, "quantity_unavailable")
        assert shop.all_there_is() == before
        assert webshop.dispense(rx, by(number)).json()["prescription"]["status"] == "dispensed"


class TestAfterwards:
    """GET /dispenses/{id} and its reversal, for a shop's key."""

    def test_it_reads_and_reverses_what_it_supplied(self, webshop, rx):
        made = webshop.dispense(rx, by(kept(webshop, rx, "3"))).json()["dispense"]
        assert webshop.get(f"/dispenses/{made['id']}").json() == made
        said = webshop.post(f"/dispenses/{made['id']}/reverse", {"reason_code": "never_left_pharmacy"}).json()
        assert said["prescription"].keys() == {"id", "status", "version"}
        assert (said["prescription"]["status"], counters(rx)) == ("verified", [(0, 0)])
        assert Product.objects.get().stock_milli == 70_000, "back on the shelf"

    def test_what_the_counter_supplied_is_not_there(self, webshop, pharmacy, rx):
        made = pharmacy.dispense(rx).json()["dispense"]
        before = shop.all_there_is()
        refusal(webshop.get(f"/dispenses/{made['id']}"), 404, "not_found")
        refusal(
            webshop.post(f"/dispenses/{made['id']}/reverse", {"reason_code": "recorded_in_error"}), 404, "not_found"
        )
        assert shop.all_there_is() == before

    def test_a_customers_return_goes_to_quarantine(self, webshop, rx):
        made = webshop.dispense(rx, by(kept(webshop, rx, "3"))).json()["dispense"]
        webshop.post(f"/dispenses/{made['id']}/reverse", {"reason_code": "returned_unopened"})
        assert Product.objects.get().stock_milli == 49_000
        assert Movement.objects.latest("pk").quarantine_milli == 21_000


@pytest.mark.parametrize("scopes", [["shop"], ["rx:read", "rx:dispense"]])
def test_all_that_a_shop_needs(cast, make_key, scopes):
    """From Test Connection to the order's end, with either set of scopes."""
    api, rx = Api(make_key("pharmacist", *scopes)[1]), f.issued(cast)
    shop.product(cast)
    assert api.get("/me").json()["scopes"] == sorted(scopes)
    assert [item["sku"] for item in api.get("/products").json()["data"]] == ["AMOX-7"]
    assert api.post("/prescriptions/route", shop.proof(rx)).json()["status"] == "pending_review"
    number = kept(api, rx, "3")
    assert confirm(api, number).json()["state"] == "waiting"
    verify(cast.actor("pharmacist"), rx.pk, now=f.NOW)
    assert api.get(f"/reservations/{number}").json()["state"] == "ready"
    made = api.dispense(rx, by(number)).json()["dispense"]
    assert Prescription.objects.get(pk=rx.pk).status == "dispensed"
    assert api.get(f"/dispenses/{made['id']}").status_code == 200
    shop.product(cast, shop.PLASTERS)
    sale = ORDER | {"lines": [{"sku": "PLASTER", "quantity": "2"}]}
    assert api.post("/sales", sale).status_code == 200
    report = {"plugin_version": "1.0.0", "last_sync_at": None, "orders_waiting": 0, "problems": 0}
    assert api.call("PUT", "/integrations/woocommerce", report).status_code == 200
    assert api.post(f"/dispenses/{made['id']}/reverse", {"reason_code": "returned_unusable"}).status_code == 200


def test_worlds_are_apart(cast, make_key, webshop, rx):
    number = kept(webshop, rx)
    test = Api(make_key("pharmacist", "shop", mode=Mode.TEST)[1])
    before = shop.all_there_is()
    for method, path, body in (
        ("GET", f"/reservations/{number}", None), ("POST", f"/reservations/{number}/confirm", ORDER), ("DELETE", f"/reservations/{number}", None),
        ("POST", f"/prescriptions/{rx.pk}/dispense", by(number)),
    ):  # fmt: skip
        refusal(test.call(method, path, body), 404, "not_found")
    assert shop.all_there_is() == before
    assert not Dispense.objects.exists()
