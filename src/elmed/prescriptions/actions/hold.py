"""hold and resume: a pause, ended by the side that placed it. The hold keeps the status to return to."""

from datetime import datetime

from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.accounts.models import AccountKind
from elmed.core.refusals import NotNow
from elmed.prescriptions.actions.legal import end_holds, finish, legal
from elmed.prescriptions.actions.swept import place
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Act, HoldKind, Side, Status

_KIND = {
    AccountKind.PHARMACY: (HoldKind.PHARMACY, Side.PHARMACY),
    AccountKind.DOCTOR: (HoldKind.DOCTOR, Side.DOCTOR),
    AccountKind.STAFF: (HoldKind.FRAUD, Side.STAFF),
}


def hold(
    actor: Actor,
    prescription_id: int,
    *,
    reason: str,
    question: str = "",
    now: datetime,
    expected_version: int | None = None,
) -> Prescription:
    """Pause it. A pharmacist may put a question to the doctor; staff pause on suspicion of fraud."""
    reason = required(reason, "/reason")
    question = required(question, "/question", most=1000) if question.strip() else ""
    with legal(actor, Act.HOLD, prescription_id, now=now, expected_version=expected_version) as subject:
        if actor.account_kind not in _KIND:
            raise NotNow("invalid_status", _("This account places no holds."))
        kind, side = _KIND[actor.account_kind]
        place(subject, kind, side, reason=reason, question=question, now=now, person_id=actor.person_id)
        finish(subject, actor, Act.HOLD, Status.ON_HOLD, now=now, reason=reason, data={"kind": kind.value})
        return subject.rx


def lift(subject: Subject, now: datetime, *, outcome: str) -> Status:
    """End the topmost hold; the status is that of what lies below it."""
    top = subject.holds.pop()
    end_holds([top], now, outcome=outcome)
    return Status.ON_HOLD if subject.holds else Status(top.return_to)


def resume(actor: Actor, prescription_id: int, *, now: datetime, expected_version: int | None = None) -> Prescription:
    """End the pause that the actor's own side placed."""
    with legal(actor, Act.RESUME, prescription_id, now=now, expected_version=expected_version) as subject:
        status = lift(subject, now, outcome=Act.RESUME.value)
        finish(subject, actor, Act.RESUME, status, now=now, reason=subject.hold.reason if subject.hold else "")
        return subject.rx
