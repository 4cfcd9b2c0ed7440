"""What ELMED holds on a patient, row by row, as plain values: for the file that the patient takes out.

What the doctor wrote to the pharmacist alone (`notes`) is not in it, as it is on no page of the patient's.
"""

from collections.abc import Iterator
from typing import Any

from elmed.access import visibility
from elmed.access.actors import Actor
from elmed.accounts.queries import account_names, person_names
from elmed.core import quantities
from elmed.core.clock import rfc3339
from elmed.events import queries as events
from elmed.patients.models import Consultation, Patient
from elmed.portals.words import access_words
from elmed.prescriptions.models import Dispense, Prescription

CHUNK = 200
PRESCRIPTION_COLUMNS = [
    "prescription", "signed", "doctor", "pharmacy", "status", "valid until", "medicine", "how to take it", "quantity", "unit",
    "remaining",
]  # fmt: skip
LOOK_COLUMNS = ["at", "person", "account", "by key", "what", "reason"]


def record(own: Patient) -> dict[str, Any]:
    """The record itself, with its allergies and the numbers of those that were merged into it."""
    weight = quantities.text(own.weight_milli) if own.weight_milli else None
    return {
        "id": own.pk, "family_name": own.family_name, "given_name": own.given_name, "date_of_birth": own.date_of_birth.isoformat(),
        "sex": own.sex, "health_number": own.health_number, "phone": own.phone, "email": own.email, "address": own.address,
        "weight_kg": weight, "weighed_on": own.weighed_on.isoformat() if own.weighed_on else None,
        "allergy_status": own.allergy_status,
        "allergies": [
            {"substance": one.substance, "reaction": one.reaction, "recorded_at": rfc3339(one.created_at)}
            for one in own.allergies.order_by("pk")
        ],
        "created_at": rfc3339(own.created_at), "updated_at": rfc3339(own.updated_at),
        "merged_records": sorted(own.merged.values_list("pk", flat=True)),
    }  # fmt: skip


def consultations(actor: Actor) -> Iterator[dict[str, Any]]:
    """Each consultation, the oldest first."""
    rows = visibility.visible(actor, Consultation).select_related("doctor").order_by("pk")
    for row in rows.iterator(chunk_size=CHUNK):
        yield {
            "id": row.pk, "held_at": rfc3339(row.held_at), "doctor": row.doctor.name, "identity_check": row.identity_check,
            "summary": row.summary,
        }  # fmt: skip


def prescriptions(actor: Actor) -> Iterator[dict[str, Any]]:
    """Each signed prescription with its lines and supplies, the oldest first."""
    rows = visibility.visible(actor, Prescription).select_related("prescriber", "pharmacy").order_by("pk")
    for rx in rows.prefetch_related("lines").iterator(chunk_size=CHUNK):
        yield {
            "id": rx.pk, "reference": rx.reference, "status": rx.status, "status_reason": rx.status_reason,
            "issued_at": rfc3339(rx.issued_at) if rx.issued_at else None, "doctor": rx.prescriber.name,
            "pharmacy": rx.pharmacy.name if rx.pharmacy else None, "diagnosis": rx.diagnosis,
            "valid_from": rx.valid_from.isoformat(), "valid_until": rx.valid_until.isoformat(),
            "repeats_allowed": rx.repeats_allowed, "medications": [_line(line) for line in rx.lines.all()],
            "supplies": _supplies(actor, rx),
        }  # fmt: skip


def prescription_rows(actor: Actor) -> Iterator[list[Any]]:
    """One row a line, for the table."""
    for rx in prescriptions(actor):
        for line in rx["medications"]:
            yield [
                rx["id"], rx["issued_at"], rx["doctor"], rx["pharmacy"], rx["status"], rx["valid_until"], line["text"],
                line["how_to_take_it"], line["quantity"], line["unit"], line["remaining"],
            ]  # fmt: skip


def looks(actor: Actor, own: Patient) -> Iterator[dict[str, Any]]:
    """Each request that read the record, the newest first."""
    rows = events.accesses_of([own.pk, *own.merged.values_list("pk", flat=True)], actor.world_id)
    chunk: list[Any] = []
    for row in rows.iterator(chunk_size=CHUNK):
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield from _named(chunk)
            chunk = []
    yield from _named(chunk)


def changes(actor: Actor) -> Iterator[dict[str, Any]]:
    """What happened to the patient's account and was told to it, the oldest first: ids and codes only."""
    for row in events.listed_for(actor.acting_account_id, actor.world_id).iterator(chunk_size=CHUNK):
        yield {
            "at": rfc3339(row.created_at),
            "type": row.type,
            "prescription_id": row.prescription_id,
            "data": row.data,
        }


def _named(rows: list[Any]) -> Iterator[dict[str, Any]]:
    accounts = account_names(row.actor_account_id for row in rows)
    people = person_names(row.actor_person_id for row in rows)
    for row in rows:
        yield {
            "at": rfc3339(row.created_at), "person": people.get(row.actor_person_id or 0),
            "account": accounts.get(row.actor_account_id or 0),
            "by_key": row.actor_key_id is not None, "what": access_words(row.action), "reason": row.reason,
        }  # fmt: skip


def _line(line: Any) -> dict[str, Any]:
    return {
        "text": line.medication_text, "code": line.medication_code, "system": line.medication_system,
        "strength": line.strength, "form": line.form, "route": line.route, "how_to_take_it": line.dosage_text,
        "quantity": quantities.text(line.quantity_milli), "remaining": quantities.text(line.remaining_milli), "unit": line.unit,
        "days_supply": line.days_supply,
    }  # fmt: skip


def _supplies(actor: Actor, rx: Prescription) -> list[dict[str, Any]]:
    rows = visibility.visible(actor, Dispense).filter(prescription=rx).select_related("pharmacy").order_by("pk")
    return [
        {
            "handed_over_at": rfc3339(row.handed_over_at), "pharmacy": row.pharmacy.name, "receiver": row.receiver,
            "taken_back": row.fully_reversed,
            "lines": [
                {
                    "text": given.line.medication_text, "quantity": quantities.text(given.quantity_milli), "unit": given.line.unit,
                    "batch_number": given.batch_number, "expiry_date": given.expiry_date.isoformat() if given.expiry_date else None,
                }
                for given in row.lines.all()
            ],
        }
        for row in rows.prefetch_related("lines__line")
    ]  # fmt: skip
