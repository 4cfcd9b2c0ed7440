"""return: the pharmacy gives it back, so that the rest can be supplied elsewhere."""

from collections.abc import Callable
from datetime import datetime

from elmed.access.actors import Actor
from elmed.prescriptions.actions.legal import finish, legal, let_go
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Act, Status


def return_(
    actor: Actor, prescription_id: int, *, reason: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """Give it back. What was supplied stays supplied; the pharmacy keeps reading it only if it supplied some."""
    return give_up(actor, Act.RETURN, prescription_id, reason=reason, now=now, expected_version=expected_version)


def give_up(
    actor: Actor,
    act: Act,
    prescription_id: int,
    *,
    reason: str,
    now: datetime,
    expected_version: int | None,
    tell: Callable[[Prescription, int | None], None] | None = None,
) -> Prescription:
    """What `return` and staff's `transfer` do alike: no pharmacy holds it any more.

    `tell` is called in the act's transaction with the id of the pharmacy that held it.
    """
    reason = required(reason, "/reason")
    with legal(actor, act, prescription_id, now=now, expected_version=expected_version) as subject:
        before = let_go(subject)
        changed = ("pharmacy", "verified_at")
        finish(subject, actor, act, Status.ISSUED, now=now, reason=reason, changed=changed, pharmacy_before=before)
        if tell:
            tell(subject.rx, before)
        return subject.rx
