"""What a request's headers ask for: conditions (RFC 9110, section 13) and the Idempotency-Key.

An ETag is `"<version>-<hash of the body>"`; what changes something compares the version alone.
"""

import hashlib
import re

from django.http import HttpRequest, HttpResponse

from elmed.api.problems import ApiProblem

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_VERSION = re.compile(r"([1-9][0-9]{0,8})(?:-[0-9a-f]{16})?")


def versioned(request: HttpRequest, version: int, text: str) -> HttpResponse:
    """A read's JSON text with its ETag; 304 where `If-None-Match` names what we would answer."""
    body_hash = hashlib.sha256(text.encode()).hexdigest()[:16]
    tag = f"{version}-{body_hash}"
    headers = {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}
    known = request.META.get("HTTP_IF_NONE_MATCH", "").strip()
    if known == "*" or tag in _TAG.findall(known):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(text, content_type="application/json", headers=headers)


def expected_version(request: HttpRequest, *, compared: bool) -> int | None:
    """The version that `If-Match` asks for; None without the header, or for `*`. `compared`: the act compares it.

    Raises ApiProblem 400, also where the call compares none, whatever it changes: a condition is never passed over in silence.
    """
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    if not compared:
        raise ApiProblem("invalid_if_match", "This call does not compare versions: leave `If-Match` out.")
    match = re.fullmatch(_TAG, header)
    version = _VERSION.fullmatch(match[1]) if match else None
    if version is None:
        raise ApiProblem("invalid_if_match")
    return int(version[1])


def idempotency_key(request: HttpRequest) -> str | None:
    """The request's `Idempotency-Key`, if it has one. Raises ApiProblem 400."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(r"[\x20-\x7e]{1,255}", key):
        raise ApiProblem("invalid_idempotency_key")
    return key
