"""GET /meta/…: what the system can do, for software that adapts to it. The same tables as in the documentation."""

import json
from typing import Any

from django.http import HttpResponse

from elmed.access.permissions import SCOPES, Permission
from elmed.api.acts import API_ACTS
from elmed.api.endpoint import Call, endpoint
from elmed.events.catalogue import EVENT_TYPES, READERS, readable
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import OPEN, Status

_TEXTS = {"type": "array", "items": {"type": "string"}}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


STATES_ANSWER = _object(
    statuses={"type": "array", "items": _object(status={"type": "string"}, open={"type": "boolean"})},
    acts={
        "type": "array",
        "items": _object(
            act={"type": "string"},
            **{"from": _TEXTS, "to": _TEXTS},
            by=_TEXTS,
            event={"type": "string"},
            by_api={"type": "boolean", "description": "Whether a key can do it; the others are done in the portals."},
        ),
    },
)
TYPES_ANSWER = _object(
    data={
        "type": "array",
        "items": _object(
            type={"type": "string"},
            meaning={"type": "string"},
            scopes={**_TEXTS, "description": "With one of these a key is told of it; empty: with any."},
        ),
    }
)


@endpoint("GET", "/meta/state-machine", permission=Permission.ACCOUNT_READ, answer=STATES_ANSWER, tag="Meta")
def read_state_machine(call: Call) -> HttpResponse:  # noqa: ARG001
    """Read the legal acts: from which status to which, by whom, and the event of each."""
    acts = [
        {
            "act": act.value,
            "from": sorted(row.sources),
            "to": sorted(row.to),
            "by": sorted(row.sides),
            "event": row.event,
            "by_api": act in API_ACTS,
        }
        for act, row in TRANSITIONS.items()
    ]
    return _json({"statuses": [{"status": one.value, "open": one in OPEN} for one in Status], "acts": acts})


@endpoint("GET", "/meta/event-types", permission=Permission.ACCOUNT_READ, answer=TYPES_ANSWER, tag="Meta")
def list_event_types(call: Call) -> HttpResponse:  # noqa: ARG001
    """List every type of event, what it means, and which scopes are told of it."""
    return _json({"data": [_shown(name, meaning) for name, meaning in EVENT_TYPES.items()]})


def _shown(name: str, meaning: str) -> dict[str, Any]:
    anybody = READERS[name.partition(".")[0]] is Permission.ACCOUNT_READ
    scopes = [] if anybody else [scope.value for scope, grants in SCOPES.items() if readable(name, grants)]
    return {"type": name, "meaning": meaning, "scopes": scopes}


def _json(body: dict[str, Any]) -> HttpResponse:
    return HttpResponse(json.dumps(body), content_type="application/json")
