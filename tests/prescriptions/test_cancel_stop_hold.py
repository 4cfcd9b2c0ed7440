"""Taking back, asking to take back, ending, pausing: cancel, request, confirm, answer, withdraw, stop, hold, close, close_line."""

from datetime import timedelta

import pytest

from elmed.events.models import Event
from elmed.prescriptions.actions.cancel import (
    answer_handed_over,
    cancel,
    cancel_unanswered,
    confirm_cancel,
    request_cancel,
    withdraw_cancel,
)
from elmed.prescriptions.actions.close import close
from elmed.prescriptions.actions.close_line import close_line
from elmed.prescriptions.actions.hold import hold, resume
from elmed.prescriptions.actions.reject import reject
from elmed.prescriptions.actions.stop import stop
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.models import Hold, LineClosure
from elmed.prescriptions.vocabulary import NOT_DISPENSED_REASONS, Status
from tests import factories as f
from tests.cast import NOW
from tests.prescriptions.attempts import refused
from tests.prescriptions.starts import DAY, HOUR, REPEATS

BEFORE = NOW - HOUR / 2


class TestRequest:
    """The doctor asks, the pharmacy answers, the clock answers for it after 24 hours."""

    def test_blocks_dispensing_from_that_moment_on(self, cast):
        rx = f.cancellation_requested(cast)
        with refused("invalid_status"):
            f.supply(cast, rx)
        with refused("invalid_status"):
            f.supply(cast, rx, handed_over_at=BEFORE)

    def test_only_of_what_a_pharmacist_checked(self, cast):
        rx = f.held(cast, "pharmacist", f.pending_review(cast))
        with refused("cancel_instead"):
            request_cancel(cast.actor("doctor"), rx.pk, reason="No", now=NOW)
        subject = f.cancellation_requested(cast).pk
        with refused("cancellation_pending"):
            request_cancel(cast.actor("doctor"), subject, reason="No", now=NOW)
        subject = f.held(cast, "pharmacist", f.verified(cast)).pk
        with refused("ask_the_pharmacy"):
            cancel(cast.actor("doctor"), subject, reason="No", now=NOW)

    def test_confirmed(self, cast):
        rx = confirm_cancel(cast.actor("technician"), f.cancellation_requested(cast).pk, now=NOW)
        assert (rx.status, rx.status_reason) == (Status.CANCELLED, "Wrong strength")
        with refused("not_dispensable"):
            f.supply(cast, rx, handed_over_at=BEFORE, now=NOW + HOUR)

    def test_withdrawn_to_what_it_was_a_pause_below_included(self, cast):
        rx = withdraw_cancel(cast.actor("doctor"), f.cancellation_requested(cast).pk, now=NOW)
        assert (rx.status, rx.status_reason) == (Status.VERIFIED, "")
        paused = f.held(cast, "pharmacist", f.verified(cast))
        request_cancel(cast.actor("doctor"), paused.pk, reason="No", now=NOW)
        with refused("cancellation_pending"):
            resume(cast.actor("pharmacist"), paused.pk, now=NOW)
        rx = withdraw_cancel(cast.actor("doctor"), paused.pk, now=NOW)
        assert (rx.status, rx.status_reason) == (Status.ON_HOLD, "To be clarified")
        assert resume(cast.actor("pharmacist"), paused.pk, now=NOW).status == Status.VERIFIED

    def test_answered_that_all_of_it_was_handed_over(self, cast):
        rx = f.cancellation_requested(cast)
        pharmacist = cast.actor("pharmacist")
        for moment in (None, NOW, NOW + timedelta(seconds=30)):
            with refused("handed_over_after_request"):
                answer_handed_over(pharmacist, rx.pk, Supply(handed_over_at=moment), source="portal", now=NOW + HOUR)
        made = answer_handed_over(pharmacist, rx.pk, Supply(handed_over_at=BEFORE), source="portal", now=NOW + HOUR)
        assert made.prescription.status == Status.DISPENSED

    def test_answered_that_some_of_it_was(self, cast):
        for rx, quantity in (
            (f.cancellation_requested(cast), 5000),
            (f.cancellation_requested(cast, **REPEATS), 21000),
        ):
            what = Supply(lines=(SupplyLine(f.first_line(rx), quantity),), handed_over_at=BEFORE)
            made = answer_handed_over(cast.actor("technician"), rx.pk, what, source="portal", now=NOW)
            assert made.prescription.status == Status.STOPPED

    def test_unanswered_for_24_hours(self, cast):
        rx = f.cancellation_requested(cast)
        assert cancel_unanswered(NOW + DAY - timedelta(seconds=1), world_id=1) == 0
        with refused("not_overdue"):
            confirm_cancel(cast.actor("clock"), rx.pk, now=NOW + DAY - timedelta(seconds=1))
        assert cancel_unanswered(NOW + DAY, world_id=1) == 1
        assert cancel_unanswered(NOW + DAY, world_id=1) == 0
        event = Event.objects.get(type="prescription.cancellation_confirmed", prescription_id=rx.pk)
        assert event.source == "clock" and event.data["unanswered"]
        assert set(event.listings.values_list("account_id", flat=True)) >= {cast.doctor.pk, cast.pharmacy.pk}

    def test_one_that_cannot_be_cancelled_any_more_does_not_stop_the_rest(self, cast):
        overdue = f.cancellation_requested(cast, valid_until=NOW.date())
        other = f.cancellation_requested(cast)
        assert cancel_unanswered(max(overdue.expires_at, NOW + DAY), world_id=1) == 1
        overdue.refresh_from_db()
        other.refresh_from_db()
        assert (overdue.status, other.status) == (Status.EXPIRED, Status.CANCELLED)


