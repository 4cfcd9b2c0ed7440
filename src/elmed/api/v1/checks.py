"""The shopper's proof at a web shop: check a basket against it, keep what is in it, or bring it to this pharmacy.

The proof is looked at first, outside the act's transaction: a wrong try counts whatever becomes of the request.
Answers name SKUs and lines, nothing medical.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from django.db import transaction
from django.http import HttpResponse
from pydantic import AfterValidator, Field

from elmed.access import policy
from elmed.access.permissions import Permission
from elmed.api.bodies import Body, Packs, Sku, parse_day
from elmed.api.endpoint import Call, endpoint
from elmed.api.idempotency import once, written
from elmed.api.v1.products import PACKS_SCHEMA
from elmed.api.v1.shapes import PUBLIC_STATUSES
from elmed.core import quantities
from elmed.core.clock import rfc3339
from elmed.events.record import record_access
from elmed.prescriptions.actions.bring import bring_proven
from elmed.prescriptions.actions.check import Asked, CheckedLine, Reason, check
from elmed.prescriptions.actions.proof import prove


def worded(meanings: Mapping[Any, str]) -> str:
    """A closed list with what its words mean, for the description of a member."""
    return "; ".join(f"`{word.value}`: {meaning}" for word, meaning in meanings.items()) + "."


REASONS: dict[Reason, str] = {
    Reason.NOT_COVERED: "the prescription does not name this product, or there is no such SKU",
    Reason.TOO_MUCH: "more than is left to be supplied",
    Reason.AWAITING_PHARMACIST: "the pharmacist has not checked it yet: it can be kept, not sent",
    Reason.NOT_ROUTED_HERE: "another pharmacy holds it, or none does",
    Reason.ALREADY_DISPENSED: "it was supplied",
    Reason.RESERVED: "what is left is kept for somebody else",
    Reason.TOO_EARLY: "its validity, or the next repeat's interval, has yet to come",
    Reason.EXPIRED: "its validity has ended",
    Reason.NOT_ACTIVE: "it has ended otherwise, or cannot be supplied now",
    Reason.NOT_ONLINE: "controlled medicines are not sold online",
    Reason.UNIT_MISMATCH: "product and prescription count in different units",
}
CHECKED_LINES: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "sku": {"type": "string"},
            "quantity": PACKS_SCHEMA,
            "medication_id": {
                "type": ["integer", "null"],
                "description": "The prescription's line that it is of; null where it is of none.",
            },
            "ok": {"type": "boolean", "description": "Whether it may be sold now."},
            "reason": {"enum": [*(reason.value for reason in Reason), None], "description": worded(REASONS)},
        },
        "required": ["sku", "quantity", "medication_id", "ok", "reason"],
    },
}
CHECK_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "prescription_id": {"type": "integer"},
        "lines": CHECKED_LINES,
        "reservation_id": {
            "type": ["integer", "null"],
            "description": "What keeps all the lines; null where not asked for, or where one of them cannot be kept.",
        },
        "reserved_until": {"type": ["string", "null"], "format": "date-time"},
    },
    "required": ["prescription_id", "lines", "reservation_id", "reserved_until"],
}
ROUTE_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "prescription_id": {"type": "integer"},
        "status": {"type": "string", "enum": PUBLIC_STATUSES},
        "version": {"type": "integer", "description": "For `If-Match`."},
    },
    "required": ["prescription_id", "status", "version"],
}
PROOF_CODES = ("no_matching_prescription", "reference_locked", "checks_paused")
ONCE_CODES = ("request_in_progress", "idempotency_key_reused")


class ProofBody(Body):
    """What the shopper shows."""

    reference: str = Field(description="As the patient has it, however it is written.", examples=["6J2S-AYCT-TGQD"])
    date_of_birth: Annotated[str, AfterValidator(parse_day)] = Field(
        description="The patient's, `YYYY-MM-DD`.", examples=["1961-02-03"]
    )


class CheckedLineBody(Body):
    """So many packs of one product of the basket."""

    sku: Sku
    quantity: Packs


class CheckBody(ProofBody):
    """The proof, the basket's prescription items, and whether to keep them for the order."""

    lines: Annotated[list[CheckedLineBody], Field(min_length=1, max_length=100)]
    reserve: bool = Field(
        False, description="Keep all the lines, or none, for 15 minutes. Needs `rx:dispense` or `shop`."
    )


@endpoint(
    "POST", "/prescriptions/check", permission=Permission.CHECK_PROOF, body=CheckBody, answer=CHECK_ANSWER, tag="Shop",
    codes=(*PROOF_CODES, *ONCE_CODES),
)  # fmt: skip
def check_prescription(call: Call) -> HttpResponse:
    """Check a basket against the prescription that reference and date of birth open, and keep it if asked."""
    body = call.body(CheckBody)
    if body.reserve:
        policy.require(call.actor, Permission.RESERVE)
    prescription_id = _proven(call, body, Permission.CHECK_PROOF, "prescription.check")
    asked = [Asked(line.sku, quantities.parse(line.quantity)) for line in body.lines]

    def act() -> str:
        found = check(call.actor, prescription_id, asked, reserve=body.reserve, now=call.now)
        kept = found.reservation
        answer = {
            "prescription_id": found.prescription_id,
            "lines": checked_lines(found.lines),
            "reservation_id": kept and kept.pk,
            "reserved_until": kept and rfc3339(kept.reserved_until),
        }
        return json.dumps(answer, ensure_ascii=False)

    if not body.reserve:  # a look, which is answered anew each time
        return written(call, act)
    return once(call, act, replayed=lambda: None, shown=lambda text: text)


@endpoint(
    "POST", "/prescriptions/route", permission=Permission.ROUTE, body=ProofBody, answer=ROUTE_ANSWER, tag="Shop",
    codes=(*PROOF_CODES, "held_elsewhere", "invalid_status", "expired", "not_a_party", "version_conflict", *ONCE_CODES),
)  # fmt: skip
def route_prescription(call: Call) -> HttpResponse:
    """Bring an issued prescription to your pharmacy's queue; one that is there already stays as it is."""
    prescription_id = _proven(call, call.body(ProofBody), Permission.ROUTE, "prescription.route")

    def act() -> str:
        rx = bring_proven(call.actor, prescription_id, now=call.now, expected_version=call.expected_version)
        return json.dumps({"prescription_id": rx.pk, "status": rx.status, "version": rx.version})

    return once(call, act, replayed=lambda: None, shown=lambda text: text)


def _proven(call: Call, body: ProofBody, permission: Permission, action: str) -> int:
    """The prescription that the proof opens; from then on its patient's data are being looked at, whatever comes of it."""
    born = date.fromisoformat(body.date_of_birth)
    rx = prove(call.actor, reference=body.reference, date_of_birth=born, permission=permission)
    with transaction.atomic():
        record_access(call.actor, action, patient_ids=[rx.patient_id])
    return rx.pk


def checked_lines(lines: Sequence[CheckedLine]) -> list[dict[str, Any]]:
    """The lines of a check or of a reservation, as both show them."""
    return [
        {
            "sku": line.sku,
            "quantity": quantities.text(line.packs_milli),
            "medication_id": line.medication_id,
            "ok": line.ok,
            "reason": line.reason,
        }
        for line in lines
    ]
