"""A patient's record was corrected: every prescription that shows the name or the birth date has changed with it.

The order is the PatientCorrection, which patients/identity.py writes with the correction itself. Each prescription is a
transaction of its own that also counts it, as sweeps.py does: the page begins at once, jobs/periodic.py goes on with the
rest. Nothing that was signed changes, nor where it stands: whoever polls by change, or reads events, hears that it reads
differently.
"""

import time
from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.db.models import QuerySet

from elmed.access import actors
from elmed.core.clock import real_now, world_now
from elmed.core.models import Mode
from elmed.events.record import record, together
from elmed.patients.models import PatientCorrection
from elmed.prescriptions.actions.legal import stamp_again
from elmed.prescriptions.models import FormerSupplier, Prescription
from elmed.prescriptions.vocabulary import Status

AT_ONCE = 1.0  # seconds that a page goes on with it
CORRECTED = "prescription.patient_corrected"


def tell_at_once(patient_id: int) -> int:
    """Begin with what was corrected of a patient, for a page that just did it. Returns how many prescriptions were told."""
    return _advance(PatientCorrection.objects.filter(patient_id=patient_id), AT_ONCE)


def tell_the_rest(seconds: float) -> int:
    """Go on with each that is not finished, the oldest first, for about that long together."""
    return _advance(PatientCorrection.objects.all(), seconds)


def _advance(orders: QuerySet[PatientCorrection], seconds: float) -> int:
    until, count = time.monotonic() + seconds, 0
    for order in orders.filter(prescriptions_told_at=None).order_by("pk"):
        waiting = _shown_by(order).filter(pk__gt=order.last_prescription_id).order_by("pk")
        for number in waiting.values_list("pk", flat=True):
            if time.monotonic() > until:
                return count
            if not _tell(order.pk, number):
                break
            count += 1
        else:
            _finish(order.pk)
    return count


def _shown_by(order: PatientCorrection) -> QuerySet[Prescription]:
    """What software can read of that record; of a draft nobody was told yet."""
    return Prescription.objects.filter(patient_id=order.patient_id).exclude(status=Status.DRAFT)


@transaction.atomic
def _tell(pk: int, number: int) -> bool:
    """One prescription, counted. False where it is over, or somebody else goes on with it at this moment."""
    order = _taken(pk)
    if order is None:
        return False
    if order.last_prescription_id >= number:  # somebody else did it
        return True
    with together():
        rx = Prescription.objects.select_for_update(of=("self",)).select_related("patient", "world").get(pk=number)
        _changed(rx, world_now(rx.world_id))
    order.last_prescription_id = number
    order.save(update_fields=["last_prescription_id"])
    return True


def _changed(rx: Prescription, now: datetime) -> None:
    """One version on, at this moment, with its event. In nobody's name: who else treats the patient is not told."""
    rx.version += 1
    rx.updated_at = max(now, rx.updated_at)
    rx.save(update_fields=["version", "updated_at"])
    former = FormerSupplier.objects.filter(prescription=rx).values_list("pharmacy_id", flat=True)
    record(
        actors.clock(rx.world_id, Mode(rx.world.mode)), CORRECTED,
        accounts=[rx.prescriber_id, rx.pharmacy_id, rx.patient.owner_id, *former], at=now, prescription_id=rx.pk,
        version=rx.version, data={"patient_id": rx.patient_id}, late=partial(stamp_again, rx),
    )  # fmt: skip


@transaction.atomic
def _finish(pk: int) -> None:
    order = _taken(pk)
    if order is not None:
        order.prescriptions_told_at = real_now()
        order.save(update_fields=["prescriptions_told_at"])


def _taken(pk: int) -> PatientCorrection | None:
    """An unfinished one, locked; None where it is over, or in somebody else's hands."""
    rows = PatientCorrection.objects.select_for_update(
        skip_locked=connection.features.has_select_for_update_skip_locked
    )
    return rows.filter(pk=pk, prescriptions_told_at=None).first()
