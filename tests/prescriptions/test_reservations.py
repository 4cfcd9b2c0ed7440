"""The life of a shop's reservation, and what dispensing by it supplies."""

from datetime import datetime, timedelta

import pytest

from elmed.events.models import Event
from elmed.prescriptions.actions.cancel import answer_handed_over, request_cancel
from elmed.prescriptions.actions.close_line import close_line
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.hold import resume
from elmed.prescriptions.actions.reject import reject
from elmed.prescriptions.actions.reservations import confirm, free, free_due, look, release
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.actions.stop import stop
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.actions.transfer import transfer
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import Prescription, Reservation
from elmed.prescriptions.vocabulary import ReversalReason
from tests import factories as f
from tests.cast import NOW, Cast, key_actor
from tests.prescriptions.attempts import refused
from tests.prescriptions.shop import checked, counters, product, reasons, reserved, shop

MINUTES, HOURS, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def key(cast: Cast):
    """The shop's key, and amoxicillin in its catalogue."""
    product(cast)
    return shop(cast)


def by(row: Reservation, **words) -> Supply:
    """A supply of what it keeps."""
    return Supply(reservation_id=row.pk, **words)


def state(key, row: Reservation, now=NOW) -> tuple[str, str | None]:
    found = look(key, row.pk, now=now)
    return found.state.value, found.reason


def test_from_the_basket_to_the_dispense(cast, key):
    rx = f.verified(cast)
    row = reserved(key, rx)
    assert state(key, row) == ("ready", None)
    confirm(key, row.pk, external_reference="1042", now=NOW)
    row.refresh_from_db()
    assert row.reserved_until == NOW + 14 * DAYS
    made = dispense(key, rx.pk, by(row), source="api", now=NOW + DAYS)
    rx.refresh_from_db()
    assert (rx.status, counters(rx)) == ("dispensed", [(21_000, 0)])
    assert (made.external_reference, made.source, made.reservation_id) == ("1042", "woocommerce", row.pk)
    assert made.lines.get().product_sku == "AMOX-21"
    assert state(key, row) == ("used", None)
    types = Event.objects.filter(type__startswith="reservation.").order_by("pk").values_list("type", flat=True)
    assert list(types) == ["reservation.made", "reservation.confirmed"]


def test_waiting_for_the_pharmacist_and_then_ready(cast, key):
    rx = f.pending_review(cast)
    row = reserved(key, rx)
    assert state(key, row) == ("waiting", "awaiting_pharmacist")
    verify(cast.actor("pharmacist"), rx.pk, now=NOW)
    assert state(key, row) == ("ready", None)
    f.held(cast, "pharmacist", rx)
    assert state(key, row) == ("waiting", "not_active")
    resume(cast.actor("pharmacist"), rx.pk, now=NOW)
    assert state(key, row) == ("ready", None)


def test_nobody_else_gets_what_is_reserved_and_its_holder_does(cast, key):
    rx = f.verified(cast)
    row = reserved(key, rx, ("AMOX-21", "0.5"))
    line = f.first_line(rx)
    with refused("quantity_unavailable"):
        f.supply(cast, rx, (line, 10_501))
    f.supply(cast, rx, (line, 10_500))
    with refused("quantity_unavailable"):
        f.supply(cast, rx)
    dispense(key, rx.pk, by(row), source="api", now=NOW)
    rx.refresh_from_db()
    assert (rx.status, counters(rx)) == ("dispensed", [(21_000, 0)])


def test_the_rest_of_a_used_reservation_is_free(cast, key):
    rx = f.verified(cast)
    row = reserved(key, rx)
    lines = (SupplyLine(f.first_line(rx), 7_000),)
    dispense(key, rx.pk, by(row, lines=lines), source="api", now=NOW)
    assert counters(rx) == [(7_000, 0)]
    with refused("reservation_used"):
        dispense(key, rx.pk, by(row), source="api", now=NOW)


def test_a_shops_key_supplies_within_its_reservation_only(cast, key):
    rx = f.verified(cast, lines=(f.AMOXICILLIN, f.RAMIPRIL))
    first, second = (line.pk for line in rx.lines.all())
    row = reserved(key, rx, ("AMOX-21", "0.5"))
    with refused("insufficient_scope"):
        dispense(key, rx.pk, Supply(), source="api", now=NOW)
    for lines in ((SupplyLine(first, 10_501),), (SupplyLine(second, 1_000),)):
        with refused("outside_reservation"):
            dispense(key, rx.pk, by(row, lines=lines), source="api", now=NOW)
    till = key_actor(cast, "pharmacist", "rx:dispense")
    dispense(till, rx.pk, by(row, lines=(SupplyLine(first, 21_000), SupplyLine(second, 1_000))), source="api", now=NOW)
    assert counters(rx) == [(21_000, 0), (1_000, 0)]


