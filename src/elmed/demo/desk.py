"""What lies on the demo doctor's desk: favourites, a weight, and two drafts for one patient that do not go together.

By the same acts as the composer. Called by seed.py.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from elmed.access.actors import Actor
from elmed.demo.people import People
from elmed.medications import queries as formulary
from elmed.patients.actions import Finding, consult, set_weight
from elmed.patients.models import IdentityCheck, Patient
from elmed.prescriptions.actions import favourite
from elmed.prescriptions.actions.draft import DraftContent, save_draft
from elmed.prescriptions.actions.written import Typed, complete
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription

PATIENT = "osei"


class Written(NamedTuple):
    """What is typed: into the medicine's field, as the dose, what is added to it; and for what (ICD-10)."""

    medicine: str
    dose: str
    added: str
    diagnosis: str
    code: str


DRAFTS = (
    Written("warfarin 3", "1 od 28d", "", "Atrial fibrillation", "I48.9"),
    Written("ibuprofen 400", "1 tds 5d", "With food.", "Low back pain", "M54.5"),
)
FAVOURITES = (("Warfarin, monthly", 0), ("Back pain, five days", 1))


def tell(people: People, now: datetime) -> None:
    """Put them there, an hour ago."""
    doctor, patient, at = people.actor("doctor"), people.patients[PATIENT], now - timedelta(hours=1)
    written = [_draft(doctor, patient, one, at) for one in DRAFTS]
    for name, index in FAVOURITES:
        favourite.add(doctor, written[index].lines.get().pk, name=name, now=at)
    set_weight(doctor, patient.pk, weight_milli=81_500, weighed_on=jurisdiction().day(at), now=at)


def _draft(doctor: Actor, patient: Patient, one: Written, now: datetime) -> Prescription:
    medicine = formulary.search(one.medicine)[0]
    line = complete(Typed(medicine.name, dose=one.dose, words=one.added), medicine).line
    found = Finding(patient.family_name, patient.date_of_birth, patient.health_number)
    visit = consult(doctor, patient.pk, found_by=found, identity_check=IdentityCheck.KNOWN, now=now)
    diagnosis: list[dict[str, str | None]] = [{"text": one.diagnosis, "code": one.code, "system": "ICD-10"}]
    content = DraftContent(lines=[line], diagnosis=diagnosis)
    return save_draft(doctor, patient_id=patient.pk, consultation_id=visit.pk, content=content, now=now)
