"""GET /me: whose key this is and what it can do. What a connection test calls."""

import json
from typing import Any

from django.http import HttpResponse

from elmed.access.permissions import Permission, Scope
from elmed.api.endpoint import Call, endpoint
from elmed.core.clock import rfc3339
from elmed.events.queries import last_number

_STRING = {"type": "string"}
ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "account": {
            "type": "object",
            "properties": {
                "id": {"type": "integer"},
                "name": _STRING,
                "kind": {"type": "string", "enum": ["doctor", "pharmacy", "developer", "staff"]},
            },
            "required": ["id", "name", "kind"],
        },
        "key": {
            "type": "object",
            "properties": {
                "id": {"type": "integer"},
                "name": _STRING,
                "expires_at": {"type": ["string", "null"], "format": "date-time"},
            },
            "required": ["id", "name", "expires_at"],
        },
        "scopes": {"type": "array", "items": {"type": "string", "enum": [scope.value for scope in Scope]}},
        "mode": {"type": "string", "enum": ["live", "test"]},
        "limits": {
            "type": "object",
            "properties": {"requests_per_minute": {"type": "integer"}},
            "required": ["requests_per_minute"],
        },
        "now": {"type": "string", "format": "date-time", "description": "The time of the world that the key acts in."},
        "events": {
            "type": "object",
            "description": "The list of `GET /events`, which every key that is answered here may read.",
            "properties": {
                "newest": {
                    "type": "integer",
                    "description": "The `sequence` of the newest event; 0 where there is none. Ask after it to hear "
                    "only what comes.",
                },
            },
            "required": ["newest"],
        },
    },
    "required": ["account", "key", "scopes", "mode", "limits", "now", "events"],
}


@endpoint("GET", "/me", permission=Permission.ACCOUNT_READ, answer=ANSWER, tag="Account")
def me(call: Call) -> HttpResponse:
    """Tell whose key this is, its scopes, its mode, its limits, and the number of its newest event."""
    actor, caller = call.actor, call.caller
    expires_at = rfc3339(caller.expires_at) if caller.expires_at else None
    body = {
        "account": {"id": actor.account_id, "name": caller.account_name, "kind": actor.account_kind},
        "key": {"id": actor.key_id, "name": actor.key_name, "expires_at": expires_at},
        "scopes": sorted(actor.scopes),
        "mode": actor.mode,
        "limits": {"requests_per_minute": caller.limit},
        "now": rfc3339(call.now),
        "events": {"newest": last_number(actor.acting_account_id, actor.world_id)},
    }
    return HttpResponse(json.dumps(body), content_type="application/json")
