"""Start states, reached by real acts only."""

from datetime import datetime

from elmed.patients.actions import Finding, consult
from elmed.patients.models import IdentityCheck
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.draft import DraftContent, DraftLine, save_draft
from elmed.prescriptions.actions.issue import issue
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import Dispense, Prescription
from tests.cast import NOW, Cast

AMOXICILLIN = DraftLine(
    medication_text="amoxicillin 500 mg capsules", dosage_text="Take one capsule three times a day for 7 days", quantity_milli=21000,
    unit="capsule", medication_code="J01CA04", medication_system="ATC", strength="500 mg", form="capsule", route="oral", days_supply=7,
)  # fmt: skip
RAMIPRIL = DraftLine(
    medication_text="ramipril 5 mg tablets",
    dosage_text="Take one tablet each morning",
    quantity_milli=28000,
    unit="tablet",
)
DIAGNOSIS = [{"text": "Acute bronchitis", "code": "J20.9", "system": "ICD-10"}]


def draft(cast: Cast, *, lines=(AMOXICILLIN,), now: datetime = NOW, **content) -> Prescription:
    """A draft of the first doctor for the first patient, after a consultation."""
    doctor = cast.actor("doctor")
    found = Finding(cast.patient.family_name, cast.patient.date_of_birth, cast.patient.health_number)
    consultation = consult(doctor, cast.patient.pk, found_by=found, identity_check=IdentityCheck.KNOWN, now=now)
    return save_draft(
        doctor, patient_id=cast.patient.pk, consultation_id=consultation.pk, now=now,
        content=DraftContent(lines=lines, diagnosis=DIAGNOSIS, **content),
    )  # fmt: skip


def issued(cast: Cast, *, now: datetime = NOW, answers=None, **kwargs) -> Prescription:
    """Signed, with no pharmacy chosen."""
    return issue(cast.actor("doctor"), draft(cast, now=now, **kwargs).pk, answers=answers, now=now)


def pending_review(cast: Cast, *, now: datetime = NOW, **kwargs) -> Prescription:
    """Signed and routed to the first pharmacy."""
    return route(cast.actor("doctor"), issued(cast, now=now, **kwargs).pk, pharmacy_id=cast.pharmacy.pk, now=now)


def verified(cast: Cast, *, now: datetime = NOW, **kwargs) -> Prescription:
    """Checked by the first pharmacy's pharmacist."""
    return verify(cast.actor("pharmacist"), pending_review(cast, now=now, **kwargs).pk, now=now)


def supply(cast: Cast, rx: Prescription, *quantities: tuple[int, int], now: datetime = NOW) -> Dispense:
    """Dispense these (line id, thousandths), or everything."""
    lines = tuple(SupplyLine(line, quantity) for line, quantity in quantities) or None
    return dispense(cast.actor("pharmacist"), rx.pk, Supply(lines=lines), source="portal", now=now)
