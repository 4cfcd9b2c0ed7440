"""A supply that names a product takes its stock in the same transaction; its reversal does what the reason says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from elmed.core.models import Mode
from elmed.inventory import recall, stock
from elmed.inventory.expiry import quarantine_expired
from elmed.inventory.links import link
from elmed.inventory.models import Batch, Kind, Movement, Product
from elmed.inventory.products import change
from elmed.inventory.stock import Cause
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.vocabulary import ReversalReason
from tests import factories as f
from tests.cast import NOW, Cast
from tests.prescriptions.attempts import refused
from tests.prescriptions.shop import AMOXICILLIN, checked, product, reasons, reserved, shop

TODAY = NOW.date()
DAY = timedelta(days=1)


@pytest.fixture
def goods(cast: Cast) -> Product:
    """Amoxicillin: one pack that expires in ten days, two that expire in a year, one that has expired."""
    made = product(cast)
    for number, packs, days in (("LATE", 2, 365), ("SOON", 1, 10), ("GONE", 1, -1)):
        batch = stock.named_batch(made, number, TODAY + days * DAY, NOW)
        stock.receive(made, batch, packs * 21_000, Cause(Kind.RECEIPT, cast.actor("pharmacist"), NOW))
    return made


def shelf(made: Product) -> dict[str | None, int]:
    """Each batch's stock in capsules; under None what the batches do not account for."""
    made.refresh_from_db()
    batches = {batch.number: batch.stock_milli // 1000 for batch in Batch.objects.filter(product=made)}
    return batches | {None: made.stock_milli // 1000 - sum(batches.values())}


def adds_up(made: Product) -> bool:
    """Whether every counter is the sum of its movements."""
    made.refresh_from_db()
    rows = list(Movement.objects.filter(product=made))
    return made.stock_milli == sum(row.shelf_milli for row in rows) and all(
        (batch.stock_milli, batch.quarantined_milli)
        == (
            sum(row.shelf_milli for row in rows if row.batch_id == batch.pk),
            sum(row.quarantine_milli for row in rows if row.batch_id == batch.pk),
        )
        for batch in Batch.objects.filter(product=made)
    )


def supplied(cast, rx, quantity=21_000, *, now=NOW, at=None, sku="AMOX-21", **words):
    line = SupplyLine(f.first_line(rx), quantity, product_sku=sku, **words)
    supply = Supply(lines=(line,), handed_over_at=at)
    return dispense(cast.actor("pharmacist"), rx.pk, supply, source="portal", now=now)


def test_the_named_batch(cast, goods):
    supplied(cast, f.verified(cast), 10_000, batch_number="late")
    assert shelf(goods) == {"GONE": 21, "SOON": 21, "LATE": 32, None: 0}
    assert adds_up(goods)


def test_without_a_batch_the_first_expiring_that_is_fit(cast, goods):
    f.dispensed(cast)  # names no product, takes nothing
    supplied(cast, f.verified(cast), 11_000)
    supplied(cast, f.verified(cast))
    assert shelf(goods) == {"GONE": 21, "SOON": 0, "LATE": 31, None: 0}
    assert set(Movement.objects.filter(kind=Kind.DISPENSE).values_list("assumed", flat=True)) == {True}


def test_too_little_on_record_never_refuses_a_supply(cast, goods):
    for _ in range(4):
        supplied(cast, f.verified(cast))
    assert shelf(goods) == {"GONE": 21, "SOON": 0, "LATE": 0, None: -21}
    assert adds_up(goods)


def test_a_batch_that_is_not_on_record_is_written_down(cast, goods):
    supplied(cast, f.verified(cast), batch_number="NEW", expiry_date=TODAY + 30 * DAY)
    assert shelf(goods)["NEW"] == -21
    assert Batch.objects.get(number="NEW").expiry_date == TODAY + 30 * DAY


def test_expired_and_recalled_batches_are_refused(cast, goods):
    rx = f.verified(cast)
    with refused("batch_expired"):
        supplied(cast, rx, batch_number="GONE")
    Batch.objects.filter(number="SOON").update(recalled_at=NOW, recall_reason="Glass")
    with refused("batch_recalled"):
        supplied(cast, rx, batch_number="SOON")
    supplied(cast, rx)
    assert shelf(goods) == {"GONE": 21, "SOON": 21, "LATE": 21, None: 0}


@pytest.mark.parametrize("batch", ["LATE", "SOON"])
def test_what_left_before_its_batch_was_recalled_is_recorded(cast, goods, batch):
    """The recall took it for still there: it goes out of quarantine, and the other batches' stock stays right."""
    recalled = NOW + timedelta(hours=2)
    recall.recall(cast.actor("pharmacist"), goods.pk, batch_number=batch, reason="Glass", now=recalled)
    aside, rest = Batch.objects.get(number=batch).quarantined_milli, shelf(goods)
    reported, words = recalled + timedelta(hours=1), {"batch_number": batch}
    rx = f.verified(cast)
    for moment in (recalled, reported, None):
        with refused("batch_recalled"):
            supplied(cast, rx, now=reported, at=moment, **words)
    supplied(cast, rx, now=reported, at=recalled - timedelta(seconds=1), **words)
    assert Batch.objects.get(number=batch).quarantined_milli == aside - 21_000
    assert shelf(goods) == rest
    assert adds_up(goods)


def test_what_left_before_its_last_day_was_over_is_recorded_later(cast, goods):
    """The clock took it off the shelf as if it were still there."""
    later, rx = NOW + 12 * DAY, f.verified(cast)
    quarantine_expired(later, world_id=1, mode=Mode.LIVE)
    with refused("batch_expired"):
        supplied(cast, rx, now=later, batch_number="SOON")
    made = supplied(cast, rx, now=later, at=NOW + 9 * DAY, batch_number="SOON")
    assert shelf(goods) == {"GONE": 0, "SOON": 0, "LATE": 42, None: 0}
    assert Batch.objects.get(number="SOON").quarantined_milli == 0
    reverse(cast.actor("pharmacist"), made.pk, reason=ReversalReason.NEVER_LEFT_PHARMACY, now=later)
    assert Batch.objects.get(number="SOON").quarantined_milli == 21_000
    assert adds_up(goods)


def test_a_sku_in_another_case_is_the_same_product(cast, goods):
    made = supplied(cast, f.verified(cast), sku="aMoX-21")
    assert shelf(goods)["SOON"] == 0
    assert made.lines.get().product_sku == "aMoX-21"


STRICT = replace(f.AMOXICILLIN, substitution_allowed=False, substitution_reason="Reaction to another brand")


def test_where_no_substitution_is_allowed_another_product_is_refused_undeclared(cast, goods):
    brand = product(cast, sku="BRAND", name="Amoxil 500 mg")
    product(cast, sku="PARA", name="Paracetamol", medication_code="N02BE01")
    rx = f.verified(cast, lines=(STRICT,))
    for sku in ("BRAND", "brand", "PARA"):
        with refused("substitution_not_allowed"):
            supplied(cast, rx, sku=sku)
    supplied(cast, rx, 1_000)  # the prescribed one
    supplied(cast, rx, 1_000, sku="ELSEWHERE")  # nobody knows what that is
    link(cast.actor("pharmacist"), brand.pk, f.first_line(rx), now=NOW)
    supplied(cast, rx, 1_000, sku="BRAND")
    brand.refresh_from_db()
    assert brand.stock_milli == -1_000


def test_where_it_is_allowed_the_pharmacist_decides(cast, goods):
    product(cast, sku="PARA", name="Paracetamol", medication_code="N02BE01")
    supplied(cast, f.verified(cast), sku="PARA")
    assert Movement.objects.filter(kind=Kind.DISPENSE).get().product.sku == "PARA"


def test_what_was_kept_for_an_order_is_supplied_although_the_product_is_called_otherwise_now(cast, goods):
    rx, key, who = f.verified(cast, lines=(STRICT,)), shop(cast), cast.actor("pharmacist")
    row = reserved(key, rx)
    change(who, goods.pk, replace(AMOXICILLIN, name="Amoxil 500 mg"), now=NOW)
    assert reasons(checked(key, f.verified(cast, lines=(STRICT,)))) == ["not_covered"]
    dispense(key, rx.pk, Supply(reservation_id=row.pk), source="api", now=NOW)
    assert shelf(goods)["SOON"] == 0


def test_a_sku_that_is_not_in_the_catalogue_is_only_written_down(cast, goods):
    rx = f.verified(cast)
    line = SupplyLine(f.first_line(rx), 21_000, product_sku="ELSEWHERE")
    made = dispense(cast.actor("pharmacist"), rx.pk, Supply(lines=(line,)), source="portal", now=NOW)
    assert made.lines.get().product_sku == "ELSEWHERE"
    assert shelf(goods)["SOON"] == 21


def test_another_unit_is_refused(cast):
    product(cast, pack_size_milli=100_000, pack_unit="ml")
    rx = f.verified(cast)
    with refused("unit_mismatch"):
        supplied(cast, rx)


def test_a_refused_supply_takes_nothing(cast, goods):
    rx = f.verified(cast)
    with refused("quantity_unavailable"):
        supplied(cast, rx, 21_001)


def test_by_reservation_the_reserved_product_is_taken(cast, goods):
    rx = f.verified(cast)
    key = shop(cast)
    row = reserved(key, rx)
    dispense(key, rx.pk, Supply(reservation_id=row.pk), source="api", now=NOW)
    assert shelf(goods) == {"GONE": 21, "SOON": 0, "LATE": 42, None: 0}


@pytest.mark.parametrize(
    ("reason", "on_the_shelf", "in_quarantine"),
    [
        (ReversalReason.RECORDED_IN_ERROR, 84_000, 0),
        (ReversalReason.NEVER_LEFT_PHARMACY, 84_000, 0),
        (ReversalReason.RETURNED_UNOPENED, 63_000, 21_000),
        (ReversalReason.RETURNED_UNUSABLE, 63_000, 0),
    ],
)
def test_what_a_reversal_gives_back(cast, goods, reason, on_the_shelf, in_quarantine):
    made = supplied(cast, f.verified(cast))
    reverse(cast.actor("pharmacist"), made.pk, reason=reason, now=NOW)
    goods.refresh_from_db()
    soon = Batch.objects.get(number="SOON")
    assert (goods.stock_milli, soon.quarantined_milli) == (on_the_shelf, in_quarantine)
    assert adds_up(goods)


def test_in_part_it_gives_back_a_part_the_last_taken_first(cast, goods):
    rx = f.verified(cast)
    supplied(cast, f.verified(cast), 11_000)
    made = supplied(cast, rx)  # 10 of SOON, 11 of LATE
    reverse(
        cast.actor("pharmacist"), made.pk, reason=ReversalReason.NEVER_LEFT_PHARMACY, lines={f.first_line(rx): 15_000}, now=NOW
    )  # fmt: skip
    assert shelf(goods) == {"GONE": 21, "SOON": 4, "LATE": 42, None: 0}
    assert adds_up(goods)


def test_a_batch_recalled_meanwhile_goes_to_quarantine(cast, goods):
    made = supplied(cast, f.verified(cast), batch_number="SOON")
    Batch.objects.filter(number="SOON").update(recalled_at=NOW, recall_reason="Glass")
    reverse(cast.actor("pharmacist"), made.pk, reason=ReversalReason.NEVER_LEFT_PHARMACY, now=NOW)
    assert Batch.objects.get(number="SOON").quarantined_milli == 21_000
    assert adds_up(goods)


def test_a_batch_that_expired_meanwhile_goes_to_quarantine(cast, goods):
    made = supplied(cast, f.verified(cast), now=NOW + 10 * DAY, batch_number="SOON")
    reverse(cast.actor("pharmacist"), made.pk, reason=ReversalReason.NEVER_LEFT_PHARMACY, now=NOW + 11 * DAY)
    soon = Batch.objects.get(number="SOON")
    assert (soon.stock_milli, soon.quarantined_milli) == (0, 21_000)
    assert adds_up(goods)
