"""Two shoppers at the same moment, on PostgreSQL: one quantity, one order; wrong proofs side by side are counted."""

import time
from collections import Counter
from datetime import timedelta

import pytest

from elmed.core.clock import real_now
from elmed.core.refusals import Refusal
from elmed.events.record import lock_lists
from elmed.inventory.models import Movement, Product
from elmed.prescriptions import reference as references
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.proof import prove
from elmed.prescriptions.actions.reservations import confirm, free_due, release
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import Reservation
from elmed.prescriptions.vocabulary import ReversalReason
from tests import factories as f
from tests.cast import NOW
from tests.prescriptions.shop import BORN, checked, counters, product, reasons, reserved, shop
from tests.prescriptions.test_at_once import at_once, cast, numbers_without_a_gap, pytestmark
from tests.prescriptions.test_lock_order import meet

__all__ = ["cast", "pytestmark"]


def test_16_shoppers_want_the_last_pack(cast):
    product(cast)
    rx, key, answers = f.verified(cast), shop(cast), []
    at_once(*[lambda: answers.append(reasons(checked(key, rx, reserve=True))[0])] * 16)
    assert Counter(answers) == {None: 1, "reserved": 15}
    assert (counters(rx), Reservation.objects.count()) == ([(0, 21_000)], 1)
    assert numbers_without_a_gap()


def test_the_same_reservation_is_dispensed_once(cast):
    product(cast)
    rx, key = f.verified(cast), shop(cast)
    row = reserved(key, rx)
    codes = at_once(*[lambda: dispense(key, rx.pk, Supply(reservation_id=row.pk), source="api", now=NOW)] * 8)
    assert Counter(codes) == {"done": 1, "reservation_used": 7}
    assert (counters(rx), Movement.objects.count()) == ([(21_000, 0)], 1)


@pytest.mark.parametrize("other", ["release", "time out", "return", "confirm"])
def test_a_dispense_races_the_end_of_its_reservation(cast, other):
    product(cast)
    key, later = shop(cast), NOW + timedelta(minutes=15)
    for _ in range(3):
        rx = f.verified(cast)
        row = reserved(key, rx)
        acts = {
            "release": lambda pk=row.pk: release(key, pk, now=NOW),
            "time out": lambda: free_due(later, world_id=1),
            "return": lambda pk=rx.pk: return_(cast.actor("owner"), pk, reason="No stock", now=NOW),
            "confirm": lambda pk=row.pk: confirm(key, pk, external_reference=str(pk), now=NOW),
        }
        what = Supply(reservation_id=row.pk)
        codes = at_once(acts[other], lambda pk=rx.pk, what=what: dispense(key, pk, what, source="api", now=NOW))
        assert not [code for code in codes if "Error" in code], codes
        row.refresh_from_db()
        supplied, kept = counters(rx)[0]
        assert (supplied, kept) in ((21_000, 0), (0, 0))
        assert (row.used_at is not None) == (supplied > 0)
    assert numbers_without_a_gap()


def test_the_counter_and_the_shop_want_the_same(cast):
    product(cast)
    key, pharmacist = shop(cast), cast.actor("pharmacist")
    for _ in range(3):
        rx, found = f.verified(cast), []
        at_once(
            lambda rx=rx, found=found: found.append(checked(key, rx, reserve=True)),
            lambda pk=rx.pk: dispense(pharmacist, pk, Supply(), source="portal", now=NOW),
        )
        supplied, kept = counters(rx)[0]
        assert supplied + kept == 21_000
        assert (found[0].reservation is not None) == (kept > 0)


def test_stock_is_counted_once_for_each_supply(cast):
    goods, actor = product(cast), cast.actor("pharmacist")
    rxs = [f.verified(cast) for _ in range(6)]
    what = {rx.pk: Supply(lines=(SupplyLine(f.first_line(rx), 21_000, product_sku="AMOX-21"),)) for rx in rxs}
    codes = at_once(*[lambda pk=rx.pk: dispense(actor, pk, what[pk], source="api", now=NOW) for rx in rxs])
    assert Counter(codes) == {"done": 6}
    assert Product.objects.get(pk=goods.pk).stock_milli == -6 * 21_000


