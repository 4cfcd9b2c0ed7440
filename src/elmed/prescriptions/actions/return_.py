"""return: the pharmacy gives it back, so that the rest can be supplied elsewhere."""

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
    reason = required(reason, "/reason")
    with legal(actor, Act.RETURN, prescription_id, now=now, expected_version=expected_version) as subject:
        before = let_go(subject)
        finish(
            subject,
            actor,
            Act.RETURN,
            Status.ISSUED,
            now=now,
            reason=reason,
            changed=("pharmacy", "verified_at"),
            pharmacy_before=before,
        )
        return subject.rx
