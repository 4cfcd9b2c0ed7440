"""Whether a message is ELMED's, by the Standard Webhooks specification (https://www.standardwebhooks.com, v1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from elmed_client.decode import decode
from elmed_client.errors import UnexpectedAnswerError, WebhookVerificationError
from elmed_client.models import WebhookMessage

TOLERANCE = 300  # seconds
_PREFIX = "whsec_"


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    secrets: str | Iterable[str],
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> WebhookMessage:
    """The message, where one of the `secrets` signed it and it is not older or newer than `tolerance` seconds.

    `body` is the bytes that arrived, not JSON made anew from them; `headers` may be in any case. Give the old and the
    new secret while one is being rolled. Raises WebhookVerificationError.
    """
    raw = body.encode() if isinstance(body, str) else bytes(body)
    known = {name.lower(): value for name, value in headers.items()}
    message_id, sent_at = _header(known, "webhook-id"), _header(known, "webhook-timestamp")
    signatures = [part.partition(",") for part in _header(known, "webhook-signature").split()]
    _check_age(sent_at, tolerance, time.time() if now is None else now)
    keys = [secrets] if isinstance(secrets, str) else list(secrets)
    if not keys:
        raise ValueError("secrets is empty: nothing could be checked.")
    wanted = [_signature(_key(one), message_id, sent_at, raw) for one in keys]
    theirs = [value for version, _, value in signatures if version == "v1"]
    # All of them are compared, so that the time tells nothing.
    matches = [hmac.compare_digest(ours.encode(), one.encode()) for ours in wanted for one in theirs]
    if not any(matches):
        raise WebhookVerificationError("No signature is by one of the secrets.")
    return _message(raw, message_id)


def sign(body: bytes, *, message_id: str, timestamp: int, secret: str) -> dict[str, str]:
    """The three headers of a message, as ELMED sends them: for tests of your receiver."""
    signature = _signature(_key(secret), message_id, str(timestamp), body)
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{signature}"}


def _header(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(name, "")
    if not found:
        raise WebhookVerificationError(f"The header {name} is missing.")
    return found


def _check_age(sent_at: str, tolerance: float, now: float) -> None:
    if not (sent_at.isascii() and sent_at.isdigit() and len(sent_at) < 20):
        raise WebhookVerificationError("webhook-timestamp is no number of seconds.")
    if int(sent_at) < now - tolerance:
        raise WebhookVerificationError("The message is too old. If it is not, set this machine's clock.")
    if int(sent_at) > now + tolerance:
        raise WebhookVerificationError("The message is from the future. Is this machine's clock right?")


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (ValueError, binascii.Error):
        raise ValueError("A secret is whsec_ and base64, as ELMED showed it.") from None


def _signature(key: bytes, message_id: str, sent_at: str, body: bytes) -> str:
    signed = f"{message_id}.{sent_at}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _message(raw: bytes, message_id: str) -> WebhookMessage:
    try:
        return replace(decode(WebhookMessage, json.loads(raw), where="message"), id=message_id)
    except (ValueError, UnexpectedAnswerError):
        raise WebhookVerificationError("The message is signed, but is not one this client knows.") from None
