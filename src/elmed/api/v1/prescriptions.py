"""Prescriptions: list, read, dispense. Reads hand the database's JSON through; dispensing calls the act."""

import json
from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpResponse
from pydantic import AfterValidator, Field

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import get
from elmed.api import cursors
from elmed.api.bodies import Body, Digits, Id, Moment, PageQuery, Quantity, ShortText, Text, parse_day
from elmed.api.conditions import versioned
from elmed.api.cursors import SETTLED
from elmed.api.endpoint import Call, endpoint
from elmed.api.idempotency import once
from elmed.api.v1 import dispense_read, prescription_read
from elmed.api.v1.expand import ExpandQuery, expanded
from elmed.api.v1.shapes import ALLOWED_ACTIONS_SCHEMA, DISPENSE, PRESCRIPTION, PUBLIC_STATUSES
from elmed.core import quantities
from elmed.core.refusals import Invalid, NotVisible
from elmed.events.record import record_access
from elmed.prescriptions import reference
from elmed.prescriptions.actions.dispense import dispense as dispense_act
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.models import Prescription


def full_schema(*, listed_only: bool = False) -> dict[str, Any]:
    """A prescription's schema as the API answers it."""
    schema = PRESCRIPTION.schema(listed_only=listed_only)
    properties = {**schema["properties"], "allowed_actions": ALLOWED_ACTIONS_SCHEMA}
    properties["patient"] = {
        "anyOf": [properties["patient"], {"$ref": "#/components/schemas/Patient"}],
        "description": "The whole profile with `expand=patient`.",
    }
    required = list(properties)
    if listed_only:
        properties["dispenses"] = {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Dispense"},
            "description": "With `expand=dispenses`.",
        }
    return {**schema, "properties": properties, "required": required}


LIST_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "data": {"type": "array", "items": {"$ref": "#/components/schemas/PrescriptionListItem"}},
        "has_more": {"type": "boolean"},
        "next_cursor": {"type": ["string", "null"]},
    },
    "required": ["data", "has_more", "next_cursor"],
}
READ_ANSWER = {"$ref": "#/components/schemas/Prescription"}
DISPENSE_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "prescription": {
            "anyOf": [
                {"$ref": "#/components/schemas/Prescription"},
                {"$ref": "#/components/schemas/PrescriptionState"},
                {"type": "null"},
            ],
            "description": "Only its state to a key without `rx:read`; null where the reversal took the last reason "
            "for which this pharmacy saw it.",
        },
        "dispense": {"$ref": "#/components/schemas/Dispense"},
    },
    "required": ["prescription", "dispense"],
}
STATE_MEMBERS = ("id", "status", "version")
SCHEMAS = {
    "Prescription": full_schema(),
    "PrescriptionListItem": full_schema(listed_only=True),
    "PrescriptionState": {
        "type": "object",
        "properties": {name: PRESCRIPTION.schema()["properties"][name] for name in STATE_MEMBERS},
        "required": list(STATE_MEMBERS),
    },
    "Dispense": DISPENSE.schema(),
}


def _public_status(text: str) -> str:
    if text not in PUBLIC_STATUSES:
        raise ValueError(f"One of: {', '.join(PUBLIC_STATUSES)}.")
    return text


class ListQuery(PageQuery, ExpandQuery):
    """The list's parameters."""

    status: tuple[Annotated[str, AfterValidator(_public_status)], ...] = Field(
        (), description="Only these statuses; may be repeated."
    )
    patient_id: Annotated[Id, Digits] | None = Field(None, description="Only this patient's.")
    reference: Text | None = Field(None, description="Only the one with this reference.")


