"""A supply that names a product takes its stock in the same transaction; its reversal does what the reason says."""

from datetime import timedelta

import pytest

from elmed.inventory import stock
from elmed.inventory.models import Batch, Kind, Movement, Product
from elmed.inventory.stock import Cause
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.vocabulary import ReversalReason
from tests import factories as f
from tests.cast import NOW, Cast
from tests.prescriptions.attempts import refused
from tests.prescriptions.shop import product, reserved, shop

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


def supplied(cast, rx, quantity=21_000, **words):
    line = SupplyLine(f.first_line(rx), quantity, product_sku="AMOX-21", **words)
    return dispense(cast.actor("pharmacist"), rx.pk, Supply(lines=(line,)), source="portal", now=NOW)


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
