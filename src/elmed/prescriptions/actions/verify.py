"""verify: the pharmacist has checked it; it is ready to be dispensed."""

from datetime import datetime

from elmed.access.actors import Actor
from elmed.prescriptions.actions import supply
from elmed.prescriptions.actions.broken_seal import require_seal
from elmed.prescriptions.actions.legal import finish, legal
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.states import derive
from elmed.prescriptions.vocabulary import Act


def verify(actor: Actor, prescription_id: int, *, now: datetime, expected_version: int | None = None) -> Prescription:
    """Record the pharmacist's check. Refuses where the seal does not hold (409 `signature_invalid`)."""
    with legal(actor, Act.VERIFY, prescription_id, now=now, expected_version=expected_version) as subject:
        require_seal(subject)
        subject.rx.verified_at = now
        status = derive(
            supply.line_states(subject), repeats_remain=subject.rx.issue_number <= subject.rx.repeats_allowed
        )
        finish(subject, actor, Act.VERIFY, status, now=now, reason="", changed=("verified_at",))
        return subject.rx