@endpoint(
    "GET", "/prescriptions", permission=Permission.PRESCRIPTION_READ, query=ListQuery, answer=LIST_ANSWER,
    tag="Prescriptions", codes=("invalid_cursor",),
)  # fmt: skip
def list_prescriptions(call: Call) -> HttpResponse:
    """List the prescriptions linked to your account, newest first; with `updated_since`, oldest change first."""
    query = call.params(ListQuery)
    wanted = query.wanted(call.actor)
    conditions, params = _filters(query)
    by_change = query.updated_since is not None
    order = "p.updated_at, p.id" if by_change else "p.id DESC"
    if by_change:
        conditions += ["p.updated_at >= %(since)s", "p.updated_at <= %(settled)s"]
        params["since"] = prescription_read.stored(query.updated_since)  # type: ignore[arg-type]
        params["settled"] = prescription_read.stored(call.now - SETTLED)
    owner = (
        f"{call.actor.account_id}/{call.actor.world_id}/{query.model_dump_json(exclude={'cursor', 'limit', 'expand'})}"
    )
    if query.cursor is not None:
        _continue(cursors.read(query.cursor, owner=owner), by_change=by_change, conditions=conditions, params=params)
    page = prescription_read.many(
        call.actor, " AND ".join(conditions) or "1 = 1", params, order=order, limit=query.limit, now=call.now
    )
    following = "null"
    if page.has_more:
        last = page.rows[-1]
        position = [str(prescription_read.moment(last.updated_at)), last.id] if by_change else [last.id]
        following = f'"{cursors.make(owner=owner, position=position)}"'
    more = "true" if page.has_more else "false"
    data = prescription_read.texts_json(expanded(call.actor, wanted, page.rows, page.texts))
    text = f'{{"data": {data}, "has_more": {more}, "next_cursor": {following}}}'
    return HttpResponse(text, content_type="application/json")


def _filters(query: ListQuery) -> tuple[list[str], dict[str, Any]]:
    conditions: list[str] = []
    params: dict[str, Any] = {}
    if query.status:
        statuses = sorted(set(query.status))
        params |= {f"status_{number}": status for number, status in enumerate(statuses)}
        conditions.append(f"p.status IN ({', '.join(f'%(status_{number})s' for number in range(len(statuses)))})")
    if query.patient_id is not None:
        conditions.append(prescription_read.OF_PATIENT)
        params["patient"] = query.patient_id
    if query.reference is not None:
        conditions.append("p.reference = %(reference)s")
        params["reference"] = reference.canonical(query.reference) or ""
    return conditions, params


def _continue(position: list[Any], *, by_change: bool, conditions: list[str], params: dict[str, Any]) -> None:
    """Go on after the cursor's position."""
    if by_change:
        conditions.append("(p.updated_at, p.id) > (%(after_change)s, %(after)s)")
        params["after_change"] = prescription_read.stored(datetime.fromisoformat(position[0]))
    else:
        conditions.append("p.id < %(after)s")
    params["after"] = position[-1]


@endpoint(
    "GET", "/prescriptions/{id}", permission=Permission.PRESCRIPTION_READ, query=ExpandQuery, answer=READ_ANSWER,
    tag="Prescriptions", tagged=True,
)  # fmt: skip
def read_prescription(call: Call) -> HttpResponse:
    """Read one prescription in full: medications, diagnosis, dispenses and current status."""
    wanted = call.params(ExpandQuery).wanted(call.actor)
    prescription_id = call.id("id", "prescription")
    found = prescription_read.one(call.actor, prescription_id, now=call.now, action="prescription.read")
    if found is None:
        raise NotVisible("prescription")
    row, text = found
    return versioned(call.request, row.version, expanded(call.actor, wanted, [row], [text])[0])


class SupplyLineBody(Body):
    """How much of one line left."""

    medication_id: Id = Field(description="The line's `id`.")
    quantity: Quantity
    product_sku: Annotated[ShortText, Field(max_length=80)] | None = None
    batch_number: Annotated[ShortText, Field(max_length=40)] | None = None
    expiry_date: Annotated[str, AfterValidator(parse_day)] | None = Field(None, description="`YYYY-MM-DD`")
    substituted: bool = False
    substitution_reason: Annotated[Text, Field(max_length=300)] | None = None


