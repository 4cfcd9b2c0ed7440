"""Stock moved by people: deliveries, counts, corrections, returns, quarantine. Each refusal leaves everything as it was."""

from datetime import date

import pytest

from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.inventory import packs, recall, receipts
from elmed.inventory.models import Batch, Kind, Movement, Product
from elmed.inventory.receipts import Amount
from tests.cast import NOW, key_actor
from tests.inventory.conftest import refused

SOON, LATE, GONE = date(NOW.year + 1, 1, 31), date(NOW.year + 2, 1, 31), date(NOW.year - 1, 1, 31)


@pytest.fixture
def who(cast):
    return cast.actor("technician")


def stock_of(product):
    """Packs on the shelf, as shown, and every counter as the sum of its movements."""
    product = Product.objects.get(pk=product.pk)
    moved = list(Movement.objects.filter(product=product))
    assert (product.stock_milli or 0) == sum(row.shelf_milli for row in moved)
    for batch in Batch.objects.filter(product=product):
        assert batch.stock_milli == sum(row.shelf_milli for row in moved if row.batch_id == batch.pk)
        assert batch.quarantined_milli == sum(row.quarantine_milli for row in moved if row.batch_id == batch.pk)
    return packs.text(product, product.stock_milli)


def delivered(who, product, number, expiry, amount=2000):
    receipts.receive(who, product.pk, Amount(amount), batch_number=number, expiry_date=expiry, now=NOW)
    return Batch.objects.get(product=product, number=number)


def test_a_delivery(cast, who, amoxicillin):
    moved = receipts.receive(
        who, amoxicillin.pk, Amount(2000, 5000), batch_number=" B1 ", expiry_date=SOON, note="Invoice 7", now=NOW
    )
    assert (moved.kind, moved.shelf_milli, moved.reason, moved.person_id) == (
        Kind.RECEIPT,
        47000,
        "Invoice 7",
        who.person_id,
    )
    batch = Batch.objects.get()
    assert (batch.number, batch.expiry_date, batch.stock_milli) == ("B1", SOON, 47000)
    delivered(who, amoxicillin, "B1", SOON)
    receipts.receive(who, amoxicillin.pk, Amount(1000), now=NOW)  # of no batch
    assert Batch.objects.get().stock_milli == 89000
    assert stock_of(amoxicillin) == "5.238"


def test_deliveries_that_cannot_be(cast, who, amoxicillin):
    delivered(who, amoxicillin, "B1", SOON)

    def receive(amount=1000, **words):
        return lambda: receipts.receive(who, amoxicillin.pk, Amount(amount), now=NOW, **words)

    refused(Invalid, receive(batch_number="B2", expiry_date=GONE), "batch_expired")
    refused(Invalid, receive(batch_number="b1", expiry_date=LATE), "another_expiry_date")
    refused(Invalid, receive(expiry_date=LATE), "required")
    refused(Invalid, receive(batch_number="x" * 41), "too_long")
    refused(Invalid, receive(amount=0), "out_of_range")
    refused(Invalid, receive(amount=-1000), "out_of_range")
    refused(Invalid, receive(amount=10**13), "out_of_range")
    recall.recall(cast.actor("pharmacist"), amoxicillin.pk, batch_number="B1", reason="Notice 12", now=NOW)
    refused(NotNow, receive(batch_number="B1", expiry_date=SOON), "batch_recalled")


def test_only_the_pharmacy_and_no_shop_key(cast, amoxicillin):
    other, shop = cast.actor("other_pharmacist"), key_actor(cast, "pharmacist", "shop")
    refused(NotVisible, lambda: receipts.receive(other, amoxicillin.pk, Amount(1000), now=NOW), "not_found")
    refused(NotAllowed, lambda: receipts.receive(shop, amoxicillin.pk, Amount(1000), now=NOW), "insufficient_scope")
    doctor = cast.actor("doctor")
    refused(NotAllowed, lambda: receipts.count(doctor, amoxicillin.pk, Amount(1000), now=NOW), "permission_denied")


def test_a_count_of_all_takes_the_first_expiring_away(who, amoxicillin):
    late, soon = delivered(who, amoxicillin, "LATE", LATE), delivered(who, amoxicillin, "SOON", SOON)
    receipts.count(who, amoxicillin.pk, Amount(1000), now=NOW)
    assert stock_of(amoxicillin) == "1"
    late.refresh_from_db(), soon.refresh_from_db()
    assert (soon.stock_milli, late.stock_milli) == (0, 21000)
    assert {row.kind for row in Movement.objects.exclude(kind=Kind.RECEIPT)} == {Kind.CORRECTION}
    assert receipts.count(who, amoxicillin.pk, Amount(1000), now=NOW) == []
    receipts.count(who, amoxicillin.pk, Amount(3000), now=NOW)
    assert stock_of(amoxicillin) == "3"


def test_a_count_of_one_batch(who, amoxicillin):
    late, soon = delivered(who, amoxicillin, "LATE", LATE), delivered(who, amoxicillin, "SOON", SOON)
    receipts.count(who, amoxicillin.pk, Amount(units_milli=7000), batch_id=late.pk, now=NOW)
    late.refresh_from_db(), soon.refresh_from_db()
    assert (late.stock_milli, soon.stock_milli) == (7000, 42000)
    assert receipts.count(who, amoxicillin.pk, Amount(units_milli=7000), batch_id=late.pk, now=NOW) == []
    assert stock_of(amoxicillin) == "2.333"


