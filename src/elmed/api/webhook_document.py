"""What is published of webhooks: OpenAPI's `webhooks`, an example of each event, and signatures to test a receiver with."""

from datetime import UTC, datetime
from typing import Any

from elmed.events.catalogue import EVENT_TYPES
from elmed.events.feed import Entry
from elmed.webhooks import message

_AT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
_SECRET = message.SECRET_PREFIX + "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # published: for tests of receivers, never in use
_HEADERS = {
    "webhook-id": "The event's id, the same for every try and every resend: what you have seen, you have seen.",
    "webhook-timestamp": "Seconds since 1970 of this try. Refuse what is older than five minutes.",
    "webhook-signature": "`v1,` and a base64 HMAC-SHA256 of `id.timestamp.body`; two, with a space between, after a roll.",
}
SCHEMAS: dict[str, Any] = {
    "WebhookMessage": {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"$ref": "#/components/schemas/Event"},
        },
        "required": ["type", "timestamp", "data"],
    }
}


def webhooks() -> dict[str, Any]:
    """The `webhooks` of the OpenAPI document: one for each type of event."""
    return {name: {"post": _received(name, meaning)} for name, meaning in EVENT_TYPES.items()}


def _received(name: str, meaning: str) -> dict[str, Any]:
    message_of_type = {
        "allOf": [{"$ref": "#/components/schemas/WebhookMessage"}, {"properties": {"type": {"const": name}}}]
    }
    return {
        "operationId": f"webhook_{name.replace('.', '_')}",
        "tags": ["Webhooks"],
        "summary": meaning,
        "security": [],
        "parameters": [
            {"name": header, "in": "header", "required": True, "description": words, "schema": {"type": "string"}}
            for header, words in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": message_of_type}}},
        "responses": {
            "2XX": {"description": "Taken. Anything else, a redirect too, is tried again for about three days."},
            "410": {"description": "Not wanted any more: the endpoint is switched off."},
        },
    }


def examples() -> dict[str, Any]:
    """A message of each type, as it is sent."""
    return {name: message.content(_example(number, name)) for number, name in enumerate(EVENT_TYPES, start=1)}


def vectors() -> dict[str, Any]:
    """A message with its headers, signed by one secret and by two."""
    body = message.body(_example(1, "prescription.verified"))
    other = message.SECRET_PREFIX + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    return {
        "about": "Standard Webhooks, v1. The timestamp is fixed: skip its check when you test with these.",
        "secret": _SECRET,
        "body": body.decode(),
        "headers": _signing(body, [_SECRET]),
        "after_a_roll": {"new_secret": other, "old_secret": _SECRET, "headers": _signing(body, [other, _SECRET])},
    }


def _signing(body: bytes, keys: list[str]) -> dict[str, str]:
    return {
        name: value for name, value in message.headers("evt_1", _AT, body, keys).items() if name.startswith("webhook-")
    }


def _example(number: int, name: str) -> dict[str, Any]:
    of_prescription = name.startswith("prescription.")
    entry = Entry(number, number, name, _AT, 123 if of_prescription else None, 3 if of_prescription else None)
    return entry.shown("live")
