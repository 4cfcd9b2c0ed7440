"""`If-Match` on everything that has a version, and its refusal everywhere else: no condition is passed over in silence."""

from dataclasses import replace

import pytest

from elmed.api.endpoint import ENDPOINTS
from elmed.inventory import csv_files, csv_import, prices, products, recall, receipts
from elmed.inventory.models import Product, ProductImage
from elmed.inventory.product_fields import of
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import ReversalReason
from elmed.webhooks.models import Endpoint
from tests import factories as f
from tests.api import shop
from tests.api.client import Api, refusal
from tests.cast import NOW
from tests.sandbox.conftest import till  # noqa: F401 - a fixture
from tests.sandbox.test_scenarios import play
from tests.webhooks.conftest import receiver  # noqa: F401 - a fixture

URL = "https://203.0.113.7/elmed"  # documentation's addresses (RFC 5737): nothing is called here


@pytest.fixture
def api(make_key):
    return Api(make_key("pharmacist", "webhooks:manage", "rx:read")[1])


@pytest.fixture
def made(api, receiver):  # noqa: F811
    return api.post("/webhook-endpoints", {"url": receiver.url}).json()


def writes(made):
    path = f"/webhook-endpoints/{made['id']}"
    return [("PATCH", path, {"description": "Till 2"}), ("POST", f"{path}/roll-secret", None), ("DELETE", path, None)]


def test_a_webhook_endpoint_changes_only_where_it_is_what_was_read(api, made):
    path = f"/webhook-endpoints/{made['id']}"
    assert made["version"] == 1
    old = api.get(path)["ETag"]
    assert api.get(path, headers={"If-None-Match": old}).status_code == 304
    changed = api.call("PATCH", path, {"description": "Till 1"}, headers={"If-Match": old}).json()
    assert (changed["version"], changed["description"]) == (2, "Till 1")
    before = shop.all_there_is()
    for method, to, body in writes(made):
        for tag in (old, '"1"', '"3"'):
            no = refusal(api.call(method, to, body, headers={"If-Match": tag}), 412, "version_conflict")
            assert no["current_version"] == 2
    assert shop.all_there_is() == before
    for number, (method, to, body) in enumerate(writes(made), start=2):
        assert api.call(method, to, body, headers={"If-Match": f'"{number}"'}).status_code in (200, 204)
    refusal(api.get(path), 404, "not_found")


def test_every_change_makes_a_version(api, made):
    path = f"/webhook-endpoints/{made['id']}"
    api.call("PATCH", path, {"enabled": False})
    api.call("PATCH", path, {"enabled": True})
    api.post(f"{path}/roll-secret")
    assert api.get(path).json()["version"] == 4
    api.call("PATCH", path + "?dry_run=true", {"enabled": False})
    assert api.get(path).json()["version"] == 4


PROVEN = ("AccessRecord", "ProofTries")  # the proof was shown, and was right, whatever came of it then


# Every write that compares, with what it is tried on: who calls, what is sent where, and the row that it changes.
def _dispense(cast, given):
    rx = f.verified(cast)
    return given["pharmacy"], "POST", f"/prescriptions/{rx.pk}/dispense", None, rx


def _reverse(cast, given):
    rx = f.verified(cast)
    made = given["pharmacy"].post(f"/prescriptions/{rx.pk}/dispense").json()["dispense"]["id"]
    return given["pharmacy"], "POST", f"/dispenses/{made}/reverse", {"reason_code": "recorded_in_error"}, rx


def _route(cast, given):
    rx = f.issued(cast)
    return given["webshop"], "POST", "/prescriptions/route", shop.proof(rx), rx


def _count_stock(cast, given):
    made = shop.product(cast)
    return given["stock"], "PATCH", f"/products/{made.pk}/stock", {"quantity": "7"}, made


def _play_act(cast, given):
    told = play(given["till"], "pending_review")["prescriptions"][-1]["id"]
    path = f"/sandbox/prescriptions/{told}/act"
    return given["till"], "POST", path, {"act": "verify"}, Prescription.objects.get(pk=told)


