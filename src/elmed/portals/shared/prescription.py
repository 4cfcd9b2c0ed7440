"""What every portal shows of one prescription: the sheet, its history in words, the patient's banner.

Called by the views of doctor/, pharmacy/ and patient/; the rows come from prescriptions/queries.py.
"""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from elmed.access.actors import Actor
from elmed.events import queries as events
from elmed.events.models import Event
from elmed.medications.dose_checks import CHILD_YEARS
from elmed.patients.models import Patient
from elmed.portals.page import PortalRequest
from elmed.portals.words import event_words, reason_words
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.queries import Sheet
from elmed.prescriptions.vocabulary import OPEN, Status


class Entry(NamedTuple):
    """One line of a history."""

    words: str
    who: str
    at: Any
    version: int | None = None  # of the prescription, after it


def age(born: date, today: date) -> int:
    """Completed years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def banner(request: PortalRequest, patient: Patient) -> dict[str, Any]:
    """What the patient's banner needs. One statement."""
    today = jurisdiction().day(request.now)
    whole, years = patient.whole, age(patient.date_of_birth, today)
    # To be shown, from the record that counts: the name stays as it was signed.
    patient.allergy_status, patient.weight_milli, patient.weighed_on = (
        whole.allergy_status,
        whole.weight_milli,
        whole.weighed_on,
    )
    patient.is_child = years < CHILD_YEARS  # type: ignore[attr-defined]
    allergies = sorted(whole.allergies.all(), key=lambda one: one.pk)  # fetched already, where the page needed them
    return {"patient": patient, "age": years, "allergies": allergies}


def signed_for(rx: Prescription) -> dict[str, Any] | None:
    """Whom the signature names, where the record was corrected since: paper and seal still say that."""
    if not rx.snapshot:
        return None
    signed = json.loads(rx.snapshot)["patient"]
    now = {"id": rx.patient_id, "name": rx.patient.name, "date_of_birth": rx.patient.date_of_birth.isoformat()}
    return None if signed == now else {"name": signed["name"], "born": date.fromisoformat(signed["date_of_birth"])}


def history(actor: Actor, rx: Prescription) -> list[Entry]:
    """What happened to it, the newest first, with names. One statement."""
    return entries(events.of_prescription(rx.pk, actor.world_id))


def entries(rows: Iterable[Event]) -> list[Entry]:
    """These events, with their names, in words."""
    return [
        Entry(event_words(row.type), _who(row.person_name, row.account_name), row.created_at, row.version)  # type: ignore[attr-defined]
        for row in rows
    ]


def _who(*names: str | None) -> str:
    return ", ".join(dict.fromkeys(name for name in names if name))


def meanwhile(happened: Iterable[Entry], version: int | None) -> list[Entry]:
    """What somebody else did after the version that a refused form was about, the newest first."""
    return [entry for entry in happened if version and entry.version and entry.version > version]


def screen(request: PortalRequest, sheet: Sheet) -> dict[str, Any]:
    """The context of one prescription's screen, with its history."""
    return sheet_context(request, sheet) | {"history": history(request.actor, sheet.rx)}


def sheet_context(request: PortalRequest, sheet: Sheet) -> dict[str, Any]:
    """The same without its history."""
    rx = sheet.rx
    return {
        "sheet": sheet,
        "rx": rx,
        "lines": sheet.subject.lines,
        "rest": "remaining" if rx.status in OPEN or rx.status == Status.DISPENSED else "ended",
        "signed_for": signed_for(rx),
        "hold": sheet.subject.hold,
        "dispenses": sheet.dispenses,
        "too_early": rx.status in OPEN and rx.next_dispense_at is not None and request.now < rx.next_dispense_at,
        "not_dispensed_reason": reason_words(sheet.rx.status_reason),
        **banner(request, sheet.rx.patient),
    }
