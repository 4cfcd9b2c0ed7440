"""Since when a prescription waits where it stands: moved by a new status, pharmacy or issue, and by nothing else."""

from datetime import timedelta

import pytest

from elmed.prescriptions import pharmacy_lists
from elmed.prescriptions.actions.answered import answer_question
from elmed.prescriptions.actions.reissue import reissue
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import Prescription
from tests import factories as f
from tests.cast import NOW

LATER = NOW + timedelta(hours=3)


def begins(rx, at):
    """Whether its waiting begins with its last change, which is not older than `at`."""
    after = Prescription.objects.get(pk=rx.pk)
    return after.step_since == after.updated_at >= at


def since(rx):
    return Prescription.objects.get(pk=rx.pk).step_since


def test_each_step_begins_the_waiting_anew(cast):
    rx = f.pending_review(cast)
    assert begins(rx, NOW)
    verify(cast.actor("pharmacist"), rx.pk, now=LATER)
    assert begins(rx, LATER)
    f.supply(cast, rx, (f.first_line(rx), 1000), now=LATER + timedelta(hours=1))
    assert begins(rx, LATER + timedelta(hours=1))


def test_another_pharmacy_begins_it_anew_at_the_same_step(cast):
    rx = f.pending_review(cast)
    route(cast.actor("doctor"), rx.pk, pharmacy_id=cast.other_pharmacy.pk, now=LATER)
    assert begins(rx, LATER)


def test_the_next_issue_begins_it_anew(cast):
    rx = f.verified(cast, repeats_allowed=1, minimum_dispense_interval_days=20)
    f.supply(cast, rx, now=LATER)
    assert Prescription.objects.get(pk=rx.pk).status == "verified" and begins(rx, LATER)


@pytest.mark.parametrize("change", ["reference", "supply"])
def test_what_leaves_it_where_it_is_does_not(cast, change):
    rx = f.partially_dispensed(cast)
    before = since(rx)
    if change == "reference":
        reissue(cast.actor("patient"), rx.pk, now=LATER)
    else:
        f.supply(cast, rx, (f.first_line(rx), 1000), now=LATER)
    after = Prescription.objects.get(pk=rx.pk)
    assert after.step_since == before and after.updated_at >= LATER


def test_a_question_that_was_answered_waits_as_long_as_before(cast):
    rx = f.held(cast, "pharmacist", f.verified(cast), question="500 mg?")
    before = since(rx)
    answer_question(cast.actor("doctor"), rx.pk, words="Yes.", now=LATER)
    after = Prescription.objects.get(pk=rx.pk)
    assert after.step_since == before and after.updated_at >= LATER


def test_the_queue_stands_in_that_order(cast):
    first, second = f.pending_review(cast), f.pending_review(cast, now=NOW + timedelta(hours=1))
    reissue(cast.actor("patient"), first.pk, now=LATER)
    assert [rx.pk for rx in pharmacy_lists.at_step(cast.actor("pharmacist"), "pending_review")] == [first.pk, second.pk]
