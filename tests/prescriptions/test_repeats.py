"""Issues and repeats: when the next opens, when it may be dispensed, and what a reversal does to it."""

from datetime import timedelta

from elmed.prescriptions.actions.close_line import close_line
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.actions.stop import stop
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.vocabulary import ReversalReason, Status
from tests import factories as f
from tests.cast import NOW
from tests.prescriptions.attempts import refused
from tests.prescriptions.starts import DAY, HOUR, REPEATS

ERROR = ReversalReason.RECORDED_IN_ERROR


def test_three_issues_and_then_it_is_dispensed(cast):
    rx = f.verified(cast, **REPEATS)
    for number, at in enumerate((NOW, NOW + 28 * DAY, NOW + 56 * DAY), start=1):
        made = f.supply(cast, rx, now=at)
        assert made.issue_number == number
        rx = made.prescription
        assert rx.status == (Status.DISPENSED if number == 3 else Status.VERIFIED)
    with refused("invalid_status"):
        f.supply(cast, rx, now=NOW + 90 * DAY)


def test_the_interval_runs_from_the_first_hand_over_of_the_issue(cast):
    rx = f.partially_dispensed(cast, **REPEATS)
    assert rx.next_dispense_at is None
    rx = f.supply(cast, rx, now=NOW + 5 * DAY).prescription
    assert rx.next_dispense_at == NOW + 28 * DAY
    with refused("too_early"):
        f.supply(cast, rx, now=NOW + 28 * DAY - timedelta(microseconds=1))
    f.supply(cast, rx, now=NOW + 28 * DAY)


def test_a_late_report_counts_from_the_hand_over(cast):
    rx = f.verified(cast, now=NOW - 2 * DAY, **REPEATS)
    rx = f.supply(cast, rx, handed_over_at=NOW - DAY, now=NOW).prescription
    assert rx.next_dispense_at == NOW + 27 * DAY


def test_reversing_goes_back_to_the_issue_before(cast):
    rx = f.verified(cast, **REPEATS)
    made = f.supply(cast, rx)
    reverse(cast.actor("pharmacist"), made.pk, reason=ERROR, now=NOW + HOUR)
    rx.refresh_from_db()
    assert (rx.issue_number, rx.next_dispense_at, rx.status) == (1, None, Status.VERIFIED)
    assert rx.lines.get().remaining_milli == 21000
    f.supply(cast, rx, now=NOW + HOUR)


def test_what_came_back_unusable_stays_supplied(cast):
    rx = f.verified(cast, **REPEATS)
    made = f.supply(cast, rx)
    reverse(cast.actor("pharmacist"), made.pk, reason=ReversalReason.RETURNED_UNUSABLE, now=NOW + HOUR)
    rx.refresh_from_db()
    assert (rx.issue_number, rx.status) == (2, Status.VERIFIED)
    with refused("too_early"):
        f.supply(cast, rx, now=NOW + HOUR)


def test_only_the_newest_issue_is_reversed_even_by_staff(cast):
    rx = f.verified(cast, repeats_allowed=2)
    first, second = f.supply(cast, rx), f.supply(cast, rx, now=NOW + HOUR)
    for who in ("pharmacist", "staff"):
        with refused("not_reversible"):
            reverse(cast.actor(who), first.pk, reason=ERROR, now=NOW + 2 * HOUR)
    reverse(cast.actor("pharmacist"), second.pk, reason=ERROR, now=NOW + 2 * HOUR)
    reverse(cast.actor("pharmacist"), first.pk, reason=ERROR, now=NOW + 2 * HOUR)  # now it is the newest
    rx.refresh_from_db()
    assert (rx.issue_number, rx.lines.get().remaining_milli) == (1, 21000)


def test_a_closed_rest_opens_the_next_issue(cast):
    rx = f.partially_dispensed(cast, **REPEATS)
    rx = close_line(cast.actor("pharmacist"), rx.pk, line_id=f.first_line(rx), reason="Patient has enough", now=NOW)
    assert (rx.issue_number, rx.status, rx.lines.get().remaining_milli) == (2, Status.VERIFIED, 21000)
    assert rx.next_dispense_at == NOW + 28 * DAY


def test_the_next_issue_can_be_supplied_elsewhere(cast):
    rx = f.dispensed(cast, **REPEATS)
    return_(cast.actor("owner"), rx.pk, reason="Patient moves", now=NOW)
    route(cast.actor("patient"), rx.pk, pharmacy_id=cast.other_pharmacy.pk, now=NOW)
    verify(cast.actor("other_pharmacist"), rx.pk, now=NOW)
    rx.refresh_from_db()
    assert (rx.status, rx.pharmacy_id) == (Status.VERIFIED, cast.other_pharmacy.pk)


def test_between_two_issues_it_is_stopped_not_cancelled(cast):
    from elmed.prescriptions.actions.cancel import request_cancel

    rx = f.dispensed(cast, **REPEATS)
    with refused("already_supplied"):
        request_cancel(cast.actor("doctor"), rx.pk, reason="Enough", now=NOW)
    assert stop(cast.actor("doctor"), rx.pk, reason="Enough", now=NOW).status == Status.STOPPED