class DispenseBody(Body):
    """A supply. Without `lines`: what the reservation keeps, or else all that remains and is not reserved by others."""

    lines: Annotated[list[SupplyLineBody], Field(min_length=1, max_length=100)] | None = None
    reservation_id: Id | None = Field(
        None, description="The reservation that it ends. A key with `shop` alone needs one."
    )
    external_reference: ShortText | None = Field(None, description="Your own number, such as the order's.")
    handed_over_at: Moment | None = Field(None, description="Now, if absent.")
    receiver: ShortText | None = None
    note: Annotated[Text, Field(max_length=500)] | None = None


@endpoint(
    "POST", "/prescriptions/{id}/dispense", permission=Permission.DISPENSE, body=DispenseBody, answer=DISPENSE_ANSWER,
    tag="Prescriptions",
    codes=(
        "invalid_status", "quantity_unavailable", "too_early", "expired", "not_yet_valid", "not_a_party", "controlled_portal_only",
        "substitution_not_allowed", "batch_expired", "external_reference_used", "signature_invalid", "version_conflict",
        "not_dispensable", "reported_too_late", "predecessor_open", "replaced", "batch_recalled", "reservation_used",
        "reservation_freed", "outside_reservation", "request_in_progress", "idempotency_key_reused",
    ),
)  # fmt: skip
def dispense(call: Call) -> HttpResponse:
    """Mark a prescription as dispensed: all that remains, what a reservation keeps, or these lines."""
    actor = call.actor
    rx_id = call.id("id", "prescription")
    try:
        what = _supply(call.body(DispenseBody))
    except Invalid:
        get(actor, Prescription, rx_id)  # what is not visible is a 404, whatever the body says
        raise
    if (
        call.idempotency_key is not None or call.dry_run
    ):  # `replayed` looks at the patient's data without the act: may it?
        if what.reservation_id is None:
            policy.require(actor, Permission.DISPENSE_UNRESERVED)
        rx = get(actor, Prescription, rx_id)

    def act() -> str:
        made = dispense_act(actor, rx_id, what, source="api", now=call.now, expected_version=call.expected_version)
        return answer(call, rx_id, made.pk, action="prescription.dispense")

    return once(
        call,
        act,
        replayed=lambda: record_access(actor, "prescription.dispense", patient_ids=[rx.patient_id]),
        shown=lambda text: shown(actor, text),
    )


def answer(call: Call, prescription_id: int, dispense_id: int, *, action: str) -> str:
    """What dispensing and reversing answer: both documents as they are now."""
    found = prescription_read.one(call.actor, prescription_id, now=call.now, action=action)
    dispensed = dispense_read.one(call.actor, dispense_id)
    if found is None:
        # A pharmacy that no longer holds it and whose only supply is void does not see it any more.
        return f'{{"prescription": null, "dispense": {dispensed}}}'
    return f'{{"prescription": {found[1]}, "dispense": {dispensed}}}'


def shown(actor: Actor, text: str) -> str:
    """The answer as this key may read it: without `rx:read` the prescription is its state alone."""
    if Permission.PRESCRIPTION_READ in actor.permissions:
        return text
    whole = json.loads(text)
    if whole["prescription"] is not None:
        whole["prescription"] = {name: whole["prescription"][name] for name in STATE_MEMBERS}
    return json.dumps(whole, ensure_ascii=False)


def _supply(body: DispenseBody) -> Supply:
    if "lines" in body.model_fields_set and body.lines is None:
        raise Invalid.field("/lines", "null", "Leave `lines` out to dispense all that remains.")
    lines = tuple(
        SupplyLine(
            medication_id=line.medication_id,
            quantity_milli=quantities.parse(line.quantity),
            product_sku=line.product_sku,
            batch_number=line.batch_number,
            expiry_date=date.fromisoformat(line.expiry_date) if line.expiry_date else None,
            substituted=line.substituted,
            substitution_reason=line.substitution_reason or "",
        )
        for line in body.lines or ()
    )
    return Supply(
        lines=lines or None,
        reservation_id=body.reservation_id,
        external_reference=body.external_reference,
        handed_over_at=body.handed_over_at,
        receiver=body.receiver or "",
        note=body.note or "",
    )
