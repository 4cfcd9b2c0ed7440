"""close: nothing will be supplied, for one of the NHS's eleven reasons; the doctor is told."""

from datetime import datetime

from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.core.refusals import Invalid
from elmed.prescriptions.actions import replace
from elmed.prescriptions.actions.legal import finish, legal
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import NOT_DISPENSED_REASONS, Act, Status


def close(
    actor: Actor, prescription_id: int, *, reason_code: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """End it as not dispensed. `reason_code`: 0001-0011 of medicationdispense-status-reason."""
    if reason_code not in NOT_DISPENSED_REASONS:
        raise Invalid.field("/reason_code", "unknown_reason", _("One of 0001 to 0011."))
    with legal(actor, Act.CLOSE, prescription_id, now=now, expected_version=expected_version) as subject:
        finish(
            subject,
            actor,
            Act.CLOSE,
            Status.NOT_DISPENSED,
            now=now,
            reason=reason_code,
            data={"reason_code": reason_code},
        )
        replace.release_predecessor(subject)
        return subject.rx
