"""What the API shows of webhook endpoints and deliveries: their JSON, and its schemas."""

from typing import Any

from elmed.access.permissions import Permission
from elmed.core.clock import rfc3339
from elmed.events.catalogue import WITHHELD, readable
from elmed.webhooks.client import ERRORS
from elmed.webhooks.deliver import message_id
from elmed.webhooks.message import TEST
from elmed.webhooks.models import Attempt, Delivery, Endpoint, State, Why

_STRING = {"type": "string"}
_MOMENT = {"type": "string", "format": "date-time"}
_MOMENT_OR_NULL = {"type": ["string", "null"], "format": "date-time"}


def _object(properties: dict[str, Any], description: str = "") -> dict[str, Any]:
    """An object of which every member is always there."""
    words = {"description": description} if description else {}
    return {"type": "object", "properties": properties, "required": list(properties), **words}


_ENDPOINT: dict[str, Any] = {
    "id": {"type": "integer"},
    "url": _STRING,
    "description": _STRING,
    "event_types": {"type": "array", "items": _STRING},
    "mode": {"type": "string", "enum": ["live", "test"]},
    "version": {"type": "integer", "description": "Grows by one with each change; what `If-Match` compares."},
    "enabled": {"type": "boolean"},
    "off_reason": {
        "type": ["string", "null"],
        "enum": [None, *(why.value for why in Why if why.value)],
        "description": "`by_hand`; `gone`: it answered 410; `failing`: nothing was delivered for five days; `leaked`: the key "
        "that made it leaked.",
    },
    "off_since": _MOMENT_OR_NULL,
    "failing_since": {**_MOMENT_OR_NULL, "description": "The first failure after the last success."},
    "old_secret_until": {**_MOMENT_OR_NULL, "description": "Until then the secret before the last roll signs too."},
    "created_by_key_id": {"type": ["integer", "null"], "description": "The key that made it; null: somebody did."},
    "created_at": _MOMENT,
    "updated_at": _MOMENT,
}
_TRY = _object({
    "at": _MOMENT,
    "milliseconds": {"type": "integer"},
    "status": {"type": ["integer", "null"], "description": "The answer's; null: there was none."},
    "error": {"type": ["string", "null"], "enum": [None, *ERRORS]},
})  # fmt: skip
SCHEMAS = {
    "WebhookEndpoint": _object(_ENDPOINT),
    "WebhookEndpointWithSecret": _object({
        **_ENDPOINT, "secret": {"type": "string", "description": "`whsec_…`, as Standard Webhooks has it. Keep it safe."},
    }),
    "WebhookDelivery": _object({
        "id": {"type": "integer"},
        "webhook_id": {"type": "string", "description": "As sent in `webhook-id`: the same for every try and resend."},
        "type": _STRING,
        "sequence": {"type": ["integer", "null"], "description": "The event's, as in `GET /events`; null for a test."},
        "state": {"type": "string", "enum": [state.value for state in State]},
        "created_at": _MOMENT,
        "next_try_at": _MOMENT_OR_NULL,
        "done_at": _MOMENT_OR_NULL,
        "resent": {"type": "integer", "description": "How often somebody asked for it again."},
        "attempts": {"type": "array", "items": _TRY},
    }),
}  # fmt: skip
ENDPOINT_ANSWER = {"$ref": "#/components/schemas/WebhookEndpoint"}
SECRET_ANSWER = {"$ref": "#/components/schemas/WebhookEndpointWithSecret"}
DELIVERY_ANSWER = {"$ref": "#/components/schemas/WebhookDelivery"}
LIST_ANSWER = _object({"data": {"type": "array", "items": ENDPOINT_ANSWER}})
DELIVERIES = _object({
    "data": {"type": "array", "items": DELIVERY_ANSWER},
    "has_more": {"type": "boolean"},
    "next_cursor": {"type": ["string", "null"]},
})  # fmt: skip
RESEND_ANSWER = _object({"waiting": {"type": "integer", "description": "Deliveries that will be sent now."}})


def shown(row: Endpoint) -> dict[str, Any]:
    """An endpoint, without its secret."""
    return {
        "id": row.pk,
        "url": row.url,
        "description": row.description,
        "event_types": row.event_types,
        "mode": row.world.mode,
        "version": row.version,
        "enabled": not row.off,
        "off_reason": row.off or None,
        "off_since": row.off_since and rfc3339(row.off_since),
        "failing_since": row.failing_since and rfc3339(row.failing_since),
        "old_secret_until": row.old_until and rfc3339(row.old_until),
        "created_by_key_id": row.created_by_key_id,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }


def delivery_shown(row: Delivery, permissions: frozenset[Permission]) -> dict[str, Any]:
    """A delivery with its tries, the oldest first; its type as the feed would tell it to who asks."""
    told = row.type == TEST or readable(row.type, permissions)
    waits = row.state == State.WAITING
    tries: list[Attempt] = sorted(row.tries.all(), key=lambda one: one.pk)
    return {
        "id": row.pk,
        "webhook_id": message_id(row),
        "type": row.type if told else WITHHELD,
        "sequence": row.sequence,
        "state": row.state,
        "created_at": rfc3339(row.created_at),
        "next_try_at": rfc3339(row.due_at) if waits else None,
        "done_at": row.done_at and rfc3339(row.done_at),
        "resent": row.resent,
        "attempts": [
            {
                "at": rfc3339(one.at),
                "milliseconds": one.milliseconds,
                "status": one.status,
                "error": one.error or None,
            }
            for one in tries
        ],
    }