def test_wrong_proofs_side_by_side_are_tries_in_a_row(cast):
    key, reference = shop(cast), references.new()

    def wrong():
        prove(key, reference=reference, date_of_birth=BORN)

    codes = at_once(*[wrong] * 16)
    assert Counter(codes) == {"no_matching_prescription": 5, "reference_locked": 11}
    with pytest.raises(Refusal):
        wrong()


def test_the_clock_frees_what_one_dispense_refers_to_while_another_takes_the_same_product(cast):
    """Products come before anybody's list of events, also where an act first frees what is overdue."""
    product(cast)
    key, actor, later = shop(cast), cast.actor("pharmacist"), NOW + timedelta(minutes=15)
    for _ in range(6):
        mine, other = f.verified(cast), f.verified(cast)
        row = reserved(key, mine)
        confirm(key, row.pk, external_reference=str(row.pk), now=NOW)
        Reservation.objects.filter(pk=row.pk).update(reserved_until=later)
        what = Supply(lines=(SupplyLine(f.first_line(other), 21_000, product_sku="AMOX-21"),))
        codes = at_once(
            lambda pk=mine.pk, row=row: dispense(key, pk, Supply(reservation_id=row.pk), source="api", now=later),
            lambda pk=other.pk, what=what: dispense(actor, pk, what, source="api", now=later),
        )
        assert Counter(codes) == {"done": 2}
    assert numbers_without_a_gap()


def test_a_re_routing_that_frees_the_overdue_races_an_act_of_the_new_pharmacy(cast):
    product(cast)
    key, later = shop(cast), NOW + timedelta(minutes=15)
    doctor, other = cast.actor("doctor"), cast.actor("other_pharmacist")
    for _ in range(6):
        moved = f.pending_review(cast)
        reserved(key, moved)
        theirs = route(doctor, f.issued(cast).pk, pharmacy_id=cast.other_pharmacy.pk, now=NOW)
        codes = at_once(
            lambda pk=moved.pk: route(doctor, pk, pharmacy_id=cast.other_pharmacy.pk, now=later),
            lambda pk=theirs.pk: verify(other, pk, now=later),
        )
        assert Counter(codes) == {"done": 2}
    assert numbers_without_a_gap()


def test_two_reversals_of_the_same_two_products_in_another_order(cast):
    """A reversal locks all its products at once, in the order of their ids."""
    product(cast)
    product(cast, sku="RAMI-5", name="Ramipril", medication_code="C09AA05", strength="5 mg", form="tablet",
            pack_unit="tablet", pack_size_milli=28_000)  # fmt: skip
    actor = cast.actor("pharmacist")

    def made(step):
        rx = f.verified(cast, lines=(f.AMOXICILLIN, f.RAMIPRIL))
        first, second = (row.pk for row in rx.lines.all())
        lines = (SupplyLine(first, 1000, product_sku="AMOX-21"), SupplyLine(second, 1000, product_sku="RAMI-5"))
        return dispense(actor, rx.pk, Supply(lines=lines[::step]), source="portal", now=NOW).pk

    words = {"reason": ReversalReason.RECORDED_IN_ERROR, "now": NOW}
    for _ in range(8):
        pair = made(1), made(-1)
        assert Counter(at_once(*[lambda pk=pk: reverse(actor, pk, **words) for pk in pair])) == {"done": 2}
    assert set(Product.objects.values_list("stock_milli", flat=True)) == {0}


def test_stock_whose_events_were_waited_for_is_stamped_when_they_are_written(cast):
    """Whoever polls by change has passed the moment of the movement by then, and would never see it."""
    goods, rx = product(cast), f.verified(cast)
    what = Supply(lines=(SupplyLine(f.first_line(rx), 21_000, product_sku="AMOX-21"),))
    released = []

    def waiting():
        time.sleep(1.5)
        released.append(real_now())

    wrong = meet(
        lambda: lock_lists([cast.pharmacy.pk], 1),
        lambda: dispense(cast.actor("pharmacist"), rx.pk, what, source="portal", now=real_now()),
        then=waiting,
    )
    assert wrong == []
    goods.refresh_from_db()
    assert goods.stock_milli == -21_000
    assert goods.updated_at >= released[0]
