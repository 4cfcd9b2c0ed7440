"""replace: the new one in place of the old, and never both supplied, in whatever order things happen."""

import pytest

from elmed.access.visibility import visible
from elmed.prescriptions.actions.cancel import (
    answer_handed_over,
    cancel,
    cancel_unanswered,
    confirm_cancel,
    request_cancel,
    withdraw_cancel,
)
from elmed.prescriptions.actions.hold import resume
from elmed.prescriptions.actions.issue import issue
from elmed.prescriptions.actions.reject import reject
from elmed.prescriptions.actions.replace import replace
from elmed.prescriptions.actions.supply import Supply
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Status
from tests import factories as f
from tests.cast import NOW
from tests.prescriptions.attempts import refused
from tests.prescriptions.starts import DAY, HOUR

BEFORE = NOW - HOUR / 2


def old_verified(cast):
    return f.verified(cast, now=NOW - HOUR)


def test_an_issued_or_pending_one_is_cancelled_at_once(cast):
    for make in (f.issued, f.pending_review):
        old, new = f.replaced(cast, make(cast))
        assert (old.status, new.status) == (Status.CANCELLED, Status.PENDING_REVIEW)
        assert new.replaces_id == old.pk
        verify(cast.actor("pharmacist"), new.pk, now=NOW)
        assert f.supply(cast, new).prescription.status == Status.DISPENSED


def test_a_partly_supplied_one_is_stopped_and_the_new_one_is_free(cast):
    old, new = f.replaced(cast, f.partially_dispensed(cast, now=NOW - HOUR))
    assert old.status == Status.STOPPED
    verify(cast.actor("pharmacist"), new.pk, now=NOW)
    f.supply(cast, new)
    with refused("replacement_supplied"):  # too late to say that more of the old one was handed over before
        f.supply(cast, old, handed_over_at=BEFORE, now=NOW + HOUR)


def test_a_verified_one_is_asked_to_cancel_and_blocks_the_new_one(cast):
    old, new = f.replaced(cast, old_verified(cast))
    assert old.status == Status.ON_HOLD
    verify(cast.actor("pharmacist"), new.pk, now=NOW)
    with refused("predecessor_open"):
        f.supply(cast, new)
    with refused("invalid_status"):
        f.supply(cast, old)
    confirm_cancel(cast.actor("pharmacist"), old.pk, now=NOW)
    assert f.supply(cast, new).prescription.status == Status.DISPENSED


def test_the_request_of_a_replaced_one_on_hold_lies_on_its_hold(cast):
    old, _ = f.replaced(cast, f.held(cast, "pharmacist", f.verified(cast)))
    assert list(old.holds.order_by("pk").values_list("kind", flat=True)) == ["pharmacy", "cancellation"]


def test_handed_over_before_the_replacement_puts_the_new_one_on_hold(cast):
    old, new = f.replaced(cast, old_verified(cast))
    answer_handed_over(cast.actor("pharmacist"), old.pk, Supply(handed_over_at=BEFORE), source="portal", now=NOW)
    new.refresh_from_db()
    old.refresh_from_db()
    assert (old.status, new.status) == (Status.DISPENSED, Status.ON_HOLD)
    assert resume(cast.actor("doctor"), new.pk, now=NOW).status == Status.PENDING_REVIEW


def test_the_doctor_may_cancel_the_one_on_hold_instead(cast):
    old, new = f.replaced(cast, old_verified(cast))
    verify(cast.actor("pharmacist"), new.pk, now=NOW)
    answer_handed_over(cast.actor("pharmacist"), old.pk, Supply(handed_over_at=BEFORE), source="portal", now=NOW)
    assert cancel(cast.actor("doctor"), new.pk, reason="Old one was taken", now=NOW).status == Status.CANCELLED


def test_a_late_report_after_the_clock_cancelled_holds_the_new_one(cast):
    old, new = f.replaced(cast, old_verified(cast))
    cancel_unanswered(NOW + DAY, world_id=1)
    f.supply(cast, old, handed_over_at=BEFORE, now=NOW + DAY)
    new.refresh_from_db()
    assert new.status == Status.ON_HOLD


