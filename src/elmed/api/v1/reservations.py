"""Reservations: how a shop's order stands, confirm it when it is placed, give it back when it is off.

Made by a check (checks.py), used by a dispense (prescriptions.py). Answers name SKUs and lines, nothing medical.
"""

import json
from typing import Any

from django.http import HttpResponse
from pydantic import Field

from elmed.access.permissions import Permission
from elmed.access.visibility import get
from elmed.api.bodies import Body, ShortText
from elmed.api.endpoint import Call, endpoint
from elmed.api.idempotency import once, written
from elmed.api.v1.checks import CHECKED_LINES, ONCE_CODES, checked_lines, worded
from elmed.core.clock import rfc3339
from elmed.events.record import record_access
from elmed.prescriptions.actions.check import Reason
from elmed.prescriptions.actions.reservations import Looked, State, confirm, look, release
from elmed.prescriptions.models import Freed, Reservation

ANSWER: dict[str, Any] = {"$ref": "#/components/schemas/Reservation"}
STATES = {
    State.WAITING: "nothing may be sent yet; `reason` says why, as in a check",
    State.READY: "may be sent",
    State.USED: "dispensed",
    State.FREED: "keeps nothing any more; `reason` says why",
}
FREED = {
    Freed.TIMED_OUT: "its time was over",
    Freed.RELEASED: "the shop gave it back",
    Freed.FREED_BY_PHARMACY: "the pharmacy needed it",
    Freed.ENDED: "the prescription ended",
    Freed.RETURNED: "the pharmacy gave the prescription back",
    Freed.MOVED: "the prescription went to another pharmacy",
    Freed.ISSUE_CHANGED: "a supply was taken back, and with it this repeat",
}
_REASONS = sorted({*(reason.value for reason in Reason), *Freed.values})
SCHEMAS: dict[str, Any] = {
    "Reservation": {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "state": {
                "type": "string",
                "enum": [state.value for state in State],
                "description": worded(STATES),
            },
            "reason": {"enum": [*_REASONS, None], "description": f"Where it is freed: {worded(FREED)}"},
            "reserved_until": {"type": "string", "format": "date-time"},
            "prescription_id": {"type": "integer"},
            "lines": CHECKED_LINES,
        },
        "required": ["id", "state", "reason", "reserved_until", "prescription_id", "lines"],
    }
}


@endpoint(
    "GET", "/reservations/{id}", permission=Permission.RESERVATION_READ, answer=ANSWER, tag="Shop",
)  # fmt: skip
def read_reservation(call: Call) -> HttpResponse:
    """Read how a reservation stands: whether the pharmacist has checked it, and until when it is kept."""
    found = look(call.actor, call.id("id", "reservation"), now=call.now)
    return HttpResponse(_shown(call, found, "reservation.read"), content_type="application/json")


class ConfirmBody(Body):
    """Which order it is kept for."""

    external_reference: ShortText = Field(description="Your own number: the order's.", examples=["1042"])


@endpoint(
    "POST", "/reservations/{id}/confirm", permission=Permission.RESERVE, body=ConfirmBody, answer=ANSWER, tag="Shop",
    codes=("reservation_used", "reservation_freed", "reservation_confirmed", *ONCE_CODES),
)  # fmt: skip
def confirm_reservation(call: Call) -> HttpResponse:
    """Keep it for a placed order: until it is dispensed or freed, 14 days at most and never past the validity."""
    actor, number = call.actor, call.id("id", "reservation")
    patient_id = get(actor, Reservation, number).prescription.patient_id
    reference = call.body(ConfirmBody).external_reference

    def act() -> str:
        found = confirm(actor, number, external_reference=reference, now=call.now)
        return _shown(call, found, "reservation.confirm")

    return once(
        call,
        act,
        replayed=lambda: record_access(actor, "reservation.confirm", patient_ids=[patient_id]),
        shown=lambda text: text,
    )


@endpoint(
    "DELETE", "/reservations/{id}", permission=Permission.RESERVE, answer={}, tag="Shop", codes=("reservation_used",),
)  # fmt: skip
def release_reservation(call: Call) -> HttpResponse:
    """Give it back, because the order is off; one that keeps nothing any more stays so."""
    number = call.id("id", "reservation")

    def act() -> None:
        release(call.actor, number, now=call.now)

    return written(call, act)


def _shown(call: Call, found: Looked, action: str) -> str:
    """Its JSON text, with the access record of this look."""
    record_access(call.actor, action, patient_ids=[found.patient_id])
    row = found.reservation
    body = {
        "id": row.pk,
        "state": found.state,
        "reason": found.reason,
        "reserved_until": rfc3339(row.reserved_until),
        "prescription_id": row.prescription_id,
        "lines": checked_lines(found.lines),
    }
    return json.dumps(body, ensure_ascii=False)
