"""The moment of a hand-over that is reported: after the pharmacist's check, and in no pause."""

from datetime import timedelta

import pytest
from django.urls import reverse as url_of

from elmed.core.clock import real_now, rfc3339
from elmed.prescriptions.actions.cancel import answer_handed_over, request_cancel, withdraw_cancel
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.hold import resume
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.actions.supply import Supply
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.vocabulary import ReversalReason, Status
from tests import factories as f
from tests.api.client import refusal
from tests.api.conftest import make_key, pharmacy  # noqa: F401
from tests.cast import NOW
from tests.portals.conftest import sign_in  # noqa: F401
from tests.prescriptions.attempts import everything, refused

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def checked_an_hour_later(cast):
    """Signed and routed at 10, checked at 11."""
    rx = f.pending_review(cast)
    return verify(cast.actor("pharmacist"), rx.pk, now=NOW + HOUR)


def paused(cast, who="pharmacist", **words):
    """Checked at 10, on hold from 11 to 12."""
    rx = f.held(cast, who, f.verified(cast, **words), now=NOW + HOUR)
    return resume(cast.actor(who), rx.pk, now=NOW + 2 * HOUR)


def test_nothing_is_handed_over_before_the_check(cast):
    rx = checked_an_hour_later(cast)
    for moment in (NOW, NOW + 57 * MINUTE):
        with refused("handed_over_before_check"):
            f.supply(cast, rx, handed_over_at=moment, now=NOW + 2 * HOUR)
    made = f.supply(cast, rx, handed_over_at=NOW + 59 * MINUTE, now=NOW + 2 * HOUR)  # typed by the minute
    assert made.handed_over_at == NOW + 59 * MINUTE


def test_the_check_of_another_pharmacy_is_not_this_ones(cast):
    rx = return_(cast.actor("pharmacist"), f.verified(cast).pk, reason="Out of stock", now=NOW + HOUR)
    route(cast.actor("doctor"), rx.pk, pharmacy_id=cast.other_pharmacy.pk, now=NOW + HOUR)
    other = cast.actor("other_pharmacist")
    rx = verify(other, rx.pk, now=NOW + 2 * HOUR)
    what = Supply(handed_over_at=NOW + 90 * MINUTE)
    with refused("handed_over_before_check"):
        dispense(other, rx.pk, what, source="portal", now=NOW + 3 * HOUR)
    dispense(other, rx.pk, Supply(handed_over_at=NOW + 2 * HOUR), source="portal", now=NOW + 3 * HOUR)


@pytest.mark.parametrize("who", ["pharmacist", "doctor", "staff"])
def test_nothing_is_handed_over_in_a_pause_whoever_placed_it(cast, who):
    rx = paused(cast, who)
    for moment in (NOW + HOUR, NOW + 90 * MINUTE, NOW + 117 * MINUTE):
        with refused("handed_over_on_hold"):
            f.supply(cast, rx, handed_over_at=moment, now=NOW + 3 * HOUR)


@pytest.mark.parametrize("minutes", [0, 59, 119, 120, 150])
def test_before_and_after_a_pause_it_may_be(cast, minutes):
    moment = NOW + minutes * MINUTE
    assert f.supply(cast, paused(cast), handed_over_at=moment, now=NOW + 3 * HOUR).handed_over_at == moment


def test_a_request_to_cancel_that_was_withdrawn_was_a_pause_too(cast):
    rx = f.cancellation_requested(cast)
    withdraw_cancel(cast.actor("doctor"), rx.pk, now=NOW + HOUR)
    with refused("handed_over_on_hold"):
        f.supply(cast, rx, handed_over_at=NOW + MINUTE, now=NOW + 2 * HOUR)
    f.supply(cast, rx, handed_over_at=NOW - MINUTE, now=NOW + 2 * HOUR)


