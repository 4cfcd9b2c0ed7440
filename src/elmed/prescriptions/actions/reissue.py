"""A lost reference: the patient is given a new one, and the old one opens nothing from this moment.

No act of the table: the status stays, and so does the pharmacy that holds it. The seal does not contain the reference.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.core.refusals import NotNow, require_version
from elmed.events.record import record, together
from elmed.prescriptions import reference
from elmed.prescriptions.actions.legal import is_overdue, lock
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import OPEN


def reissue(actor: Actor, prescription_id: int, *, now: datetime, expected_version: int | None = None) -> Prescription:
    """Give it a new reference. Raises NotAllowed, NotVisible, NotNow (it is not open), VersionConflict."""
    policy.require(actor, Permission.REISSUE)
    with transaction.atomic(), together():
        subject = lock(actor, prescription_id)
        rx = subject.rx
        if rx.status not in OPEN or is_overdue(rx, now) or rx.reference is None:
            words = _("Only a prescription that something can still be supplied of gets a new reference.")
            raise NotNow("invalid_status", words, current_status=rx.status)
        require_version(expected_version, rx.version)
        rx.reference = _unused()
        rx.version += 1
        rx.updated_at = max(now, rx.updated_at)
        rx.save(update_fields=["reference", "version", "updated_at"])
        record(
            actor, "prescription.reference_reissued", accounts=[rx.prescriber_id, rx.pharmacy_id, actor.account_id],
            at=now, prescription_id=rx.pk, version=rx.version,
        )  # fmt: skip
        return rx


def _unused() -> str:
    """A fresh one; 55 random bits hardly ever meet, and a unique index refuses where they do."""
    while True:
        fresh = reference.new()
        if not Prescription.objects.filter(reference=fresh).exists():
            return fresh