def test_a_batch_of_another_product_is_no_batch(who, amoxicillin, plasters):
    other = delivered(who, plasters, "P1", None)
    for act in (receipts.set_aside, receipts.discard, receipts.release):
        refused(
            Invalid,
            lambda act=act: act(who, amoxicillin.pk, Amount(1000), batch_id=other.pk, reason="x", now=NOW),
            "unknown_batch",
        )
    refused(
        Invalid, lambda: receipts.count(who, amoxicillin.pk, Amount(1000), batch_id=other.pk, now=NOW), "unknown_batch"
    )


def test_corrections_say_why_and_may_go_below_zero(who, amoxicillin):
    batch = delivered(who, amoxicillin, "B1", SOON)
    for amount, more in ((Amount(units_milli=3000), False), (Amount(1000), True)):
        receipts.correct(who, amoxicillin.pk, amount, more=more, reason="Broken", batch_id=batch.pk, now=NOW)
    assert stock_of(amoxicillin) == "2.857"
    receipts.correct(who, amoxicillin.pk, Amount(4000), more=False, reason="Lost", now=NOW)
    assert stock_of(amoxicillin) == "-1.142"
    refused(
        Invalid, lambda: receipts.correct(who, amoxicillin.pk, Amount(1000), more=True, reason=" ", now=NOW), "required"
    )


def test_what_a_customer_returns_waits_in_quarantine(who, amoxicillin):
    delivered(who, amoxicillin, "B1", SOON)
    receipts.take_back(who, amoxicillin.pk, Amount(1000), batch_number="B1", reason="Not needed", now=NOW)
    assert stock_of(amoxicillin) == "2"
    assert Batch.objects.get().quarantined_milli == 21000
    receipts.take_back(
        who, amoxicillin.pk, Amount(1000), batch_number="OLD", expiry_date=GONE, reason="Out of date", now=NOW
    )  # an expired one may come back
    assert stock_of(amoxicillin) == "2"


def test_a_return_does_not_make_an_uncounted_stock_a_zero(who, plasters):
    receipts.take_back(who, plasters.pk, Amount(1000), reason="Not needed", now=NOW)
    assert stock_of(plasters) is None
    receipts.release(who, plasters.pk, Amount(1000), reason="Unopened", now=NOW)
    assert stock_of(plasters) == "1"


def test_quarantine_in_out_and_away(who, amoxicillin):
    batch = delivered(who, amoxicillin, "B1", SOON)
    words = {"batch_id": batch.pk, "reason": "Box was wet", "now": NOW}
    receipts.set_aside(who, amoxicillin.pk, Amount(1500), **words)
    assert stock_of(amoxicillin) == "0.5"
    receipts.release(who, amoxicillin.pk, Amount(500), **words)
    assert stock_of(amoxicillin) == "1"
    receipts.discard(who, amoxicillin.pk, Amount(1000), **words)
    assert stock_of(amoxicillin) == "1"
    batch.refresh_from_db()
    assert (batch.stock_milli, batch.quarantined_milli) == (21000, 0)
    for act in (receipts.release, receipts.discard):
        refused(Invalid, lambda act=act: act(who, amoxicillin.pk, Amount(500), **words), "out_of_range")
    refused(Invalid, lambda: receipts.set_aside(who, amoxicillin.pk, Amount(1500), **words), "out_of_range")


def test_quarantine_without_a_batch(who, plasters):
    receipts.receive(who, plasters.pk, Amount(3000), now=NOW)
    receipts.set_aside(who, plasters.pk, Amount(2000), reason="Dirty", now=NOW)
    refused(Invalid, lambda: receipts.set_aside(who, plasters.pk, Amount(2000), reason="x", now=NOW), "out_of_range")
    receipts.discard(who, plasters.pk, Amount(2000), reason="Dirty", now=NOW)
    refused(Invalid, lambda: receipts.discard(who, plasters.pk, Amount(1000), reason="x", now=NOW), "out_of_range")
    assert stock_of(plasters) == "1"


def test_nothing_unfit_goes_back_to_the_shelf(cast, who, amoxicillin):
    receipts.take_back(who, amoxicillin.pk, Amount(1000), batch_number="OLD", expiry_date=GONE, reason="Late", now=NOW)
    delivered(who, amoxicillin, "B1", SOON)
    recall.recall(cast.actor("pharmacist"), amoxicillin.pk, batch_number="B1", reason="Notice 12", now=NOW)
    for number, code in (("OLD", "batch_expired"), ("B1", "batch_recalled")):
        batch = Batch.objects.get(number=number)
        words = {"batch_id": batch.pk, "reason": "Looks fine", "now": NOW}
        refused(NotNow, lambda words=words: receipts.release(who, amoxicillin.pk, Amount(1000), **words), code)
        refused(
            NotNow, lambda words=words: receipts.correct(who, amoxicillin.pk, Amount(1000), more=True, **words), code
        )
