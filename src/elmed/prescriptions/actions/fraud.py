"""Suspending a doctor for fraud: everything that doctor signed and that is still open is paused.

It holds from this act on: the account and the order for the holds are one transaction, and what the sweep (sweeps.py)
has not come to yet is put on hold before anybody else's act on it (legal.py). Without the word fraud a suspension
(accounts/actions.py) leaves signed prescriptions valid.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.actions import change_state
from elmed.accounts.models import AccountKind, AccountState
from elmed.core.refusals import Invalid
from elmed.events.record import record, together
from elmed.prescriptions.actions.legal import expire_locked, finish, is_overdue
from elmed.prescriptions.actions.swept import place
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Prescription, Sweep, SweepEnd, SweepKind
from elmed.prescriptions.vocabulary import OPEN, Act, HoldKind, Side, Status


def suspend_for_fraud(actor: Actor, account_id: int, *, reason: str, now: datetime) -> Sweep:
    """Suspend a doctor and order the hold of every open prescription of that doctor; `sweeps.advance` places them.

    Raises NotAllowed, NotVisible, NotNow (not from the account's present state), Invalid (no doctor, no reason).
    """
    policy.require(actor, Permission.HOLD)
    reason = required(reason, "/reason")
    with transaction.atomic(), together():
        # It locks the account, as `issue` does before it signs: what was signed before is counted, and nothing is after.
        account = change_state(actor, account_id, AccountState.SUSPENDED, reason=reason, now=now)
        if account.kind != AccountKind.DOCTOR:
            raise Invalid.field("/account", "not_a_doctor", _("Only a doctor's prescriptions are paused for fraud."))
        signed = Prescription.objects.filter(prescriber_id=account_id, world_id=actor.world_id, status__in=OPEN)
        found = signed.aggregate(count=Count("pk"), last=Max("issued_at"))
        record(
            actor, "account.prescriptions_held", accounts=[account.pk], at=now, subject_account_id=account.pk,
            data={"count": found["count"]},
        )  # fmt: skip
        # One of an earlier suspension that was taken back before it came to its end: this one goes further.
        Sweep.objects.filter(account=account, kind=SweepKind.FRAUD, finished_at=None).update(
            finished_at=now, ended_as=SweepEnd.ACTIVE_AGAIN
        )
        return Sweep.objects.create(
            world_id=actor.world_id, kind=SweepKind.FRAUD, account=account, reason=reason, by_account_id=actor.account_id,
            by_person_id=actor.person_id, started_at=max(now, found["last"] or now), total=found["count"],
        )  # fmt: skip


def pause(actor: Actor, subject: Subject, reason: str, now: datetime) -> bool:
    """Put one locked prescription on hold for fraud; False where it is not open any more, or held for that already."""
    if is_overdue(subject.rx, now):
        expire_locked(subject, now)
        return False
    if subject.rx.status not in OPEN or any(row.kind == HoldKind.FRAUD for row in subject.holds):
        return False
    place(subject, HoldKind.FRAUD, Side.STAFF, reason=reason, now=now, person_id=actor.person_id)
    finish(subject, actor, Act.HOLD, Status.ON_HOLD, now=now, reason=reason, data={"kind": HoldKind.FRAUD.value})
    return True
