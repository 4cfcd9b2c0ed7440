"""A recalled batch leaves the shelf, those who may have received it are found; an expired one leaves it by the clock."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import transaction

from elmed.core.models import Mode
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.models import Event
from elmed.inventory import queries, recall, receipts, stock
from elmed.inventory.expiry import quarantine_expired
from elmed.inventory.links import link
from elmed.inventory.models import Batch, Kind, Movement, Product
from elmed.inventory.receipts import Amount
from elmed.inventory.sales import record_sale
from elmed.inventory.stock import Cause
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.vocabulary import ReversalReason
from tests import factories
from tests.cast import NOW, key_actor
from tests.inventory.conftest import refused

SOON, LATE = date(NOW.year + 1, 1, 31), date(NOW.year + 2, 1, 31)


@pytest.fixture
def who(cast):
    return cast.actor("pharmacist")


@pytest.fixture
def batch(cast, amoxicillin):
    return received(cast, amoxicillin, "B1", SOON)


def received(cast, product, number, expiry):
    who = cast.actor("technician")
    receipts.receive(who, product.pk, Amount(3000), batch_number=number, expiry_date=expiry, now=NOW)
    return Batch.objects.get(product=product, number=number)


def handed_over(cast, now=NOW, at=None, **words):
    rx = factories.verified(cast)
    line = SupplyLine(factories.first_line(rx), 21000, **words)
    supply = Supply(lines=(line,), handed_over_at=at)
    return dispense(cast.actor("technician"), rx.pk, supply, source="portal", now=now)


def found(cast, batch):
    batch.refresh_from_db()
    rows = recall.affected(cast.actor("technician"), batch)
    return [row.dispense for row in rows.certain], [row.dispense for row in rows.possible]


def test_off_the_shelf_at_once(cast, who, batch, amoxicillin):
    recall.recall(who, amoxicillin.pk, batch_number="b1", reason="Notice 12", now=NOW)
    batch.refresh_from_db()
    assert (batch.stock_milli, batch.quarantined_milli) == (0, 63000)
    assert (batch.recalled_at, batch.recall_reason) == (NOW, "Notice 12")
    assert Product.objects.get(pk=amoxicillin.pk).stock_milli == 0
    told = Event.objects.get(type="batch.recalled")
    assert told.data == {"product_id": amoxicillin.pk, "batch_id": batch.pk}
    assert list(queries.recalled(who)) == [batch]
    again = lambda: recall.recall(who, amoxicillin.pk, batch_number="B1", reason="x", now=NOW)  # noqa: E731
    refused(NotNow, again, "already_recalled")
    with pytest.raises(NotNow) as caught:
        handed_over(cast, product_sku="AMOX-500", batch_number="B1")
    assert caught.value.code == "batch_recalled"


def test_a_number_that_is_not_on_record_is_recalled_too(cast, who, amoxicillin):
    before = handed_over(cast, batch_number="Z9", product_sku=None)
    made = recall.recall(who, amoxicillin.pk, batch_number="Z9", reason="Notice 12", now=NOW)
    assert found(cast, made) == ([before], [])


@pytest.mark.parametrize("name", ["technician", "doctor"])
def test_who_may_not_recall(cast, batch, amoxicillin, name):
    actor = cast.actor(name)
    refused(
        NotAllowed,
        lambda: recall.recall(actor, amoxicillin.pk, batch_number="B1", reason="x", now=NOW),
        "permission_denied",
    )
    refused(NotAllowed, lambda: recall.end(actor, batch.pk, reason="x", now=NOW), "permission_denied")


def test_recalls_that_cannot_be(cast, who, batch, amoxicillin):
    other = cast.actor("other_pharmacist")
    words = {"reason": "x", "now": NOW}
    refused(NotVisible, lambda: recall.recall(other, amoxicillin.pk, batch_number="B1", **words), "not_found")
    refused(NotVisible, lambda: recall.end(other, batch.pk, **words), "not_found")
    refused(NotNow, lambda: recall.end(who, batch.pk, **words), "not_recalled")
    refused(Invalid, lambda: recall.recall(who, amoxicillin.pk, batch_number=" ", **words), "required")
    refused(Invalid, lambda: recall.recall(who, amoxicillin.pk, batch_number="B1", reason=" ", now=NOW), "required")


def test_who_received_it(cast, make, batch, amoxicillin):
    make(replace(factories_product(), sku="RAMI-5"))
    named = handed_over(cast, product_sku="AMOX-500", batch_number="B1")
    assumed = handed_over(cast, product_sku="AMOX-500")
    written = handed_over(cast, batch_number="b1")  # no product was named, the medicine is the same
    handed_over(cast, product_sku="AMOX-500", batch_number="B2", expiry_date=LATE)
    handed_over(cast, product_sku="RAMI-5-X", batch_number="B1")  # another product's batch of that number
    unnamed = handed_over(cast)  # of no product: the medicine is the same
    assert found(cast, batch) == ([written, named], [unnamed, assumed])


def test_what_named_no_batch_may_have_been_of_any(cast, who, batch, amoxicillin):
    """The first-expiring was assumed for the count; the pack in the bag may have been of the other."""
    late = received(cast, amoxicillin, "B2", LATE)
    first, of_all = handed_over(cast, product_sku="amox-500"), []
    for sku in ("AMOX-500", "AMOX-500", "AMOX-500", "AMOX-500", "AMOX-500", "AMOX-500"):
        of_all.insert(0, handed_over(cast, product_sku=sku))  # the last of them took what no batch accounts for
    assert found(cast, late) == ([], [*of_all, first])
    assert found(cast, batch) == ([], [*of_all, first])


def test_only_while_the_batch_was_there(cast, who, amoxicillin):
    day = timedelta(days=1)
    handed_over(cast, product_sku="AMOX-500")
    words = {"batch_number": "B1", "now": NOW + 2 * day}
    receipts.receive(cast.actor("technician"), amoxicillin.pk, Amount(3000), **words)
    there = Batch.objects.get()
    same_day = handed_over(cast, now=NOW + 2 * day, at=NOW + 2 * day - timedelta(hours=1), product_sku="AMOX-500")
    after = handed_over(cast, now=NOW + 3 * day)
    recall.recall(who, amoxicillin.pk, batch_number="B1", reason="Notice 12", now=NOW + 4 * day)
    handed_over(cast, now=NOW + 5 * day, product_sku="AMOX-500")
    reported = handed_over(cast, now=NOW + 5 * day, at=NOW + 4 * day, product_sku="AMOX-500")
    assert found(cast, there) == ([], [reported, after, same_day])


def test_a_batch_whose_delivery_nobody_wrote_down_may_always_have_been_there(cast, who, amoxicillin):
    before = handed_over(cast, product_sku="AMOX-500")
    made = recall.recall(who, amoxicillin.pk, batch_number="Z9", reason="Notice 12", now=NOW + timedelta(days=1))
    assert found(cast, made) == ([], [before])


def test_another_medicine_is_not_asked_about(cast, make, batch):
    make(replace(factories_product(), sku="RAMI-5"))
    handed_over(cast, product_sku="ELSEWHERE")
    linked = make(replace(factories_product(), sku="AMOX-OTHER", pack_size_milli=21000, pack_unit="capsule"))
    lot = received(cast, linked, "C1", LATE)
    unnamed = handed_over(cast)
    assert found(cast, lot) == ([], [])
    link(cast.actor("pharmacist"), linked.pk, unnamed.lines.get().line_id, now=NOW)
    assert found(cast, lot) == ([], [unnamed])


def factories_product():
    from tests.inventory.conftest import PLASTERS

    return PLASTERS


@pytest.mark.parametrize(
    ("reason", "still"),
    [
        (ReversalReason.RECORDED_IN_ERROR, False), (ReversalReason.NEVER_LEFT_PHARMACY, False),
        (ReversalReason.RETURNED_UNOPENED, True), (ReversalReason.RETURNED_UNUSABLE, True),
    ],
)  # fmt: skip
def test_what_was_taken_back(cast, batch, reason, still):
    made = handed_over(cast, product_sku="AMOX-500", batch_number="B1")
    line = made.lines.get()
    reverse(cast.actor("pharmacist"), made.pk, reason=reason, lines={line.line_id: 21000}, now=NOW)
    batch.refresh_from_db()
    rows = recall.affected(cast.actor("technician"), batch).certain
    assert [row.came_back for row in rows] == [True] * still


def test_another_pharmacy_is_shown_nothing(cast, batch):
    handed_over(cast, product_sku="AMOX-500", batch_number="B1")
    rows = recall.affected(cast.actor("other_pharmacist"), batch)
    assert rows.patient_ids == set()


def test_orders_of_the_shop_are_named(cast, make, plasters):
    lot = received(cast, plasters, "P1", LATE)
    sale = record_sale(key_actor(cast, "pharmacist", "shop"), "1042", [("PLAST-1", 1000)], now=NOW)
    rows = recall.affected(cast.actor("technician"), lot)
    assert [row.sale_line.sale for row in rows.possible_sales] == [sale]
    assert rows.sales == []
    other = received(cast, plasters, "P2", LATE)
    more = record_sale(
        key_actor(cast, "pharmacist", "shop"), "1043", [("PLAST-1", 6000)], now=NOW
    )  # more than there is
    rows = recall.affected(cast.actor("technician"), other).possible_sales
    assert {row.sale_line.sale for row in rows} == {sale, more}
    assert {row.batch and row.batch.number for row in rows} == {"P1", "P2", None}


def test_a_mistaken_recall_is_ended(cast, who, batch, amoxicillin):
    technician = cast.actor("technician")
    words = {"batch_number": "B1", "reason": "Not needed", "now": NOW}
    receipts.take_back(technician, amoxicillin.pk, Amount(1000), **words)  # in quarantine before, and stays there
    recall.recall(who, amoxicillin.pk, batch_number="B1", reason="Notice 12", now=NOW)
    recall.end(who, batch.pk, reason="Another maker's batch", now=NOW)
    batch.refresh_from_db()
    assert (batch.recalled_at, batch.recall_reason, batch.stock_milli, batch.quarantined_milli) == (
        None,
        "",
        63000,
        21000,
    )
    assert Event.objects.filter(type="batch.recall_ended").count() == 1
    recall.recall(who, amoxicillin.pk, batch_number="B1", reason="Notice 13", now=NOW)
    receipts.discard(technician, amoxicillin.pk, Amount(4000), batch_id=batch.pk, reason="Destroyed", now=NOW)
    recall.end(who, batch.pk, reason="Mistake", now=NOW)
    batch.refresh_from_db()
    assert (batch.stock_milli, batch.quarantined_milli) == (0, 0)


def test_what_somebody_set_aside_in_the_same_words_stays_aside(cast, who, batch, amoxicillin):
    recall.recall(who, amoxicillin.pk, batch_number="B1", reason="Notice 12", now=NOW)
    found_it = Cause(Kind.CORRECTION, who, NOW, reason="Found")
    with transaction.atomic():  # a pack that was found after it
        stock.correct(stock.lock([amoxicillin.pk])[amoxicillin.pk], batch, 21000, found_it)
    words = {"batch_id": batch.pk, "reason": recall.REASON, "now": NOW}
    receipts.set_aside(cast.actor("technician"), amoxicillin.pk, Amount(1000), **words)
    recall.end(who, batch.pk, reason="Mistake", now=NOW)
    batch.refresh_from_db()
    assert (batch.stock_milli, batch.quarantined_milli) == (63000, 21000)
    by_recall = Movement.objects.filter(kind=Kind.RECALL).order_by("pk")
    assert [(row.shelf_milli, row.reason) for row in by_recall] == [
        (-63000, "Recalled"), (63000, "Recall ended: Mistake"),
    ]  # fmt: skip


def test_what_expired_meanwhile_stays_in_quarantine(who, batch, amoxicillin):
    recall.recall(who, amoxicillin.pk, batch_number="B1", reason="Notice 12", now=NOW)
    recall.end(who, batch.pk, reason="Mistake", now=NOW + timedelta(days=800))
    batch.refresh_from_db()
    assert (batch.stock_milli, batch.quarantined_milli) == (0, 63000)


def test_the_clock_takes_what_has_expired_off_the_shelf(cast, batch, amoxicillin):
    late = received(cast, amoxicillin, "B2", LATE)
    last_moment = NOW.replace(year=SOON.year, month=SOON.month, day=SOON.day, hour=23)
    assert quarantine_expired(last_moment, world_id=1, mode=Mode.LIVE) == 0
    after = last_moment + timedelta(hours=1)
    assert quarantine_expired(after, world_id=2, mode=Mode.TEST) == 0
    assert quarantine_expired(after, world_id=1, mode=Mode.LIVE) == 1
    assert quarantine_expired(after, world_id=1, mode=Mode.LIVE) == 0
    batch.refresh_from_db(), late.refresh_from_db()
    assert (batch.stock_milli, batch.quarantined_milli, late.stock_milli) == (0, 63000, 63000)
    moved = Movement.objects.get(kind=Kind.QUARANTINE)
    assert (moved.reason, moved.person_id, moved.key_id) == ("Expired", None, None)
    assert Product.objects.get(pk=amoxicillin.pk).stock_milli == 63000
