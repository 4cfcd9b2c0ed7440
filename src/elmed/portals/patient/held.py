"""What ELMED holds on a patient, row by row, as plain values: for the file that the patient takes out.

What the doctor wrote to the pharmacist alone (`notes`) is not in it, as it is on no page of the patient's. Prescriptions
with all that belongs to them are held_prescriptions.py.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from elmed.access import sessions, visibility
from elmed.access.actors import Actor
from elmed.accounts.models import Person
from elmed.accounts.queries import account_names, person_names
from elmed.core import quantities
from elmed.core.clock import rfc3339
from elmed.events import queries as events
from elmed.notifications.mail import sent_to
from elmed.patients.claim import invitations_of
from elmed.patients.models import Consultation, Patient
from elmed.portals.patient.held_prescriptions import prescriptions
from elmed.portals.words import access_words, event_words

CHUNK = 200
PRESCRIPTION_COLUMNS = [
    "prescription", "signed", "doctor", "pharmacy", "status", "valid until", "medicine", "how to take it", "quantity", "unit",
    "remaining",
]  # fmt: skip
LOOK_COLUMNS = ["at", "person", "account", "by key", "what", "reason"]


def record(own: Patient) -> dict[str, Any]:
    """The record itself with its allergies, and so those that were merged into it."""
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
        "corrections": [
            {"at": rfc3339(one.created_at), "before": one.before, "reason": one.reason, "doctor": one.account.name}
            for one in own.corrections.select_related("account").order_by("pk")
        ],
        "created_at": rfc3339(own.created_at), "updated_at": rfc3339(own.updated_at),
        "merged_records": [record(one) for one in own.merged.order_by("pk")],
    }  # fmt: skip


def sign_in(person: Person, own: Patient, now: datetime) -> dict[str, Any]:
    """How the patient signs in and was invited, where they are signed in, and what was mailed to them."""
    ids = [own.pk, *own.merged.values_list("pk", flat=True)]
    return {
        "name": person.name, "email": person.email, "language": person.language, "created_at": rfc3339(person.created_at),
        "terms_accepted_at": rfc3339(person.terms_accepted_at) if person.terms_accepted_at else None,
        "signed_in": [
            {"since": rfc3339(one.created_at), "last_used": rfc3339(one.last_seen_at), "browser": one.user_agent, "address": one.ip}
            for one in sessions.of_person(person.pk, now)
        ],
        "invitations": [
            {
                "email": one.email, "doctor": one.doctor.name, "sent_at": rfc3339(one.created_at),
                "accepted_at": rfc3339(one.accepted_at) if one.accepted_at else None,
            }
            for one in invitations_of(ids)
        ],
        # Of the address that they sign in with: the record's may be anybody's.
        "mails": [
            {"about": one.template, "written_at": rfc3339(one.created_at), "sent_at": rfc3339(one.sent_at) if one.sent_at else None}
            for one in sent_to(person.email)
        ],
    }  # fmt: skip


def consultations(actor: Actor) -> Iterator[dict[str, Any]]:
    """Each consultation, the oldest first."""
    rows = visibility.visible(actor, Consultation).select_related("doctor").order_by("pk")
    for row in rows.iterator(chunk_size=CHUNK):
        yield {
            "id": row.pk, "held_at": rfc3339(row.held_at), "doctor": row.doctor.name, "identity_check": row.identity_check,
            "summary": row.summary,
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
            "words": event_words(row.type),
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