def test_somebody_elses_reservation_is_not_there(cast, key):
    rx, other = f.verified(cast), f.verified(cast)
    row, theirs = reserved(key, rx), shop(cast, "other_pharmacist")
    with refused("unknown_reservation"):
        dispense(key, other.pk, by(row), source="api", now=NOW)
    for act in (
        lambda: look(theirs, row.pk, now=NOW),
        lambda: confirm(theirs, row.pk, external_reference="1", now=NOW),
        lambda: release(theirs, row.pk, now=NOW),
        lambda: look(key, 987654, now=NOW),
    ):
        with refused("not_found"):
            act()


def test_confirmed_twice_is_confirmed_once_and_for_one_order(cast, key):
    row = reserved(key, f.verified(cast))
    confirm(key, row.pk, external_reference="1042", now=NOW)
    confirm(key, row.pk, external_reference="1042", now=NOW + DAYS)
    row.refresh_from_db()
    assert row.reserved_until == NOW + 14 * DAYS
    with refused("reservation_confirmed"):
        confirm(key, row.pk, external_reference="1043", now=NOW)


def test_never_past_the_validity(cast, key):
    rx = f.verified(cast)
    late = rx.expires_at - 5 * MINUTES
    row = reserved(key, rx, now=late)
    assert row.reserved_until == rx.expires_at
    confirm(key, row.pk, external_reference="1042", now=late)
    row.refresh_from_db()
    assert row.reserved_until == rx.expires_at


def test_fifteen_minutes_without_an_order(cast, key):
    rx = f.verified(cast)
    row, later = reserved(key, rx), NOW + 15 * MINUTES
    assert state(key, row, later) == ("freed", "timed_out")
    assert free_due(later - MINUTES, world_id=1) == 0
    assert free_due(later, world_id=1) == 1
    assert (counters(rx), state(key, row, later)) == ([(0, 0)], ("freed", "timed_out"))
    assert free_due(later, world_id=1) == 0


def test_an_overdue_one_is_freed_by_whoever_comes_next(cast, key):
    rx = f.verified(cast)
    row, later = reserved(key, rx), NOW + 15 * MINUTES
    assert reasons(checked(key, rx, now=later)) == [None]
    row.refresh_from_db()
    assert row.freed_reason == "timed_out"
    again = reserved(key, rx, now=later)
    f.supply(cast, rx, now=later + 15 * MINUTES)
    again.refresh_from_db()
    assert (again.freed_reason, counters(rx)) == ("timed_out", [(21_000, 0)])


def test_a_payment_that_took_too_long_takes_it_again_if_it_is_still_there(cast, key):
    rx = f.verified(cast)
    row, later = reserved(key, rx), NOW + 20 * MINUTES
    free_due(later, world_id=1)
    confirm(key, row.pk, external_reference="1042", now=later)
    assert (state(key, row, later), counters(rx)) == (("ready", None), [(0, 21_000)])

    other = f.verified(cast)
    row = reserved(key, other)
    free_due(later, world_id=1)
    f.supply(cast, other, now=later)
    with refused("reservation_freed"):
        confirm(key, row.pk, external_reference="1043", now=later)


def run_out(key, row, *, confirmed: bool = True) -> datetime:
    """The moment at which the clock freed it."""
    if confirmed:
        confirm(key, row.pk, external_reference="1042", now=NOW)
    row.refresh_from_db()
    free_due(row.reserved_until, world_id=1)
    return row.reserved_until


def test_after_fourteen_days_it_is_free_and_what_left_may_still_be_reported(cast, key):
    rx = f.verified(cast)
    row = reserved(key, rx)
    later = run_out(key, row) + 3 * DAYS
    assert counters(rx) == [(0, 0)]
    with refused("reservation_freed"):
        dispense(key, rx.pk, by(row), source="api", now=later + MINUTES)
    dispense(key, rx.pk, by(row), source="api", now=later)
    assert (counters(rx), state(key, row, later)) == ([(21_000, 0)], ("used", None))


def test_one_that_became_no_order_supplies_nothing_any_more(cast, key):
    rx = f.verified(cast)
    row = reserved(key, rx)
    later = run_out(key, row, confirmed=False)
    with refused("reservation_freed"):
        dispense(key, rx.pk, by(row), source="api", now=later)
    with refused("reservation_freed"):
        confirm(key, row.pk, external_reference="1042", now=later + 3 * DAYS + MINUTES)


