"""What is sent: the event as the feed has it, signed as Standard Webhooks says (https://www.standardwebhooks.com, v1).

The id is the event's, the same for every try and every resend: a receiver that has seen it has seen the event.
"""

import base64
import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from standardwebhooks import Webhook

from elmed import __version__

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of all of them
SECRET_BYTES = 32
TEST = "webhook.test"


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def content(event: dict[str, Any]) -> dict[str, Any]:
    """The payload: type, time and, as `data`, the event as `GET /events` lists it."""
    return {"type": event["type"], "timestamp": event["created_at"], "data": event}


def body(event: dict[str, Any]) -> bytes:
    """Its bytes, which are what is signed."""
    return json.dumps(content(event), separators=(",", ":")).encode()


def headers(message_id: str, at: datetime, payload: bytes, keys: Sequence[str]) -> dict[str, str]:
    """The three headers of Standard Webhooks, with a signature by each key, and what else a POST needs."""
    text = payload.decode()
    signatures = " ".join(Webhook(key).sign(message_id, at, text) for key in keys)
    return {
        "Content-Type": "application/json",
        "User-Agent": f"ELMED-Webhooks/{__version__}",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signatures,
    }
