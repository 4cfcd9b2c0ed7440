"""reverse: what comes back, who may, how long, and what the prescription is afterwards."""

import pytest

from elmed.core.refusals import NotVisible
from elmed.prescriptions.actions.cancel import answer_handed_over, request_cancel
from elmed.prescriptions.actions.close_line import close_line
from elmed.prescriptions.actions.hold import resume
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.actions.supply import Supply
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import PrescriptionLine
from elmed.prescriptions.vocabulary import ReversalReason as Why
from elmed.prescriptions.vocabulary import Status
from tests import factories as f
from tests.cast import NOW
from tests.prescriptions.attempts import newest_dispense, refused
from tests.prescriptions.starts import HOUR


def back(cast, dispense_id, reason=Why.RECORDED_IN_ERROR, *, who="pharmacist", now=NOW + HOUR, lines=None):
    made = reverse(cast.actor(who), dispense_id, reason=reason, lines=lines, now=now)
    made.refresh_from_db()
    made.prescription.refresh_from_db()
    return made


@pytest.mark.parametrize("reason", list(Why))
def test_what_comes_back_depends_on_the_reason(cast, reason):
    made = f.supply(cast, f.verified(cast))
    done = back(cast, made.pk, reason)
    unusable = reason is Why.RETURNED_UNUSABLE
    assert done.prescription.status == (Status.DISPENSED if unusable else Status.VERIFIED)
    assert done.prescription.lines.get().remaining_milli == (0 if unusable else 21000)
    assert done.fully_reversed
    assert done.void == (reason in (Why.RECORDED_IN_ERROR, Why.NEVER_LEFT_PHARMACY))
    assert done.reversal.reason_code == reason


def test_once_and_no_second_time(cast):
    made = f.supply(cast, f.verified(cast))
    back(cast, made.pk)
    with refused("already_reversed"):
        back(cast, made.pk)


def test_in_part(cast):
    rx = f.verified(cast, lines=(f.AMOXICILLIN, f.RAMIPRIL))
    first, second = rx.lines.all()
    made = f.supply(cast, rx)
    for lines, code in (({}, "required"), ({first.pk: 0}, "out_of_range"), ({first.pk: -1}, "out_of_range"),
                        ({first.pk: 21001}, "too_much"), ({second.pk + 99: 1}, "unknown_medication")):  # fmt: skip
        with refused(code):
            back(cast, made.pk, lines=lines)
    done = back(cast, made.pk, lines={first.pk: 6000})
    assert done.prescription.status == Status.PARTIALLY_DISPENSED
    assert not done.fully_reversed
    assert [line.remaining_milli for line in done.prescription.lines.all()] == [6000, 0]


def test_within_72_hours_of_the_record_and_by_staff_later(cast):
    made = f.supply(cast, f.verified(cast))
    with refused("not_reversible"):
        back(cast, made.pk, now=NOW + 73 * HOUR)
    assert back(cast, made.pk, who="staff", now=NOW + 73 * HOUR).prescription.status == Status.VERIFIED


def test_only_by_the_pharmacy_that_made_it(cast):
    rx = f.returned_part_supplied(cast)
    made = newest_dispense(rx)
    route(cast.actor("patient"), rx.pk, pharmacy_id=cast.other_pharmacy.pk, now=NOW)
    verify(cast.actor("other_pharmacist"), rx.pk, now=NOW)
    with refused("not_reversible"):
        back(cast, made, who="other_pharmacist")
    assert back(cast, made).prescription.status == Status.VERIFIED  # as the counters say, for the one that holds it now


def test_a_returned_one_stays_issued_and_a_void_supplier_sees_it_no_more(cast):
    rx = f.returned_part_supplied(cast)
    made = newest_dispense(rx)
    assert back(cast, made, Why.RETURNED_UNOPENED).prescription.status == Status.ISSUED
    from elmed.access.visibility import get
    from elmed.prescriptions.models import Prescription

    assert get(cast.actor("pharmacist"), Prescription, rx.pk)  # it really had supplied it
    other = f.returned_part_supplied(cast)
    back(cast, newest_dispense(other), Why.NEVER_LEFT_PHARMACY)
    with pytest.raises(NotVisible):
        get(cast.actor("pharmacist"), Prescription, other.pk)


def test_a_stopped_one_stays_stopped(cast):
    rx = f.stopped(cast)
    assert back(cast, newest_dispense(rx)).prescription.status == Status.STOPPED


def test_what_ended_and_was_completed_by_a_late_report_does_not_come_to_life(cast):
    rx = f.stopped(cast)
    ended = rx.ended_at
    late = f.supply(cast, rx, handed_over_at=NOW - HOUR / 2, now=NOW + HOUR)
    assert late.prescription.status == Status.DISPENSED
    done = back(cast, late.pk, now=NOW + 2 * HOUR)
    assert (done.prescription.status, done.prescription.ended_at) == (Status.STOPPED, ended)


def test_an_answer_handed_over_that_was_an_error_does_not_undo_the_request(cast):
    rx = f.cancellation_requested(cast)
    what = Supply(handed_over_at=NOW - HOUR / 2)
    made = answer_handed_over(cast.actor("pharmacist"), rx.pk, what, source="portal", now=NOW)
    assert made.prescription.status == Status.DISPENSED
    assert back(cast, made.pk).prescription.status == Status.STOPPED


def test_on_hold_it_stays_on_hold_and_returns_to_what_is_derived_anew(cast):
    rx = f.held(cast, "pharmacist", f.partially_dispensed(cast))
    assert back(cast, newest_dispense(rx)).prescription.status == Status.ON_HOLD
    assert resume(cast.actor("pharmacist"), rx.pk, now=NOW + HOUR).status == Status.VERIFIED


def test_a_closed_line_opens_again_where_something_comes_back(cast):
    rx = f.partially_dispensed(cast, lines=(f.AMOXICILLIN, f.RAMIPRIL))
    first, second = rx.lines.all()
    made = newest_dispense(rx)
    for line in (first, second):
        rx = close_line(cast.actor("pharmacist"), rx.pk, line_id=line.pk, reason="Enough at home", now=NOW)
    assert rx.status == Status.DISPENSED
    done = back(cast, made, Why.RETURNED_UNOPENED, lines={first.pk: 1000})
    assert done.prescription.status == Status.PARTIALLY_DISPENSED
    assert [line.remaining_milli for line in done.prescription.lines.all()] == [12000, 0]


def test_every_closed_line_opens_again_where_nothing_is_left_supplied(cast):
    rx = f.partially_dispensed(cast, lines=(f.AMOXICILLIN, f.RAMIPRIL))
    made = newest_dispense(rx)
    close_line(cast.actor("pharmacist"), rx.pk, line_id=rx.lines.last().pk, reason="Enough at home", now=NOW)
    done = back(cast, made)
    assert done.prescription.status == Status.VERIFIED
    assert [line.remaining_milli for line in done.prescription.lines.all()] == [21000, 28000]
    assert request_cancel(cast.actor("doctor"), rx.pk, reason="Then not", now=NOW + HOUR).status == Status.ON_HOLD


def test_others_reservations_of_the_issue_survive(cast):
    rx = f.partially_dispensed(cast)
    PrescriptionLine.objects.filter(prescription=rx).update(reserved_milli=11000)
    done = back(cast, newest_dispense(rx))
    line = done.prescription.lines.get()
    assert (line.reserved_milli, line.available_milli) == (11000, 10000)