def _endpoint(number):
    def case(_cast, given):
        method, path, body = writes(given["made"])[number]
        return given["api"], method, path, body, Endpoint.objects.get(pk=given["made"]["id"])

    return case


COMPARED = {
    "dispense": _dispense, "reverse": _reverse, "route_prescription": _route, "count_stock": _count_stock, "play_act": _play_act,
    "change_webhook_endpoint": _endpoint(0), "roll_webhook_secret": _endpoint(1), "remove_webhook_endpoint": _endpoint(2),
}  # fmt: skip
# Every other write, with why there is no version that it could compare.
NOT_COMPARED = {
    "check_prescription": "looks, and makes a reservation",
    "record_shop_sale": "makes a sale",
    "play_scenario": "makes what is new",
    "create_webhook_endpoint": "makes an endpoint",
    "test_webhook_endpoint": "makes a delivery",
    "resend_webhook_delivery": "sends once more what was sent, and changes no endpoint",
    "resend_webhooks": "sends once more what was sent, and changes no endpoint",
    "confirm_reservation": "a reservation is confirmed once and ends once, and its 409 says which of it has happened",
    "release_reservation": "a reservation is confirmed once and ends once, and its 409 says which of it has happened",
    "report_shop": "the shop's newest word, whatever it said before",
    "advance_clock": "the world's clock only goes forward, by so much",
    "reset_sandbox": "empties the test world, whatever stands in it",
}


@pytest.fixture
def given(api, made, pharmacy, webshop, make_key, till):  # noqa: F811
    stock = Api(make_key("pharmacist", "inventory:write")[1])
    return {"api": api, "made": made, "pharmacy": pharmacy, "webshop": webshop, "stock": stock, "till": till}


def test_every_write_compares_or_has_nothing_to_compare():
    assert {one.name for one in ENDPOINTS if one.writes and one.compares} == set(COMPARED)
    assert {one.name for one in ENDPOINTS if one.writes and not one.compares} == set(NOT_COMPARED)


@pytest.mark.parametrize("name", COMPARED)
def test_it_is_done_only_to_what_was_read(name, cast, given):
    api, method, path, body, row = COMPARED[name](cast, given)
    row.refresh_from_db()
    version = row.version
    looked = PROVEN if name == "route_prescription" else ()
    before = shop.all_there_is(but=looked)
    for tag in (f'"{version + 1}"', f'W/"{version + 1}-0123456789abcdef"', '"999999999"'):
        for dry in ("", "?dry_run=true"):
            no = refusal(api.call(method, path + dry, body, headers={"If-Match": tag}), 412, "version_conflict")
            assert no["current_version"] == version
    for tag in ("", "1", f'"{version}", "{version + 1}"', '"0"'):
        refusal(api.call(method, path, body, headers={"If-Match": tag}), 400, "invalid_if_match")
    assert shop.all_there_is(but=looked) == before
    for tag in ("*", f'"{version}"', f'W/"{version}-0123456789abcdef"'):
        tried = api.call(method, path + "?dry_run=true", body, headers={"If-Match": tag})
        assert tried.status_code in (200, 204)
    assert api.call(method, path, body, headers={"If-Match": f'"{version}"'}).status_code in (200, 204)
    if name == "remove_webhook_endpoint":
        assert not Endpoint.objects.filter(pk=row.pk).exists()
    else:
        row.refresh_from_db()
        assert row.version > version


def test_what_compares_no_version_says_so(cast, pharmacy):
    rx = f.verified(cast)
    before = shop.all_there_is()
    for one in (one for one in ENDPOINTS if one.name in NOT_COMPARED):
        path = one.path.replace("{id}", str(rx.pk)).replace("{delivery_id}", "1")
        no = refusal(pharmacy.call(one.method, path, headers={"If-Match": '"1"'}), 400, "invalid_if_match")
        assert no["detail"] == "This call does not compare versions: leave `If-Match` out.", one.name
    assert shop.all_there_is() == before
    assert pharmacy.post("/prescriptions/check", shop.basket(rx), headers={"If-Match": "*"}).status_code == 200


