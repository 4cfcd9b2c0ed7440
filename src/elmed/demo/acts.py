"""The acts of the demo's people, each at a moment of the past: what story.py and named.py are told with.

Every one is the real act of prescriptions/actions; nothing writes a status.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from elmed.access.actors import Actor
from elmed.demo.medicines import MEDICINES
from elmed.demo.people import People
from elmed.patients.actions import Finding, consult
from elmed.patients.models import IdentityCheck, Patient
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.draft import DraftContent, save_draft
from elmed.prescriptions.actions.issue import issue
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.actions.verify import verify
from elmed.prescriptions.models import Dispense, Prescription, PrescriptionLine

# What a doctor says to a warning of the checks: the key is the warning's, whether or not it comes up.
ANSWERS: Mapping[str, str] = {
    f"duplicate:{position}": "Continues the course; the earlier supply is used up." for position in range(1, 4)
} | {"allergy:1": "The rash came with glandular fever as a child; penicillin allergy was ruled out by a test in 2019."}


def prescribe(
    doctor: Actor,
    patient: Patient,
    medicines: Sequence[str],
    *,
    pharmacy_id: int | None,
    now: datetime,
    notes: str = "",
    valid_until: date | None = None,
    repeats: int = 0,
) -> Prescription:
    """A consultation, a draft, and the signature. With a pharmacy chosen it waits for its pharmacist."""
    chosen = [MEDICINES[name] for name in medicines]
    found = Finding(patient.family_name, patient.date_of_birth, patient.health_number or patient.phone)
    visit = consult(
        doctor, patient.pk, found_by=found, identity_check=IdentityCheck.KNOWN, summary=chosen[0].summary, now=now
    )
    diagnoses = {medicine.diagnosis: medicine.coded_diagnosis[0] for medicine in chosen}
    content = DraftContent(
        lines=[medicine.line for medicine in chosen],
        diagnosis=list(diagnoses.values()),
        notes=notes,
        valid_until=valid_until,
        repeats_allowed=repeats,
        minimum_dispense_interval_days=21 if repeats else 0,
    )
    draft = save_draft(doctor, patient_id=patient.pk, consultation_id=visit.pk, content=content, now=now)
    return issue(doctor, draft.pk, answers=ANSWERS, pharmacy_id=pharmacy_id, now=now)


def check(people: People, pharmacist: str, rx: Prescription, now: datetime) -> None:
    """The pharmacist's check."""
    verify(people.actor(pharmacist), rx.pk, now=now)


def hand_over(
    people: People, who: str, rx: Prescription, now: datetime, *, quantities: Mapping[int, int] | None = None
) -> Dispense:
    """Hand over what remains, or these thousandths by line id, with a batch that lasts two years."""
    lines = None
    if quantities is not None:
        lines = tuple(
            SupplyLine(
                line_id, quantity, batch_number=f"BN{rx.pk:04d}{line_id % 10}", expiry_date=date(now.year + 2, 6, 30)
            )
            for line_id, quantity in quantities.items()
        )
    what = Supply(lines=lines, handed_over_at=now, receiver="Patient")
    return dispense(people.actor(who), rx.pk, what, source="portal", now=now)


def half_of(line: PrescriptionLine) -> int:
    """Half of a line in whole units, at least one."""
    return max(line.quantity_milli // 2000, 1) * 1000
