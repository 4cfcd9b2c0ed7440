"""The doctor answered a pharmacist's question by phone: the words stand with the pause, for the pharmacist who ends it.

It is no act of the table: the status stays, and the side that paused it resumes it (states.py).
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.core.refusals import NotNow, require_version
from elmed.events.record import record, together
from elmed.prescriptions.actions.legal import lock
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.models import Hold, Prescription
from elmed.prescriptions.vocabulary import HoldKind


def answer_question(
    actor: Actor, prescription_id: int, *, words: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """Write the answer down, and tell the pharmacy. Raises NotVisible, NotAllowed, Invalid, NotNow, VersionConflict."""
    policy.require(actor, Permission.RESUME)
    words = required(words, "/words", most=1000)
    with transaction.atomic(), together():
        subject = lock(actor, prescription_id)
        rx, hold = subject.rx, next((one for one in subject.holds if one.kind == HoldKind.PHARMACY), None)
        if rx.prescriber_id != actor.account_id or hold is None:
            raise NotNow("invalid_status", _("No pharmacist’s question waits for an answer."), current_status=rx.status)
        require_version(expected_version, rx.version)
        Hold.objects.filter(pk=hold.pk).update(answer=words, answered_at=now)
        rx.version += 1
        rx.updated_at = max(now, rx.updated_at)
        rx.save(update_fields=["version", "updated_at"])
        record(
            actor, "prescription.question_answered", accounts=[rx.prescriber_id, rx.pharmacy_id], at=now,
            prescription_id=rx.pk, version=rx.version,
        )  # fmt: skip
        return rx
