"""A doctor is suspended for fraud: what that doctor signed is paused, and nobody else's."""

import pytest

from elmed.accounts.models import AccountState
from elmed.core.refusals import Invalid, NotAllowed, NotNow
from elmed.prescriptions.actions import sweeps
from elmed.prescriptions.actions.cancel import request_cancel
from elmed.prescriptions.actions.fraud import suspend_for_fraud
from elmed.prescriptions.actions.hold import resume
from elmed.prescriptions.actions.issue import issue
from elmed.prescriptions.models import Hold, Prescription, Sweep
from elmed.prescriptions.vocabulary import Status
from tests import factories
from tests.cast import NOW


def test_everything_open_is_paused_and_can_be_resumed_by_staff(cast):
    verified = factories.verified(cast)
    asked = factories.verified(cast)
    request_cancel(cast.actor("doctor"), asked.pk, reason="Wrong patient", now=NOW)
    done = factories.verified(cast)
    factories.supply(cast, done)

    order = suspend_for_fraud(cast.actor("staff"), cast.doctor.pk, reason="Forged identity", now=NOW)
    assert sweeps.advance(order.pk, seconds=60) == 2

    statuses = dict(Prescription.objects.values_list("pk", "status"))
    assert statuses == {verified.pk: Status.ON_HOLD, asked.pk: Status.ON_HOLD, done.pk: Status.DISPENSED}
    cast.doctor.refresh_from_db()
    assert cast.doctor.state == AccountState.SUSPENDED
    with pytest.raises(NotNow):
        factories.supply(cast, verified)
    resume(cast.actor("staff"), verified.pk, now=NOW)
    resume(cast.actor("staff"), asked.pk, now=NOW)
    verified.refresh_from_db()
    asked.refresh_from_db()
    assert (verified.status, asked.status) == (Status.VERIFIED, Status.ON_HOLD)
    assert Hold.objects.get(ended_at=None).kind == "cancellation"


@pytest.mark.parametrize(("who", "target", "reason", "refusal"), [
    ("pharmacist", "doctor", "x", NotAllowed),
    ("staff", "doctor", "  ", Invalid),
    ("staff", "pharmacy", "x", Invalid),
])  # fmt: skip
def test_refused_and_nothing_changed(cast, who, target, reason, refusal):
    rx = factories.verified(cast)
    with pytest.raises(refusal):
        suspend_for_fraud(cast.actor(who), getattr(cast, target).pk, reason=reason, now=NOW)
    rx.refresh_from_db()
    account = getattr(cast, target)
    account.refresh_from_db()
    assert (rx.status, account.state) == (Status.VERIFIED, AccountState.VERIFIED)
    assert not Sweep.objects.exists()


def test_what_was_begun_before_the_suspension_is_not_signed_after_it(cast):
    draft = factories.draft(cast)
    doctor = cast.actor("doctor")  # signed in before
    suspend_for_fraud(cast.actor("staff"), cast.doctor.pk, reason="Forged identity", now=NOW)
    with pytest.raises(NotAllowed) as no:
        issue(doctor, draft.pk, now=NOW)
    assert no.value.code == "account_not_active"
    draft.refresh_from_db()
    assert (draft.status, draft.reference) == (Status.DRAFT, None)
