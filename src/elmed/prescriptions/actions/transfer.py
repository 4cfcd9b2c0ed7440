"""transfer: staff release what a suspended or closed pharmacy holds, so that the patient can go elsewhere."""

from datetime import datetime

from elmed.access.actors import Actor
from elmed.prescriptions.actions.legal import finish, legal, let_go
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Act, Status


def transfer(
    actor: Actor, prescription_id: int, *, reason: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """Take it from its pharmacy. A pause that the doctor or staff placed is not lifted this way: that is refused."""
    reason = required(reason, "/reason")
    with legal(actor, Act.TRANSFER, prescription_id, now=now, expected_version=expected_version) as subject:
        before = let_go(subject)
        finish(
            subject,
            actor,
            Act.TRANSFER,
            Status.ISSUED,
            now=now,
            reason=reason,
            changed=("pharmacy", "verified_at"),
            pharmacy_before=before,
        )
        return subject.rx
