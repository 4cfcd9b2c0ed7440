"""Suspending a doctor for fraud: everything that doctor signed and that is still open is paused, in one act.

Without the word fraud a suspension (accounts/actions.py) leaves signed prescriptions valid.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.actions import change_state
from elmed.accounts.models import Account, AccountKind, AccountState
from elmed.core.refusals import Invalid
from elmed.events.record import together
from elmed.prescriptions.actions.hold import place
from elmed.prescriptions.actions.legal import expire_locked, finish, is_overdue, lock
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import OPEN, Act, HoldKind, Side, Status


@transaction.atomic
def suspend_for_fraud(actor: Actor, account_id: int, *, reason: str, now: datetime) -> int:
    """Suspend a doctor and put every open prescription of that doctor on hold. Returns how many were paused.

    Raises NotAllowed, NotVisible, NotNow (not from the account's present state), Invalid (no doctor, no reason).
    """
    policy.require(actor, Permission.HOLD)
    reason = required(reason, "/reason")
    # Prescriptions, then the account, then the lists of events, as `issue` does. What it signed while this waited
    # for the account is open only now.
    subjects = [lock(actor, pk) for pk in _open_ones(account_id, actor.world_id)]
    Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    known = {subject.rx.pk for subject in subjects}
    subjects += [lock(actor, pk) for pk in _open_ones(account_id, actor.world_id) if pk not in known]
    with together():
        account = change_state(actor, account_id, AccountState.SUSPENDED, reason=reason, now=now)
        if account.kind != AccountKind.DOCTOR:
            raise Invalid.field("/account", "not_a_doctor", _("Only a doctor's prescriptions are paused for fraud."))
        return sum(pause(actor, subject, reason, now) for subject in subjects)


def _open_ones(account_id: int, world_id: int) -> list[int]:
    """In id order, as every lock is taken."""
    rows = Prescription.objects.filter(prescriber_id=account_id, world_id=world_id, status__in=OPEN)
    return list(rows.order_by("pk").values_list("pk", flat=True))


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
