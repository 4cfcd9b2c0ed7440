"""transfer: staff release what a suspended or closed pharmacy holds, so that the patient can go elsewhere."""

from datetime import datetime

from elmed.access.actors import Actor
from elmed.prescriptions.actions.return_ import give_up
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Act


def transfer(
    actor: Actor, prescription_id: int, *, reason: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """Take it from its pharmacy. A pause that the doctor or staff placed is not lifted this way: that is refused."""
    return give_up(actor, Act.TRANSFER, prescription_id, reason=reason, now=now, expected_version=expected_version)
