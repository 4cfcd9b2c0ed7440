"""POST /keys/report-leak: the only address that needs no key, since the key in the body is the proof.

Answers 202 whatever it was sent, so that nobody learns here which keys exist; counted by the client's address.
"""

from typing import Any

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from pydantic import Field

from elmed.access import leaks
from elmed.api.bodies import Body, check_json, parse_body, parse_query, read_bytes
from elmed.api.endpoint import WriteQuery
from elmed.api.idempotency import DRY
from elmed.api.problems import ApiProblem
from elmed.config.middleware import request_id
from elmed.webhooks.endpoints import stop_touched_by

PATH = "/keys/report-leak"
QUERY = WriteQuery
RETRY_AFTER = "60"


class Leak(Body):
    """What was found."""

    key: str = Field(max_length=200, description="The whole key.", examples=["elm_…"])


def report_leak(request: HttpRequest) -> HttpResponse:
    """Report a key that lies open somewhere: it is revoked at once, and its owner told by mail."""
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": "OPTIONS, POST"})
    if request.method != "POST":
        raise ApiProblem("method_not_allowed", headers={"Allow": "OPTIONS, POST"})
    if not ratelimit.consume(request, action="report_leak"):
        raise ApiProblem(
            "rate_limited", "Too many reports from this address within a minute.", headers={"Retry-After": RETRY_AFTER}
        )
    dry_run = parse_query(request, QUERY).dry_run
    raw = read_bytes(request)
    check_json(request, raw)
    found = parse_body(raw, Leak)
    if not dry_run:  # a dry run does not even look for the key: it tells as little as the report itself, and in no time
        leaks.report(found.key.strip(), request_id=request_id(request), stop=stop_touched_by)
    return HttpResponse(status=202, headers={"Cache-Control": "private, no-store"} | (DRY if dry_run else {}))


CODES = (
    "rate_limited", "invalid_parameter", "malformed_body", "body_too_large", "unsupported_media_type", "validation_failed",
    "internal_error", "unavailable",
)  # fmt: skip
DESCRIPTION = """\
Needs no key: the key in the body is the proof. Whoever holds a key can make it harmless; where you found one in a
repository, a log or a ticket, send it here. It is revoked at once, webhook endpoints that it made or changed are switched off, and
who manages its account and who made it are told by mail. The answer is 202 without a body whatever was sent: a key that
works, one that was revoked, or none at all. At most 30 reports a minute from one address.

It needs no `Idempotency-Key`, and looks at none: a second report of a key does nothing more and is answered alike. With `dry_run=true` the
request is checked and answered as it would be, and the key is not looked for: it stays as it is."""


def operation(parameters: list[dict[str, Any]], problems: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI says of it."""
    return {
        "operationId": "report_leak",
        "tags": ["Keys"],
        "summary": (report_leak.__doc__ or "").strip(),
        "description": DESCRIPTION,
        "security": [],
        "parameters": parameters,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Leak"}}},
        },
        "responses": {"202": {"description": "Taken."}, **problems},
    }
