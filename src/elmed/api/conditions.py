"""What a request's headers ask for: conditions (RFC 9110, section 13) and the Idempotency-Key.

An ETag is `"<version>-<hash of the body>"`; what changes something compares the version alone.
"""

import re

from django.http import HttpRequest

from elmed.api.problems import ApiProblem

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_VERSION = re.compile(r"([1-9][0-9]{0,8})(?:-[0-9a-f]{16})?")


def not_modified(request: HttpRequest, etag: str) -> bool:
    """Whether `If-None-Match` names what we would answer."""
    header = request.META.get("HTTP_IF_NONE_MATCH", "").strip()
    return header == "*" or etag.strip('"') in _TAG.findall(header)


def expected_version(request: HttpRequest) -> int | None:
    """The version that `If-Match` asks for; None without the header, or for `*`. Raises ApiProblem 400."""
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
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
