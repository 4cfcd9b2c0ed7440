"""Dispenses: read one, take one back."""

from typing import Annotated

from django.http import HttpResponse
from pydantic import Field

from elmed.access.permissions import Permission
from elmed.access.visibility import get
from elmed.api.bodies import Body, Id, Quantity
from elmed.api.endpoint import Call, endpoint
from elmed.api.idempotency import once
from elmed.api.v1 import dispense_read
from elmed.api.v1.prescriptions import DISPENSE_ANSWER, answer, shown
from elmed.core import quantities
from elmed.core.refusals import Invalid
from elmed.events.record import record_access
from elmed.prescriptions.actions.reverse import reverse as reverse_act
from elmed.prescriptions.models import Dispense
from elmed.prescriptions.vocabulary import ReversalReason


@endpoint(
    "GET", "/dispenses/{id}", permission=Permission.DISPENSE_READ, answer={"$ref": "#/components/schemas/Dispense"},
    tag="Dispenses",
)  # fmt: skip
def read_dispense(call: Call) -> HttpResponse:
    """Read one dispense, with its reversal if there is one."""
    dispense = get(call.actor, Dispense, call.id("id", "dispense"))
    record_access(call.actor, "dispense.read", patient_ids=[dispense.prescription.patient_id])
    return HttpResponse(dispense_read.one(call.actor, dispense.pk), content_type="application/json")


class ReversedLineBody(Body):
    """How much of one line is taken back."""

    medication_id: Id = Field(description="The line's `id`.")
    quantity: Quantity


class ReverseBody(Body):
    """Why, and how much; without `lines`, all of it."""

    reason_code: str = Field(
        description="Why.", json_schema_extra={"enum": [reason.value for reason in ReversalReason]}
    )
    lines: Annotated[list[ReversedLineBody], Field(min_length=1, max_length=100)] | None = None


@endpoint(
    "POST", "/dispenses/{id}/reverse", permission=Permission.REVERSE, body=ReverseBody, answer=DISPENSE_ANSWER, tag="Dispenses",
    codes=(
        "already_reversed", "not_reversible", "invalid_status", "version_conflict", "request_in_progress", "idempotency_key_reused",
    ),
)  # fmt: skip
def reverse(call: Call) -> HttpResponse:
    """Take a dispense back within 72 hours of its record, in whole or in part, with a reason."""
    actor = call.actor
    dispense = get(actor, Dispense, call.id("id", "dispense"))
    body = call.body(ReverseBody)
    reason, lines = _reason(body), _lines(body)
    rx = dispense.prescription

    def act() -> str:
        reverse_act(
            actor, dispense.pk, reason=reason, lines=lines, now=call.now, expected_version=call.expected_version
        )
        return answer(call, rx.pk, dispense.pk, action="dispense.reverse")

    return once(
        call,
        act,
        replayed=lambda: record_access(actor, "dispense.reverse", patient_ids=[rx.patient_id]),
        shown=lambda text: shown(actor, text),
    )


def _reason(body: ReverseBody) -> ReversalReason:
    try:
        return ReversalReason(body.reason_code)
    except ValueError:
        words = ", ".join(reason.value for reason in ReversalReason)
        raise Invalid.field("/reason_code", "unknown_reason", f"One of: {words}.") from None


def _lines(body: ReverseBody) -> dict[int, int] | None:
    if body.lines is None:
        if "lines" in body.model_fields_set:
            raise Invalid.field("/lines", "null", "Leave `lines` out to take back all of it.")
        return None
    lines: dict[int, int] = {}
    for index, line in enumerate(body.lines):
        if line.medication_id in lines:
            raise Invalid.field(f"/lines/{index}/medication_id", "repeated", "Name each line once.")
        lines[line.medication_id] = quantities.parse(line.quantity)
    return lines
