"""correct: staff mark a prescription as entered in error. It stays readable, and nothing can happen to it any more."""

from datetime import datetime

from elmed.access.actors import Actor
from elmed.prescriptions.actions import replace
from elmed.prescriptions.actions.legal import finish, legal
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Act, Status


def correct(
    actor: Actor, prescription_id: int, *, reason: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """End it as entered in error, with the reason."""
    reason = required(reason, "/reason")
    with legal(actor, Act.CORRECT, prescription_id, now=now, expected_version=expected_version) as subject:
        finish(subject, actor, Act.CORRECT, Status.ENTERED_IN_ERROR, now=now, reason=reason)
        replace.release_predecessor(subject)
        return subject.rx
