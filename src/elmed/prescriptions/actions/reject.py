"""reject: the pharmacist does not accept it; the doctor is told."""

from datetime import datetime

from elmed.access.actors import Actor
from elmed.prescriptions.actions import replace
from elmed.prescriptions.actions.legal import finish, legal
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Act, Status


def reject(
    actor: Actor, prescription_id: int, *, reason: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """Refuse to supply it, where nothing ever was. The event tells the doctor."""
    reason = required(reason, "/reason")
    with legal(actor, Act.REJECT, prescription_id, now=now, expected_version=expected_version) as subject:
        finish(subject, actor, Act.REJECT, Status.REJECTED, now=now, reason=reason)
        replace.release_predecessor(subject)
        return subject.rx
