"""/sandbox: the account's own test world, with a test key alone. What happens there is done in elmed/sandbox."""

import json
from datetime import timedelta
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from pydantic import ConfigDict, Field

from elmed.access.permissions import Permission
from elmed.access.visibility import get
from elmed.api.bodies import Body, Id, Moment, NoBody, Quantity, ShortText, Text
from elmed.api.endpoint import Call, endpoint
from elmed.api.idempotency import once
from elmed.core import quantities
from elmed.core.clock import rfc3339, world_now
from elmed.core.refusals import Invalid
from elmed.events.record import record_access
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Status
from elmed.sandbox import clock, other_side, reset
from elmed.sandbox.material import name_of
from elmed.sandbox.other_side import ACTS, Wanted
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


_STATE = _object(id=_NUMBER, status={"type": "string", "enum": [one.value for one in Status]}, version=_NUMBER)
_NOW = _object(now={"type": "string", "format": "date-time", "description": "Of the test world."})
ACT_ANSWER = _object(
    act={"type": "string", "enum": [str(name) for name in ACTS]},
    by={"type": "string", "enum": ["doctor", "pharmacy"]},
    now={"type": "string", "format": "date-time"},
    prescription=_STATE,
    replacement={**_STATE, "type": ["object", "null"], "description": "With `replace`: what was signed in its place."},
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
    creates=True, test_only=True, codes=("test_world_full", *_ONCE),
)  # fmt: skip
def play_scenario(call: Call) -> HttpResponse:
    """Play a scenario in your test world: new synthetic rows, made by the acts that make real ones."""
    body = call.body(ScenarioBody)

    def act() -> str:
        text, patient_id = _shown(play(call.actor, body.name, side=body.side))
        record_access(call.actor, "sandbox.scenario", patient_ids=[patient_id])
        return text

    return once(call, act, replayed=lambda: None, shown=lambda text: text)


class ActLineBody(Body):
    """So much of one line."""

    medication_id: Id
    quantity: Quantity


Words = Annotated[Text, Field(min_length=1, max_length=500)]


class ActBody(Body):
    """Which act, whose, and what it says. Only `act` is needed; what is left out is filled in."""

    act: ShortText = Field(description=f"One of: {', '.join(f'`{name}`' for name in ACTS)}.", examples=["verify"])
    by: Literal["doctor", "pharmacy"] | None = Field(
        None, description="Where both can do it (`hold`, `resume`): whose act it is; else the other side's."
    )
    reason: Words | None = None
    question: Words | None = Field(None, description="With `hold` by the pharmacy: what the doctor is asked.")
    answer: Words | None = Field(None, description="With `answer_question`.")
    reason_code: ShortText | None = Field(None, description="With `close` and `reverse`.")
    medication_id: Id | None = Field(None, description="With `close_line`: which; else the first.")
    lines: Annotated[list[ActLineBody], Field(min_length=1, max_length=20)] | None = Field(
        None, description="With `dispense` and `answer_handed_over`: how much; else all that is left."
    )
    handed_over_at: Moment | None = Field(None, description="With `dispense` and `answer_handed_over`.")

    def wanted(self) -> Wanted:
        """As the sandbox takes it."""
        lines = tuple((one.medication_id, quantities.parse(one.quantity)) for one in self.lines) if self.lines else None
        return Wanted(
            **{name: getattr(self, name) for name in Wanted.__dataclass_fields__ if name != "lines"}, lines=lines
        )


@endpoint(
    "POST", "/sandbox/prescriptions/{id}/act", permission=Permission.SANDBOX, body=ActBody, answer=ACT_ANSWER, tag="Sandbox",
    test_only=True,
    codes=(
        "invalid_status", "not_routed", "test_world_full", "nothing_supplied", "already_supplied", "quantity_unavailable",
        "not_yet_valid", "too_early", "expired", "not_dispensable", "reported_too_late", "handed_over_after_request",
        "handed_over_before_check", "handed_over_on_hold", "predecessor_open", "replaced", "replacement_supplied", "not_reversible",
        "no_such_hold", "hold_of_another_side", "cancellation_pending", "ask_the_pharmacy", "cancel_instead", "warnings_unanswered",
        "version_conflict", *_ONCE,
    ),
)  # fmt: skip
def play_act(call: Call) -> HttpResponse:
    """Let the doctor or the pharmacist of your test world act: what software cannot do, and what the other side does."""
    number = get(call.actor, Prescription, call.id("id", "prescription")).pk
    body = call.body(ActBody)

    def act() -> str:
        done = other_side.act(call.actor, number, body.wanted(), expected_version=call.expected_version)
        states = {"prescription": _state(done.rx), "replacement": done.replacement and _state(done.replacement)}
        return json.dumps({"act": body.act, "by": done.side.value, "now": rfc3339(done.now), **states})

    return once(call, act, replayed=lambda: None, shown=lambda text: text)


class AdvanceBody(Body):
    """How far: in days or in seconds."""

    days: int | None = Field(None, description="Whole days of 24 hours.", examples=[30])
    seconds: int | None = Field(None, description="Instead of `days`.")

    def by(self) -> timedelta:
        """How far. Raises Invalid: neither, both, not forward, absurdly far."""
        if (self.days is None) == (self.seconds is None):
            raise Invalid.field("/days", "one_of", "Give either `days` or `seconds`.")
        name, value = ("days", self.days) if self.days is not None else ("seconds", self.seconds)
        most = clock.FARTHEST.days * (1 if name == "days" else 86400)
        if value is None or not 1 <= value <= most:
            raise Invalid.field(f"/{name}", "out_of_range", f"From 1 to {most}: the clock only goes forward.")
        return timedelta(**{name: value})


@endpoint(
    "POST", "/sandbox/clock/advance", permission=Permission.SANDBOX_MANAGE, body=AdvanceBody, answer=_NOW, tag="Sandbox",
    test_only=True, codes=_ONCE,
)  # fmt: skip
def advance_clock(call: Call) -> HttpResponse:
    """Move your test world's clock forward; what became due meanwhile is done before the answer, in its order."""
    by = call.body(AdvanceBody).by()

    def act() -> str:
        return json.dumps({"now": rfc3339(clock.advance(call.actor, by))})

    return once(call, act, replayed=lambda: None, shown=lambda text: text)


@endpoint(
    "POST", "/sandbox/reset", permission=Permission.SANDBOX_MANAGE, body=NoBody, answer=_NOW, tag="Sandbox", test_only=True,
    codes=_ONCE,
)  # fmt: skip
def reset_sandbox(call: Call) -> HttpResponse:
    """Empty your test world and set its clock to real time. Keys, webhook endpoints and the numbers of events stay."""
    call.body(NoBody)

    def act() -> str:
        reset.reset(call.actor)
        return json.dumps({"now": rfc3339(world_now(call.actor.world_id))})

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


def _state(rx: Prescription) -> dict[str, Any]:
    return {"id": rx.pk, "status": rx.status, "version": rx.version}


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