def test_one_that_ran_out_does_not_supply_on_another_check(cast, key):
    rx = f.verified(cast)
    row = reserved(key, rx)
    later = run_out(key, row)
    return_(cast.actor("pharmacist"), rx.pk, reason="No stock", now=later)
    route(cast.actor("doctor"), rx.pk, pharmacy_id=cast.pharmacy.pk, now=later)
    verify(cast.actor("pharmacist"), rx.pk, now=later + MINUTES)
    with refused("reservation_freed"):
        dispense(key, rx.pk, by(row), source="api", now=later + MINUTES)


def test_one_of_the_last_issue_does_not_supply_the_next(cast, key):
    rx = f.verified(cast, repeats_allowed=1)
    row = reserved(key, rx)
    later = run_out(key, row)
    f.supply(cast, rx, now=later)
    with refused("reservation_freed"):
        dispense(key, rx.pk, by(row), source="api", now=later)
    with refused("reservation_freed"):
        confirm(key, row.pk, external_reference="1042", now=later)


def test_a_shops_key_supplies_the_product_that_was_checked(cast, key):
    product(cast, sku="OTHER", name="Something else", medication_code="N02BE01")
    rx = f.verified(cast)
    row, line = reserved(key, rx), f.first_line(rx)
    with refused("outside_reservation"):
        dispense(key, rx.pk, by(row, lines=(SupplyLine(line, 21_000, "OTHER"),)), source="api", now=NOW)
    dispense(key, rx.pk, by(row, lines=(SupplyLine(line, 21_000, "amox-21"),)), source="api", now=NOW)


def test_a_parcel_that_left_before_the_request_to_cancel(cast, key):
    rx = f.verified(cast, now=NOW - HOURS)
    row = reserved(key, rx, now=NOW - HOURS)
    confirm(key, row.pk, external_reference="1042", now=NOW - HOURS)
    request_cancel(cast.actor("doctor"), rx.pk, reason="Wrong strength", now=NOW)
    pharmacist, what = cast.actor("pharmacist"), by(row, handed_over_at=NOW - HOURS)
    made = answer_handed_over(pharmacist, rx.pk, what, source="portal", now=NOW)
    assert (made.reservation_id, made.source) == (row.pk, "portal")
    assert (counters(rx), state(key, row)) == ([(21_000, 0)], ("used", None))
    with refused("not_found"):  # a person recorded it: not the shop's to take back
        reverse(key, made.pk, reason=ReversalReason.RETURNED_UNOPENED, now=NOW)


def test_a_broken_seal_is_never_ready(cast, key):
    rx = f.verified(cast)
    row = reserved(key, rx)
    Prescription.objects.filter(pk=rx.pk).update(repeats_allowed=3)
    assert state(key, row) == ("waiting", "not_active")


def test_staff_read_reservations_and_act_on_none(cast, key):
    row, staff = reserved(key, f.verified(cast)), cast.actor("staff")
    assert state(staff, row) == ("ready", None)
    for act in (lambda: release(staff, row.pk, now=NOW), lambda: free(staff, row.pk, reason="No", now=NOW)):
        with refused("permission_denied"):
            act()


def test_what_was_sent_before_the_end_is_reported_after_it(cast, key):
    rx = f.verified(cast)
    before = rx.expires_at - DAYS
    row = reserved(key, rx, now=before)
    confirm(key, row.pk, external_reference="1042", now=before)
    f.expired(cast, rx)
    row.refresh_from_db()
    assert (row.freed_reason, counters(rx)) == ("ended", [(0, 0)])
    now = rx.expires_at + DAYS
    with refused("expired"):
        dispense(key, rx.pk, by(row), source="api", now=now)
    dispense(key, rx.pk, by(row, handed_over_at=before), source="api", now=now)
    rx.refresh_from_db()
    assert (rx.status, counters(rx)) == ("dispensed", [(21_000, 0)])


@pytest.mark.parametrize(
    ("end", "why", "code"),
    [
        (lambda cast, rx, row, key: release(key, row.pk, now=NOW), "released", "reservation_freed"),
        (lambda cast, rx, row, key: free(cast.actor("technician"), row.pk, reason="Called", now=NOW), "freed_by_pharmacy",
         "reservation_freed"),
        (lambda cast, rx, row, key: return_(cast.actor("pharmacist"), rx.pk, reason="No stock", now=NOW), "returned",
         "not_found"),
        (lambda cast, rx, row, key: reject(cast.actor("pharmacist"), rx.pk, reason="No", now=NOW), "ended", "invalid_status"),
    ],
)  # fmt: skip
def test_what_somebody_freed_is_not_dispensed(cast, key, end, why, code):
    rx = f.verified(cast)
    row = reserved(key, rx)
    end(cast, rx, row, key)
    assert (counters(rx), state(key, row)) == ([(0, 0)], ("freed", why))
    with refused(code):
        dispense(key, rx.pk, by(row), source="api", now=NOW)
    with refused("reservation_freed"):
        confirm(key, row.pk, external_reference="1042", now=NOW)
    release(key, row.pk, now=NOW)
    row.refresh_from_db()
    assert row.freed_reason == why


