"""/sandbox: the account's own test world, with a test key alone. What happens there is done in elmed/sandbox."""

import json
from typing import Any, Literal

from django.http import HttpResponse
from pydantic import ConfigDict, Field

from elmed.access.permissions import Permission
from elmed.api.bodies import Body, ShortText
from elmed.api.endpoint import Call, endpoint
from elmed.api.idempotency import once
from elmed.core import quantities
from elmed.core.clock import rfc3339
from elmed.events.record import record_access
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Status
from elmed.sandbox.material import name_of
from elmed.sandbox.scenarios import SCENARIOS, Played, play

_ONCE = ("request_in_progress", "idempotency_key_reused")
_TEXT, _NUMBER = {"type": "string"}, {"type": "integer"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


_LINE = _object(medication_id=_NUMBER, text=_TEXT, quantity=_object(value=_TEXT, unit=_TEXT))
_PRESCRIPTION = _object(
    id=_NUMBER, reference=_TEXT, status={"type": "string", "enum": [one.value for one in Status]}, version=_NUMBER,
    medications={"type": "array", "items": _LINE}, dispenses={"type": "array", "items": _NUMBER},
)  # fmt: skip
SCENARIO_ANSWER = _object(
    name={"type": "string", "enum": list(SCENARIOS)},
    what=_TEXT,
    **{"try": {"type": "string", "description": "What to do next, for people."}},
    **{"as": {"type": "string", "enum": ["doctor", "pharmacy"]}},
    now={"type": "string", "format": "date-time", "description": "Of the test world."},
    patient=_object(id=_NUMBER, name=_TEXT, date_of_birth={"type": "string", "format": "date"}),
    prescriptions={"type": "array", "items": _PRESCRIPTION, "description": "The newest last."},
    proof={
        **_object(reference=_TEXT, date_of_birth={"type": "string", "format": "date"}),
        "type": ["object", "null"], "description": "What a shopper shows, for `/prescriptions/check` and `/route`.",
    },
    products={"type": "array", "items": _object(id=_NUMBER, sku=_TEXT), "description": "Of the pharmacy's test catalogue."},
)  # fmt: skip


class ScenarioBody(Body):
    """Which one, and for a developer's account on which side."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=False)

    name: ShortText = Field(
        description=f"One of: {', '.join(f'`{name}`' for name in SCENARIOS)}.", examples=["verified"]
    )
    side: Literal["doctor", "pharmacy"] | None = Field(
        None, alias="as", description="Developers' accounts only: the side that the account stands on; `pharmacy` where it is left out."
    )  # fmt: skip


@endpoint(
    "POST", "/sandbox/scenarios", permission=Permission.SANDBOX, body=ScenarioBody, answer=SCENARIO_ANSWER, tag="Sandbox",
    creates=True, test_only=True, codes=_ONCE,
)  # fmt: skip
def play_scenario(call: Call) -> HttpResponse:
    """Play a scenario in your test world: new synthetic rows, made by the acts that make real ones."""
    body = call.body(ScenarioBody)

    def act() -> str:
        text, patient_id = _shown(play(call.actor, body.name, side=body.side, now=call.now))
        record_access(call.actor, "sandbox.scenario", patient_ids=[patient_id])
        return text

    return once(call, act, replayed=lambda: None, shown=lambda text: text)


def _shown(played: Played) -> tuple[str, int]:
    """The answer, and the patient whom it names."""
    left = played.left
    rx = left.prescriptions[-1] if left.prescriptions else None
    born = left.proof_born or left.patient.date_of_birth
    body = {
        "name": played.name,
        "what": played.scenario.what,
        "try": played.scenario.attempt,
        "as": played.stage.side.value,
        "now": rfc3339(played.stage.now),
        "patient": {
            "id": left.patient.pk, "name": name_of(left.patient), "date_of_birth": left.patient.date_of_birth.isoformat(),
        },
        "prescriptions": [_prescription(one) for one in left.prescriptions],
        "proof": {"reference": rx.reference, "date_of_birth": born.isoformat()} if rx else None,
        "products": [{"id": one.pk, "sku": one.sku} for one in left.products] if played.stage.side == "pharmacy" else [],
    }  # fmt: skip
    return json.dumps(body), left.patient.pk


def _prescription(rx: Prescription) -> dict[str, Any]:
    return {
        "id": rx.pk,
        "reference": rx.reference,
        "status": rx.status,
        "version": rx.version,
        "medications": [
            {
                "medication_id": line.pk,
                "text": line.medication_text,
                "quantity": {"value": quantities.text(line.quantity_milli), "unit": line.unit},
            }
            for line in rx.lines.order_by("position")
        ],
        "dispenses": [made.pk for made in rx.dispenses.order_by("pk")],
    }
