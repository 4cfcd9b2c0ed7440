"""remind: the pharmacy told the patient that something waits to be collected. The prescription itself does not change."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.core.refusals import NotNow
from elmed.events.catalogue import REMINDED
from elmed.events.record import record
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import Act, Status

READY = (Status.VERIFIED, Status.PARTIALLY_DISPENSED)


def remind(actor: Actor, prescription_id: int, *, now: datetime) -> Prescription:
    """Note that the patient was reminded at this moment. Raises NotAllowed, NotVisible, NotNow where nothing waits here."""
    policy.require(actor, TRANSITIONS[Act.DISPENSE].permission)
    with transaction.atomic():
        rx = visibility.get(actor, Prescription, prescription_id, lock=True)
        if rx.status not in READY or rx.pharmacy_id != actor.account_id:
            raise NotNow("invalid_status", _("It does not wait to be collected here."), current_status=rx.status)
        record(actor, REMINDED, accounts=[rx.pharmacy_id], at=now, prescription_id=rx.pk, version=rx.version)
        return rx