def test_moved_by_the_patient_before_the_check(cast, key):
    rx = f.pending_review(cast)
    row = reserved(key, rx)
    route(cast.actor("patient"), rx.pk, pharmacy_id=cast.other_pharmacy.pk, now=NOW)
    assert (state(key, row), counters(rx)) == (("freed", "moved"), [(0, 0)])


def test_transferred_by_staff(cast, key):
    from elmed.accounts.models import Account, AccountState

    rx = f.verified(cast)
    row = reserved(key, rx)
    Account.objects.filter(pk=cast.pharmacy.pk).update(state=AccountState.SUSPENDED)
    transfer(cast.actor("staff"), rx.pk, reason="Closed", now=NOW)
    row.refresh_from_db()
    assert (row.freed_reason, counters(rx)) == ("returned", [(0, 0)])


def test_stopped_by_the_doctor(cast, key):
    rx = f.partially_dispensed(cast)
    row = reserved(key, rx, ("AMOX-21", "0.5"))
    stop(cast.actor("doctor"), rx.pk, reason="Rash", now=NOW)
    assert (state(key, row), counters(rx)) == (("freed", "ended"), [(10_000, 0)])


def test_a_hold_keeps_it(cast, key):
    rx = f.verified(cast)
    row = reserved(key, rx)
    f.held(cast, "pharmacist", rx)
    assert counters(rx) == [(0, 21_000)]
    with refused("invalid_status"):
        dispense(key, rx.pk, by(row), source="api", now=NOW)


def test_freeing_wants_words_and_happens_once(cast, key):
    row, actor = reserved(key, f.verified(cast)), cast.actor("pharmacist")
    with refused("required"):
        free(actor, row.pk, reason=" ", now=NOW)
    free(actor, row.pk, reason="Parcel lost", now=NOW)
    row.refresh_from_db()
    assert (row.freed_note, row.freed_by) == ("Parcel lost", cast.people["pharmacist"])
    with refused("reservation_freed"):
        free(actor, row.pk, reason="Again", now=NOW)


def test_the_rest_of_a_line_is_closed_without_what_is_reserved(cast, key):
    rx = f.partially_dispensed(cast)
    row = reserved(key, rx, ("AMOX-21", "0.5"))
    close_line(cast.actor("pharmacist"), rx.pk, line_id=f.first_line(rx), reason="Enough", now=NOW)
    dispense(key, rx.pk, by(row), source="api", now=NOW)
    rx.refresh_from_db()
    assert rx.status == "dispensed"


def test_reversing_the_issue_before_frees_what_was_kept_of_the_next(cast, key):
    rx = f.verified(cast, repeats_allowed=1)
    made = f.supply(cast, rx)
    row = reserved(key, rx)
    rx.refresh_from_db()
    assert rx.issue_number == 2 == row.issue_number
    reverse(cast.actor("pharmacist"), made.pk, reason=ReversalReason.RECORDED_IN_ERROR, now=NOW)
    assert (state(key, row), counters(rx)) == (("freed", "issue_changed"), [(0, 0)])


def test_the_shop_takes_back_what_it_supplied_and_nothing_else(cast, key):
    rx = f.verified(cast, lines=(f.AMOXICILLIN, f.RAMIPRIL))
    row = reserved(key, rx)
    own = dispense(key, rx.pk, by(row), source="api", now=NOW)
    at_the_counter = f.supply(cast, rx)
    with refused("not_found"):
        reverse(key, at_the_counter.pk, reason=ReversalReason.RETURNED_UNOPENED, now=NOW)
    reverse(key, own.pk, reason=ReversalReason.RETURNED_UNOPENED, now=NOW)
    assert counters(rx) == [(0, 0), (28_000, 0)]


def test_what_is_freed_after_its_line_was_closed_is_closed_in_its_turn(cast, key):
    rx = f.partially_dispensed(cast)
    row, line = reserved(key, rx, ("AMOX-21", "0.5")), f.first_line(rx)
    close_line(cast.actor("pharmacist"), rx.pk, line_id=line, reason="Enough", now=NOW)
    release(key, row.pk, now=NOW)
    close_line(cast.actor("pharmacist"), rx.pk, line_id=line, reason="Enough", now=NOW)
    rx.refresh_from_db()
    assert rx.status == "dispensed"
