"""stop: the doctor ends a prescription of which something was supplied."""

from datetime import datetime

from elmed.access.actors import Actor
from elmed.prescriptions.actions.legal import finish, legal
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Act, Status


def stop(
    actor: Actor, prescription_id: int, *, reason: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """Nothing more is supplied of it. What was handed over before may still be reported for 72 hours."""
    reason = required(reason, "/reason")
    with legal(actor, Act.STOP, prescription_id, now=now, expected_version=expected_version) as subject:
        finish(subject, actor, Act.STOP, Status.STOPPED, now=now, reason=reason)
        return subject.rx
