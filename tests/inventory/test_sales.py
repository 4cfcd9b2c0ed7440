"""Over-the-counter sales of a shop: once per order, first-expiring first, below zero where it took place."""

from dataclasses import replace
from datetime import date

import pytest

from elmed.core.refusals import Invalid, NotAllowed, NotNow
from elmed.events.models import Event
from elmed.inventory import products, receipts
from elmed.inventory.models import Batch, Kind, Movement, Product, Sale
from elmed.inventory.receipts import Amount
from elmed.inventory.sales import record_sale
from tests.cast import NOW, key_actor
from tests.inventory.conftest import PLASTERS, refused


@pytest.fixture
def shop(cast):
    return key_actor(cast, "pharmacist", "shop")


def stock_of(product):
    return Product.objects.get(pk=product.pk).stock_milli


def test_sold_first_expiring_first_once(cast, shop, plasters):
    technician = cast.actor("technician")
    for number, year in (("LATE", 2), ("SOON", 1)):
        words = {"batch_number": number, "expiry_date": date(NOW.year + year, 1, 31)}
        receipts.receive(technician, plasters.pk, Amount(3000), now=NOW, **words)
    sale = record_sale(shop, "1042", [("plast-1", 4000)], now=NOW)
    assert [(row.product, row.packs_milli) for row in sale.lines.all()] == [(plasters, 4000)]
    assert (sale.key_id, stock_of(plasters)) == (shop.key_id, 2000)
    assert dict(Batch.objects.values_list("number", "stock_milli")) == {"SOON": 0, "LATE": 2000}
    moved = Movement.objects.filter(kind=Kind.SALE)
    assert all(row.assumed and row.sale_line.sale == sale for row in moved)
    assert Event.objects.get(type="sale.recorded").data == {"sale_id": sale.pk}
    again = record_sale(shop, "1042", [("PLAST-1", 1000), ("PLAST-1", 3000)], now=NOW)  # the same, in two lines
    assert again == sale
    assert (Sale.objects.count(), stock_of(plasters)) == (1, 2000)


def test_below_zero_is_no_reason_to_refuse(shop, plasters):
    record_sale(shop, "1", [("PLAST-1", 2500)], now=NOW)
    assert stock_of(plasters) == -2500


def test_a_retired_product_was_sold_all_the_same(cast, shop, plasters):
    products.retire(cast.actor("owner"), plasters.pk, now=NOW)
    record_sale(shop, "1", [("PLAST-1", 1000)], now=NOW)
    assert stock_of(plasters) == -1000


def test_what_cannot_be_a_sale(cast, shop, plasters, amoxicillin):
    def sale(*lines, reference="7", who=shop):
        return lambda: record_sale(who, reference, lines, now=NOW)

    refusal = refused(Invalid, sale(("PLAST-1", 1000), ("NOPE", 1000)), "unknown_sku")
    assert refusal.errors[0]["pointer"] == "/lines/1/sku"
    refusal = refused(Invalid, sale(("AMOX-500", 1000)), "requires_prescription")
    assert refusal.errors[0]["pointer"] == "/lines/0/sku"
    refused(Invalid, sale(("PLAST-1", 0)), "out_of_range")
    refused(Invalid, sale(), "required")
    refused(Invalid, sale(("PLAST-1", 1000), reference=" "), "required")
    refused(NotAllowed, sale(("PLAST-1", 1000), who=key_actor(cast, "pharmacist", "rx:read")), "insufficient_scope")
    refused(NotAllowed, sale(("PLAST-1", 1000), who=cast.actor("doctor")), "permission_denied")
    other = key_actor(cast, "other_pharmacist", "shop")
    refused(Invalid, sale(("PLAST-1", 1000), who=other), "unknown_sku")
    assert Sale.objects.count() == 0


def test_other_lines_under_a_used_reference(cast, make, shop, plasters):
    make(replace(PLASTERS, sku="PLAST-2"))
    sale = record_sale(shop, "1042", [("PLAST-1", 1000)], now=NOW)
    for lines in ([("PLAST-1", 2000)], [("PLAST-2", 1000)], [("PLAST-1", 1000), ("PLAST-2", 1000)], [("NOPE", 1000)]):
        refusal = refused(
            NotNow, lambda lines=lines: record_sale(shop, "1042", lines, now=NOW), "external_reference_used"
        )
        assert refusal.extra["sale_id"] == sale.pk


def test_a_product_that_needs_a_prescription_since_does_not_undo_the_sale(cast, shop, plasters):
    sale = record_sale(shop, "1042", [("PLAST-1", 1000)], now=NOW)
    products.change(cast.actor("owner"), plasters.pk, replace(PLASTERS, requires_prescription=True), now=NOW)
    assert record_sale(shop, "1042", [("PLAST-1", 1000)], now=NOW) == sale


def test_the_same_reference_at_two_pharmacies_is_two_sales(cast, make, shop, plasters):
    make(PLASTERS, "other_pharmacist")
    other = key_actor(cast, "other_pharmacist", "shop")
    assert record_sale(shop, "1", [("PLAST-1", 1000)], now=NOW) != record_sale(other, "1", [("PLAST-1", 1000)], now=NOW)


def test_a_hundred_unknown_skus_are_one_question(shop, plasters, django_assert_max_num_queries):
    lines = [(f"X{n}", 1000) for n in range(100)]
    with django_assert_max_num_queries(13):  # eight of them look at what a refusal could have changed
        refused(Invalid, lambda: record_sale(shop, "1042", lines, now=NOW), "unknown_sku")