def test_what_is_in_the_queue_already_is_compared_too(cast, webshop):
    rx = f.pending_review(cast)
    before = shop.all_there_is(but=PROVEN)
    old = {"If-Match": f'"{rx.version - 1}"'}
    refusal(webshop.post("/prescriptions/route", shop.proof(rx), headers=old), 412, "version_conflict")
    assert shop.all_there_is(but=PROVEN) == before
    same = webshop.post("/prescriptions/route", shop.proof(rx), headers={"If-Match": f'"{rx.version}"'}).json()
    assert same == {"prescription_id": rx.pk, "status": "pending_review", "version": rx.version}


def test_a_count_of_what_left_meanwhile_is_refused(cast, given):
    """Counted 10, then one was sold: the count is refused, and what left stays gone."""
    made = shop.product(cast, shop.PLASTERS)
    path = f"/products/{made.pk}"
    read = given["webshop"].get(path)
    assert read["ETag"].startswith(f'"{read.json()["version"]}-')
    assert given["webshop"].get(path, headers={"If-None-Match": read["ETag"]}).status_code == 304
    body = {"external_reference": "1042", "lines": [{"sku": made.sku, "quantity": "1"}]}
    assert given["webshop"].post("/sales", body).status_code == 200
    sold = given["webshop"].get(path, headers={"If-None-Match": read["ETag"]}).json()
    assert (sold["stock"], sold["version"]) == ("9", read.json()["version"] + 1)
    before = shop.all_there_is()
    stale = {"If-Match": read["ETag"]}
    refusal(given["stock"].call("PATCH", path + "/stock", {"quantity": "10"}, headers=stale), 412, "version_conflict")
    # the number that is shown already is compared all the same
    refusal(given["stock"].call("PATCH", path + "/stock", {"quantity": "9"}, headers=stale), 412, "version_conflict")
    assert shop.all_there_is() == before
    fresh = {"If-Match": f'"{sold["version"]}"'}
    assert given["stock"].call("PATCH", path + "/stock", {"quantity": "8"}, headers=fresh).json()["stock"] == "8"


def test_a_products_version_moves_with_whatever_changes_it(cast):
    actor = cast.actor("pharmacist")
    made = shop.product(cast, packs=None)
    rx = f.verified(cast)
    line = SupplyLine(f.first_line(rx), 7_000, product_sku=made.sku)
    drawn = ProductImage.objects.create(
        sha256="a" * 64, content_type="image/png", width=1, height=1, data=b"x", created_at=NOW
    )

    def version():
        return Product.objects.get(pk=made.pk).version

    def imported(row):
        table = csv_files.read(f"sku,name,price,currency,requires_prescription,stock\n{row}".encode())
        csv_import.apply(actor, table, seen=csv_import.plan(actor, table, now=NOW).fingerprint, now=NOW)

    assert version() == 1
    changes = [
        lambda: receipts.receive(actor, made.pk, receipts.Amount(7_000), batch_number="B1", now=NOW),
        lambda: products.set_stock(actor, made.pk, 5_000, now=NOW),
        lambda: products.change(actor, made.pk, replace(of(made), name="Amoxicillin"), now=NOW),
        lambda: products.set_image(actor, made.pk, drawn, now=NOW),
        lambda: imported(f"{made.sku},Amoxicillin 500 mg,5.00,EUR,yes,\nNEW,Thermometer,12.00,EUR,no,4"),
        lambda: dispense(actor, rx.pk, Supply(lines=(line,)), source="portal", now=NOW),
        lambda: reverse(actor, rx.dispenses.get().pk, reason=ReversalReason.NEVER_LEFT_PHARMACY, now=NOW),
        lambda: recall.recall(actor, made.pk, batch_number="B1", reason="Notice 12", now=NOW),
        lambda: products.retire(actor, made.pk, now=NOW),
        lambda: products.restore(actor, made.pk, now=NOW),
        lambda: prices.change_prices(actor, [made.pk], prices.PriceChange(percent_milli=10_000), now=NOW),
    ]
    for number, change in enumerate(changes):
        before = version()
        change()
        assert version() > before, number
    assert Product.objects.get(sku="NEW").version >= 1, "a version of 0 could not be named"
    before = version()
    products.restore(actor, made.pk, now=NOW)
    assert version() == before, "what is so already changes nothing"