def test_the_second_pause_counts_like_the_first(cast):
    rx = paused(cast)
    f.held(cast, "doctor", rx, now=NOW + 3 * HOUR)
    resume(cast.actor("doctor"), rx.pk, now=NOW + 4 * HOUR)
    for hour in (1, 3):
        with refused("handed_over_on_hold"):
            f.supply(cast, rx, handed_over_at=NOW + hour * HOUR, now=NOW + 5 * HOUR)
    f.supply(cast, rx, handed_over_at=NOW + 2 * HOUR, now=NOW + 5 * HOUR)


def test_a_late_report_lies_before_the_pause_it_ended_in(cast):
    rx = f.verified(cast)
    end = rx.expires_at
    f.held(cast, "doctor", rx, now=end - 2 * HOUR)
    f.expired(cast, rx)
    with refused("handed_over_on_hold"):
        f.supply(cast, rx, handed_over_at=end - HOUR, now=end + HOUR)
    assert f.supply(cast, rx, handed_over_at=end - 3 * HOUR, now=end + HOUR).prescription.status == Status.DISPENSED


def test_a_request_nobody_answered_leaves_the_report_from_before_it(cast):
    rx = f.cancelled_by_the_clock(cast)
    with refused("not_dispensable"):
        f.supply(cast, rx, handed_over_at=NOW, now=NOW + 30 * HOUR)
    f.supply(cast, rx, handed_over_at=NOW - MINUTE, now=NOW + 30 * HOUR)


def test_the_answer_handed_over_may_lie_in_the_pharmacys_own_pause_but_not_before_its_check(cast):
    """It left all the same, and the doctor who wants to cancel must hear it."""
    rx = f.held(cast, "pharmacist", checked_an_hour_later(cast), now=NOW + 2 * HOUR)
    request_cancel(cast.actor("doctor"), rx.pk, reason="No", now=NOW + 4 * HOUR)

    def answer(moment):
        what = Supply(handed_over_at=moment)
        return answer_handed_over(cast.actor("pharmacist"), rx.pk, what, source="portal", now=NOW + 5 * HOUR)

    with refused("handed_over_before_check"):
        answer(NOW + MINUTE)
    assert answer(NOW + 3 * HOUR).prescription.status == Status.DISPENSED


def test_a_record_that_was_wrong_is_made_anew_with_its_own_moment(cast):
    """The pause came after the hand-over; that it is written down again changes nothing of that."""
    made = f.supply(cast, f.verified(cast), handed_over_at=NOW, now=NOW)
    pharmacist = cast.actor("pharmacist")
    reverse(pharmacist, made.pk, reason=ReversalReason.RECORDED_IN_ERROR, now=NOW + HOUR)
    f.held(cast, "pharmacist", made.prescription, now=NOW + 2 * HOUR)
    resume(pharmacist, made.prescription_id, now=NOW + 3 * HOUR)
    again = f.supply(cast, made.prescription, handed_over_at=NOW, now=NOW + 4 * HOUR)
    assert (again.handed_over_at, again.prescription.status) == (NOW, Status.DISPENSED)


def test_the_api_says_why(cast, pharmacy):  # noqa: F811
    rx = paused(cast)
    before = everything()
    no = refusal(pharmacy.dispense(rx, {"handed_over_at": rfc3339(NOW + 90 * MINUTE)}), 409, "handed_over_on_hold")
    assert everything() == before
    assert (no["current_status"], no["allowed_actions"]) == ("verified", ["dispense"])
    early = checked_an_hour_later(cast)
    refusal(pharmacy.dispense(early, {"handed_over_at": rfc3339(NOW)}), 409, "handed_over_before_check")


def test_the_page_says_why_and_keeps_what_was_typed(cast, sign_in):  # noqa: F811
    now = real_now()
    rx = f.pending_review(cast, now=now - 2 * HOUR)
    rx = verify(cast.actor("pharmacist"), rx.pk, now=now - HOUR)
    local = (now - 90 * MINUTE).astimezone(jurisdiction().zone).strftime("%Y-%m-%dT%H:%M")
    typed = {"version": rx.version, f"line-{f.first_line(rx)}-quantity": "21", "handed_over_at": local}
    answer = sign_in("pharmacist").post(url_of("pharmacy_dispense", args=[rx.pk]), typed)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "a hand-over follows the check" in page
    assert local in page