def test_cancel_asks_for_a_reason_and_nothing_supplied(cast):
    subject = f.issued(cast).pk
    with refused("required"):
        cancel(cast.actor("doctor"), subject, reason="  ", now=NOW)
    subject = f.issued(cast).pk
    with refused("too_long"):
        cancel(cast.actor("doctor"), subject, reason="x" * 301, now=NOW)
    subject = f.returned_part_supplied(cast).pk
    with refused("already_supplied"):
        cancel(cast.actor("doctor"), subject, reason="No", now=NOW)


def test_a_supply_recorded_in_error_was_never_supplied(cast):
    from elmed.prescriptions.actions.reverse import reverse
    from elmed.prescriptions.vocabulary import ReversalReason
    from tests.prescriptions.attempts import newest_dispense

    for reason, doctor_may in ((ReversalReason.RECORDED_IN_ERROR, True), (ReversalReason.RETURNED_UNOPENED, False)):
        rx = f.partially_dispensed(cast)
        reverse(cast.actor("pharmacist"), newest_dispense(rx), reason=reason, now=NOW)
        if doctor_may:
            with refused("nothing_supplied"):
                stop(cast.actor("doctor"), rx.pk, reason="No", now=NOW)
            assert request_cancel(cast.actor("doctor"), rx.pk, reason="No", now=NOW).status == Status.ON_HOLD
        else:
            with refused("already_supplied"):
                request_cancel(cast.actor("doctor"), rx.pk, reason="No", now=NOW)
            with refused("already_supplied"):
                reject(cast.actor("pharmacist"), rx.pk, reason="No", now=NOW)
            assert stop(cast.actor("doctor"), rx.pk, reason="No", now=NOW).status == Status.STOPPED


def test_a_pause_is_ended_by_the_side_that_placed_it(cast):
    ends = {"pharmacist": "pharmacist", "doctor": "doctor", "staff": "staff"}
    for who in ends:
        rx = f.held(cast, who, f.partially_dispensed(cast))
        for other in ends:
            if other != who:
                with refused("hold_of_another_side"):
                    resume(cast.actor(other), rx.pk, now=NOW)
        assert resume(cast.actor(who), rx.pk, now=NOW).status == Status.PARTIALLY_DISPENSED


def test_a_pause_may_carry_a_question(cast):
    rx = f.pending_review(cast)
    hold(cast.actor("pharmacist"), rx.pk, reason="Dose", question=" Really 500 mg? ", now=NOW)
    assert Hold.objects.get(prescription=rx).question == "Really 500 mg?"
    with refused("invalid_status"):
        hold(cast.actor("doctor"), rx.pk, reason="Wait", now=NOW)


def test_only_staff_pause_what_no_pharmacy_holds(cast):
    subject = f.issued(cast).pk
    with refused("not_routed"):
        hold(cast.actor("doctor"), subject, reason="Wait", now=NOW)


@pytest.mark.parametrize("code", sorted(NOT_DISPENSED_REASONS))
def test_closed_for_one_of_eleven_reasons(cast, code):
    rx = close(cast.actor("pharmacist"), f.pending_review(cast).pk, reason_code=code, now=NOW)
    assert (rx.status, rx.status_reason) == (Status.NOT_DISPENSED, code)


def test_closed_for_no_other_reason_nor_over_anothers_pause(cast):
    assert len(NOT_DISPENSED_REASONS) == 11
    subject = f.verified(cast).pk
    with refused("unknown_reason"):
        close(cast.actor("pharmacist"), subject, reason_code="0012", now=NOW)
    subject = f.held(cast, "staff", f.verified(cast)).pk
    with refused("hold_of_another_side"):
        close(cast.actor("pharmacist"), subject, reason_code="0010", now=NOW)


class TestCloseLine:
    """The rest of a line will not be supplied."""

    def test_only_once_something_of_the_issue_was(self, cast):
        rx = f.verified(cast)
        with refused("nothing_supplied"):
            close_line(cast.actor("pharmacist"), rx.pk, line_id=f.first_line(rx), reason="Enough", now=NOW)
        rx = f.dispensed(cast, repeats_allowed=1)
        with refused("nothing_supplied"):  # the second issue
            close_line(cast.actor("pharmacist"), rx.pk, line_id=f.first_line(rx), reason="Enough", now=NOW)

    def test_ends_what_is_left(self, cast):
        rx = f.partially_dispensed(cast, lines=(f.AMOXICILLIN, f.RAMIPRIL))
        first, second = rx.lines.all()
        with refused("unknown_medication"):
            close_line(cast.actor("pharmacist"), rx.pk, line_id=second.pk + 99, reason="Enough", now=NOW)
        rx = close_line(cast.actor("pharmacist"), rx.pk, line_id=second.pk, reason="Enough", now=NOW)
        assert rx.status == Status.PARTIALLY_DISPENSED
        with refused("quantity_unavailable"):
            close_line(cast.actor("pharmacist"), rx.pk, line_id=second.pk, reason="Enough", now=NOW)
        rx = close_line(cast.actor("pharmacist"), rx.pk, line_id=first.pk, reason="Enough", now=NOW)
        assert rx.status == Status.DISPENSED
        closed = LineClosure.objects.order_by("pk").values_list("line_id", "quantity_milli")
        assert list(closed) == [(second.pk, 28000), (first.pk, 11000)]