def test_a_late_report_after_the_new_one_was_supplied_is_refused(cast):
    old, new = f.replaced(cast, old_verified(cast))
    cancel_unanswered(NOW + DAY, world_id=1)
    verify(cast.actor("pharmacist"), new.pk, now=NOW + DAY)
    f.supply(cast, new, now=NOW + DAY)
    with refused("replacement_supplied"):
        f.supply(cast, old, handed_over_at=BEFORE, now=NOW + DAY)


def test_a_withdrawn_request_leaves_the_old_one_blocked_from_the_replacement_on(cast):
    old, new = f.replaced(cast, old_verified(cast))
    assert withdraw_cancel(cast.actor("doctor"), old.pk, now=NOW).status == Status.VERIFIED
    verify(cast.actor("pharmacist"), new.pk, now=NOW)
    with refused("replaced"):
        f.supply(cast, old)
    with refused("predecessor_open"):
        f.supply(cast, new)
    made = f.supply(cast, old, handed_over_at=BEFORE)  # it had left before: then the new one waits
    assert made.prescription.status == Status.DISPENSED
    new.refresh_from_db()
    assert new.status == Status.ON_HOLD


def test_one_replacement_at_a_time(cast):
    old, new = f.replaced(cast, old_verified(cast))
    second = f.draft(cast, replaces=old)
    with refused("replaced"):
        replace(cast.actor("doctor"), old.pk, draft_id=second.pk, reason="Again", answers=f.KEPT, now=NOW)
    cancel(cast.actor("doctor"), new.pk, reason="Mistake", now=NOW)
    newer = replace(cast.actor("doctor"), old.pk, draft_id=second.pk, reason="Again", answers=f.KEPT, now=NOW)
    assert newer.replaces_id == old.pk


@pytest.mark.parametrize("end", ["cancel", "reject"])
def test_a_replacement_that_ended_unsupplied_frees_the_old_one(cast, end):
    old, new = f.replaced(cast, old_verified(cast))
    if end == "cancel":
        cancel(cast.actor("doctor"), new.pk, reason="Mistake", now=NOW)
    else:
        reject(cast.actor("pharmacist"), new.pk, reason="Interaction", now=NOW)
    withdraw_cancel(cast.actor("doctor"), old.pk, now=NOW)
    assert f.supply(cast, old).prescription.status == Status.DISPENSED


def test_a_replacement_cancelled_by_silence_frees_nothing_as_its_supply_may_still_be_reported(cast):
    old, new = f.replaced(cast, old_verified(cast))
    verify(cast.actor("pharmacist"), new.pk, now=NOW)
    request_cancel(cast.actor("doctor"), new.pk, reason="Mistake", now=NOW)
    withdraw_cancel(cast.actor("doctor"), old.pk, now=NOW)
    cancel_unanswered(NOW + DAY, world_id=1)
    with refused("replaced"):
        f.supply(cast, old, now=NOW + DAY)


def test_what_cannot_be_signed_leaves_the_old_one_as_it_was(cast):
    old = old_verified(cast)
    draft = f.draft(cast, replaces=old, lines=())
    with refused("required"):
        replace(cast.actor("doctor"), old.pk, draft_id=draft.pk, reason="Dose", now=NOW)
    subject = f.draft(cast, replaces=old).pk
    with refused("use_replace"):
        issue(cast.actor("doctor"), subject, answers=f.KEPT, now=NOW)
    subject = f.draft(cast).pk
    with refused("not_its_replacement"):
        replace(cast.actor("doctor"), old.pk, draft_id=subject, reason="Dose", answers=f.KEPT, now=NOW)
    ready, doctor = f.draft(cast, replaces=old), cast.actor("doctor")
    with refused("unknown_pharmacy"):
        replace(doctor, old.pk, draft_id=ready.pk, reason="Dose", answers=f.KEPT, pharmacy_id=2**40, now=NOW)
    assert visible(cast.actor("doctor"), Prescription).get(pk=old.pk).replaced_at is None
