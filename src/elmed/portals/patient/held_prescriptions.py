"""A patient's prescriptions with all that belongs to them, as plain values: for the file that the patient takes out.

Read in chunks, so that neither memory nor the number of statements grows with the record. Why ELMED's staff paused one
for fraud is about somebody else, and stays out; that they did is in it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from elmed.access import visibility
from elmed.access.actors import Actor
from elmed.core import quantities
from elmed.core.clock import rfc3339
from elmed.events import queries as events
from elmed.portals.words import event_words
from elmed.prescriptions.models import Dispense, Prescription, Reservation
from elmed.prescriptions.vocabulary import HoldKind

CHUNK = 200


def prescriptions(actor: Actor) -> Iterator[dict[str, Any]]:
    """Each signed prescription, the oldest first."""
    rows = visibility.visible(actor, Prescription).select_related("prescriber", "pharmacy").order_by("pk")
    given = visibility.visible(actor, Dispense).select_related("pharmacy", "person", "key", "reversal").order_by("pk")
    rows = rows.prefetch_related(
        "lines__closures", "warning_answers", "holds", Prefetch("dispenses", given), "dispenses__lines__line",
        "reservations__pharmacy", "reservations__lines__line",
    )  # fmt: skip
    chunk: list[Prescription] = []
    for rx in rows.iterator(chunk_size=CHUNK):
        chunk.append(rx)
        if len(chunk) == CHUNK:
            yield from _told(actor, chunk)
            chunk = []
    yield from _told(actor, chunk)


def _told(actor: Actor, chunk: list[Prescription]) -> Iterator[dict[str, Any]]:
    happened: dict[int, list[dict[str, Any]]] = {}
    for row in events.of_prescriptions([rx.pk for rx in chunk], actor.world_id):
        who = ", ".join(dict.fromkeys(filter(None, (row.person_name, row.account_name))))  # type: ignore[attr-defined]
        entry = {"at": rfc3339(row.created_at), "what": event_words(row.type), "type": row.type, "who": who or None}
        happened.setdefault(row.prescription_id or 0, []).append(entry)
    for rx in chunk:
        yield _prescription(rx) | {"history": happened.get(rx.pk, [])}


def _moment(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None


def _prescription(rx: Prescription) -> dict[str, Any]:
    return {
        "id": rx.pk, "reference": rx.reference, "status": rx.status,
        "status_reason": None if any(row.kind == HoldKind.FRAUD and row.ended_at is None for row in rx.holds.all()) else rx.status_reason,
        "issued_at": _moment(rx.issued_at), "ended_at": _moment(rx.ended_at), "doctor": rx.prescriber.name,
        "pharmacy": rx.pharmacy.name if rx.pharmacy else None, "diagnosis": rx.diagnosis,
        "valid_from": rx.valid_from.isoformat(), "valid_until": rx.valid_until.isoformat(),
        "repeats_allowed": rx.repeats_allowed, "next_dispense_at": _moment(rx.next_dispense_at),
        "is_controlled": rx.is_controlled, "replaces": rx.replaces_id,
        "medications": [_line(line) for line in rx.lines.all()],
        "warnings": [
            {
                "line": row.position, "warning": row.message, "demonstration_data": row.demonstration,
                "why_kept": row.why, "words": row.reason,
            }
            for row in rx.warning_answers.all()
        ],
        "pauses": [_pause(row) for row in rx.holds.all()],
        "supplies": [_supply(row) for row in rx.dispenses.all()],
        "kept_for_web_shops": [_reservation(row) for row in rx.reservations.all()],
    }  # fmt: skip


def _line(line: Any) -> dict[str, Any]:
    return {
        "text": line.medication_text, "code": line.medication_code, "system": line.medication_system,
        "strength": line.strength, "form": line.form, "route": line.route, "how_to_take_it": line.dosage_text,
        "demonstration_data": line.demonstration,
        "quantity": quantities.text(line.quantity_milli), "remaining": quantities.text(line.remaining_milli), "unit": line.unit,
        "days_supply": line.days_supply, "substitution_allowed": line.substitution_allowed,
        "substitution_reason": line.substitution_reason,
        "given_up": [
            {"quantity": quantities.text(row.quantity_milli), "reason": row.reason, "at": rfc3339(row.created_at)}
            for row in line.closures.all()
        ],
    }  # fmt: skip


def _pause(row: Any) -> dict[str, Any]:
    told = {"kind": row.kind, "placed_at": rfc3339(row.placed_at), "ended_at": _moment(row.ended_at)}
    if row.kind == HoldKind.FRAUD:
        return told
    return told | {"reason": row.reason, "question": row.question, "answer": row.answer}


def _supply(row: Any) -> dict[str, Any]:
    reversal = getattr(row, "reversal", None)
    return {
        "handed_over_at": rfc3339(row.handed_over_at), "recorded_at": rfc3339(row.created_at), "pharmacy": row.pharmacy.name,
        "by": row.person.name if row.person else None, "by_key": row.key_id is not None, "receiver": row.receiver,
        "order": row.external_reference, "note": row.note, "taken_back": row.fully_reversed,
        "taken_back_at": _moment(reversal.created_at) if reversal else None,
        "taken_back_why": reversal.reason_code if reversal else None,
        "lines": [
            {
                "text": given.line.medication_text, "quantity": quantities.text(given.quantity_milli), "unit": given.line.unit,
                "demonstration_data": given.line.demonstration, "taken_back": quantities.text(given.reversed_milli),
                "product": given.product_sku,
                "batch_number": given.batch_number, "expiry_date": given.expiry_date.isoformat() if given.expiry_date else None,
                "substituted": given.substituted, "substitution_reason": given.substitution_reason,
            }
            for given in row.lines.all()
        ],
    }  # fmt: skip


def _reservation(row: Reservation) -> dict[str, Any]:
    return {
        "pharmacy": row.pharmacy.name, "order": row.external_reference, "made_at": rfc3339(row.created_at),
        "kept_until": rfc3339(row.reserved_until), "used_at": _moment(row.used_at), "freed_at": _moment(row.freed_at),
        "freed_because": row.freed_reason or None,
        "lines": [
            {"text": one.line.medication_text, "quantity": quantities.text(one.quantity_milli), "unit": one.line.unit}
            for one in row.lines.all()
        ],
    }  # fmt: skip
