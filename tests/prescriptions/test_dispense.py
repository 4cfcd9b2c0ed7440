"""dispense: how much, of what, when, by whom."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from elmed.core.refusals import VersionConflict
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.draft import DraftLine
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.models import PrescriptionLine
from elmed.prescriptions.vocabulary import Status
from tests import factories as f
from tests.cast import NOW, key_actor
from tests.prescriptions.attempts import refused
from tests.prescriptions.starts import DAY, HOUR, REPEATS

TWO = (f.AMOXICILLIN, f.RAMIPRIL)


def of(rx, *lines, **words):
    return Supply(lines=tuple(lines) or None, **words)


def test_the_whole_prescription_without_naming_a_line(cast):
    made = f.supply(cast, f.verified(cast, lines=TWO))
    assert sorted(made.lines.values_list("quantity_milli", flat=True)) == [21000, 28000]
    assert made.prescription.status == Status.DISPENSED
    assert made.prescription.ended_at == NOW


def test_in_parts_until_nothing_is_left(cast):
    rx = f.verified(cast, lines=TWO)
    first, second = rx.lines.all()
    assert f.supply(cast, rx, (first.pk, 21000)).prescription.status == Status.PARTIALLY_DISPENSED
    assert f.supply(cast, rx, (second.pk, 500)).prescription.status == Status.PARTIALLY_DISPENSED
    rest = f.supply(cast, rx)
    assert list(rest.lines.values_list("line_id", "quantity_milli")) == [(second.pk, 27500)]
    assert rest.prescription.status == Status.DISPENSED
    with refused("invalid_status"):
        f.supply(cast, rx)


def test_more_than_is_left_is_refused_whole(cast):
    rx = f.verified(cast, lines=TWO)
    first, second = rx.lines.all()
    with refused("quantity_unavailable"):
        f.supply(cast, rx, (second.pk, 1000), (first.pk, 21001))
    with refused("quantity_unavailable"):  # two rows of one line add up
        f.supply(cast, rx, (first.pk, 11000), (first.pk, 11000))
    made = f.supply(cast, rx, (first.pk, 11000), (first.pk, 10000))  # two batches of one line
    assert made.lines.count() == 2


@pytest.mark.parametrize("field", ["supplied_milli", "reserved_milli", "closed_milli"])
def test_the_database_itself_refuses_over_supply(cast, field):
    rx = f.partially_dispensed(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        PrescriptionLine.objects.filter(prescription=rx).update(**{field: 21001})
    with pytest.raises(IntegrityError), transaction.atomic():
        PrescriptionLine.objects.filter(prescription=rx).update(**{field: -1})


def test_the_database_refuses_an_issue_beyond_the_repeats(cast):
    rx = f.verified(cast, **REPEATS)
    with pytest.raises(IntegrityError), transaction.atomic():
        type(rx).objects.filter(pk=rx.pk).update(issue_number=4)


def test_what_is_reserved_is_not_left(cast):
    rx = f.verified(cast)
    PrescriptionLine.objects.filter(prescription=rx).update(reserved_milli=15000)
    with refused("quantity_unavailable"):
        f.supply(cast, rx, (f.first_line(rx), 6001))
    made = f.supply(cast, rx)
    assert made.lines.get().quantity_milli == 6000
    assert made.prescription.status == Status.PARTIALLY_DISPENSED
    with refused("quantity_unavailable"):
        f.supply(cast, rx)


@pytest.mark.parametrize(
    ("lines", "code"),
    [((), "required"), (((0, 1000),), "unknown_medication"), (((1, 0),), "out_of_range"), (((1, -5),), "out_of_range")],
)
def test_impossible_lines(cast, lines, code):
    rx = f.verified(cast)
    first = f.first_line(rx)
    rows = tuple(SupplyLine(first if line else first + 1000, quantity) for line, quantity in lines)
    with refused(code):
        dispense(cast.actor("pharmacist"), rx.pk, Supply(lines=rows), source="portal", now=NOW)


def test_a_substitution_where_the_doctor_allows_one(cast):
    line = DraftLine(
        "levothyroxine 50 microgram tablets", "One each morning", 28000, "tablet", substitution_allowed=False
    )
    strict, free = f.verified(cast, lines=(line,)), f.verified(cast)
    row = SupplyLine(f.first_line(strict), 28000, substituted=True, substitution_reason="Not in stock")
    with refused("substitution_not_allowed"):
        dispense(cast.actor("pharmacist"), strict.pk, of(strict, row), source="portal", now=NOW)
    row = SupplyLine(f.first_line(free), 21000, substituted=True, substitution_reason="Not in stock")
    made = dispense(cast.actor("pharmacist"), free.pk, of(free, row), source="portal", now=NOW)
    assert made.lines.get().substituted


def test_a_batch_is_good_to_the_end_of_its_day(cast):
    rx = f.verified(cast)
    line = f.first_line(rx)
    with refused("batch_expired"):
        row = SupplyLine(line, 1000, batch_number="B1", expiry_date=(NOW - DAY).date())
        dispense(cast.actor("pharmacist"), rx.pk, of(rx, row), source="portal", now=NOW)
    row = SupplyLine(line, 1000, batch_number="B2", expiry_date=NOW.date())
    assert (
        dispense(cast.actor("pharmacist"), rx.pk, of(rx, row), source="portal", now=NOW).lines.get().batch_number
        == "B2"
    )


def test_an_order_of_the_shop_counts_once(cast):
    from elmed.prescriptions.actions.reverse import reverse
    from elmed.prescriptions.vocabulary import ReversalReason

    rx, another = f.verified(cast), f.verified(cast)
    line = f.first_line(rx)
    made = f.supply(cast, rx, (line, 5000), external_reference="1042")
    with refused("external_reference_used"):
        f.supply(cast, rx, (line, 5000), external_reference="1042")
    f.supply(cast, another, external_reference="1042")  # another prescription of the same order
    reverse(cast.actor("pharmacist"), made.pk, reason=ReversalReason.RECORDED_IN_ERROR, now=NOW)
    f.supply(cast, rx, (line, 5000), external_reference="1042")


def test_not_before_its_first_day_nor_after_its_last(cast):
    day = (NOW + 10 * DAY).date()
    rx = f.verified(cast, valid_from=day)
    with refused("not_yet_valid"):
        f.supply(cast, rx)
    f.supply(cast, rx, now=NOW + 10 * DAY)
    short = f.verified(cast, valid_until=NOW.date())
    assert NOW < short.expires_at <= NOW + DAY
    f.supply(cast, short, now=short.expires_at - timedelta(microseconds=1))


def test_a_hand_over_lies_neither_ahead_nor_before_the_signature(cast):
    rx = f.verified(cast)
    with refused("in_the_future"):
        f.supply(cast, rx, handed_over_at=NOW + timedelta(minutes=3))
    with refused("before_issue"):
        f.supply(cast, rx, handed_over_at=NOW - timedelta(seconds=1))
    made = f.supply(cast, rx, handed_over_at=NOW + timedelta(minutes=1))  # a clock slightly ahead
    assert made.handed_over_at == NOW


def test_controlled_medicines_only_in_the_portal(cast):
    controlled = DraftLine("morphine 10 mg tablets", "One every 12 hours", 14000, "tablet", is_controlled=True)
    rx = f.verified(cast, lines=(controlled,))
    key = key_actor(cast, "pharmacist", "rx:dispense")
    with refused("controlled_portal_only"):
        dispense(key, rx.pk, Supply(), source="api", now=NOW)
    assert f.supply(cast, rx).prescription.status == Status.DISPENSED


def test_a_stale_version_is_told(cast):
    rx = f.verified(cast)
    actor = cast.actor("pharmacist")
    with pytest.raises(VersionConflict):
        dispense(actor, rx.pk, Supply(), source="portal", now=NOW, expected_version=rx.version - 1)
    dispense(actor, rx.pk, Supply(), source="portal", now=NOW, expected_version=rx.version)


class TestReportedLate:
    """A hand-over from before the end, within 72 hours after it, of what a pharmacist had checked."""

    def test_expired(self, cast):
        rx = f.expired(cast, f.verified(cast))
        end = rx.expires_at
        with refused("expired"):
            f.supply(cast, rx, now=end + HOUR)
        with refused("expired"):
            f.supply(cast, rx, handed_over_at=end, now=end + HOUR)
        with refused("reported_too_late"):
            f.supply(cast, rx, handed_over_at=end - HOUR, now=end + 72 * HOUR + timedelta(seconds=1))
        some = f.supply(cast, rx, (f.first_line(rx), 5000), handed_over_at=end - HOUR, now=end + 72 * HOUR)
        assert some.prescription.status == Status.EXPIRED
        assert some.prescription.ended_at == end
        done = f.supply(cast, rx, handed_over_at=end - HOUR, now=end + 72 * HOUR)
        assert done.prescription.status == Status.DISPENSED

    def test_overdue_before_any_job_ran(self, cast):
        rx = f.verified(cast)
        made = f.supply(cast, rx, handed_over_at=rx.expires_at - HOUR, now=rx.expires_at + HOUR)
        assert made.prescription.status == Status.DISPENSED
        assert made.prescription.version == rx.version + 2  # the expiry, then the supply

    def test_stopped(self, cast):
        rx = f.stopped(cast)
        with refused("not_dispensable"):
            f.supply(cast, rx, handed_over_at=NOW, now=NOW + HOUR)
        with refused("reported_too_late"):
            f.supply(cast, rx, handed_over_at=NOW - HOUR / 2, now=NOW + 73 * HOUR)
        made = f.supply(cast, rx, (f.first_line(rx), 1000), handed_over_at=NOW - HOUR / 2, now=NOW + 71 * HOUR)
        assert made.prescription.status == Status.STOPPED

    def test_cancelled_by_the_clock_only_from_before_the_request(self, cast):
        rx = f.cancelled_by_the_clock(cast)
        cancelled_at = NOW + 24 * HOUR
        with refused("not_dispensable"):
            f.supply(cast, rx, handed_over_at=NOW, now=cancelled_at + HOUR)
        with refused("reported_too_late"):
            f.supply(cast, rx, handed_over_at=NOW - HOUR / 2, now=cancelled_at + 73 * HOUR)
        made = f.supply(cast, rx, (f.first_line(rx), 1000), handed_over_at=NOW - HOUR / 2, now=cancelled_at + 71 * HOUR)
        assert made.prescription.status == Status.CANCELLED

    def test_expired_while_a_request_to_cancel_waited(self, cast):
        rx = f.cancellation_requested(cast, valid_until=NOW.date())
        rx = f.expired(cast, rx)
        with refused("expired"):
            f.supply(cast, rx, handed_over_at=NOW + HOUR, now=rx.expires_at + HOUR)
        made = f.supply(cast, rx, handed_over_at=NOW - HOUR / 2, now=rx.expires_at + HOUR)
        assert made.prescription.status == Status.DISPENSED

    def test_never_what_no_pharmacist_checked_nor_what_the_doctor_cancelled(self, cast):
        unchecked = f.expired(cast, f.pending_review(cast))
        with refused("expired"):
            f.supply(cast, unchecked, handed_over_at=unchecked.expires_at - HOUR, now=unchecked.expires_at + HOUR)
        cancelled = f.cancelled(cast)
        with refused("not_dispensable"):
            f.supply(cast, cancelled, handed_over_at=NOW, now=NOW + HOUR)
