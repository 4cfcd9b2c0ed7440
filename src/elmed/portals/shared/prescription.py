"""What every portal shows of one prescription: the sheet, its history in words, the patient's banner.

Called by the views of doctor/, pharmacy/ and patient/; the rows come from prescriptions/queries.py.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from elmed.access.actors import Actor
from elmed.accounts.queries import account_names, person_names
from elmed.events import queries as events
from elmed.patients.models import Patient
from elmed.portals.page import PortalRequest
from elmed.portals.words import event_words
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.queries import Sheet
from elmed.prescriptions.vocabulary import NOT_DISPENSED_REASONS, OPEN


class Entry(NamedTuple):
    """One line of a history."""

    words: str
    who: str
    at: Any


def age(born: date, today: date) -> int:
    """Completed years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def banner(request: PortalRequest, patient: Patient) -> dict[str, Any]:
    """What the patient's banner needs. One statement."""
    today = jurisdiction().day(request.now)
    allergies = sorted(patient.allergies.all(), key=lambda one: one.pk)  # fetched already, where the page needed them
    return {"patient": patient, "age": age(patient.date_of_birth, today), "allergies": allergies}


def history(actor: Actor, rx: Prescription) -> list[Entry]:
    """What happened to it, the newest first, with names. Three statements."""
    rows = events.of_prescription(rx.pk, actor.world_id)
    accounts, people = _names(rows)
    return [
        Entry(event_words(row.type), _who(row.actor_person_id, row.actor_account_id, accounts, people), row.created_at)
        for row in rows
    ]


def _names(rows: Iterable[Any]) -> tuple[dict[int, str], dict[int, str]]:
    rows = list(rows)
    return account_names(row.actor_account_id for row in rows), person_names(row.actor_person_id for row in rows)


def _who(person: int | None, account: int | None, accounts: dict[int, str], people: dict[int, str]) -> str:
    names = [people.get(person or 0, ""), accounts.get(account or 0, "")]
    return ", ".join(dict.fromkeys(name for name in names if name))


def screen(request: PortalRequest, sheet: Sheet) -> dict[str, Any]:
    """The context of one prescription's screen."""
    rx = sheet.rx
    return {
        "sheet": sheet,
        "rx": rx,
        "lines": sheet.subject.lines,
        "hold": sheet.subject.hold,
        "dispenses": sheet.dispenses,
        "history": history(request.actor, sheet.rx),
        "too_early": rx.status in OPEN and rx.next_dispense_at is not None and request.now < rx.next_dispense_at,
        "not_dispensed_reason": NOT_DISPENSED_REASONS.get(sheet.rx.status_reason, sheet.rx.status_reason),
        **banner(request, sheet.rx.patient),
    }
