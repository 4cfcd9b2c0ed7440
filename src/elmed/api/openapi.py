"""The OpenAPI 3.1 document, generated from the registered endpoints and the shapes: nothing of it is written by hand twice."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings

from elmed import __version__
from elmed.access.permissions import SCOPE_MEANING, SCOPES, Permission
from elmed.api import webhook_document
from elmed.api.bodies import Query
from elmed.api.endpoint import ENDPOINTS, PREFIX, Endpoint
from elmed.api.problems import CONTENT_TYPE, ERROR_CODES

# Errors that any endpoint can answer, before its own.
_COMMON = (
    "conflicting_credentials", "invalid_parameter", "missing_key", "invalid_key", "insufficient_scope", "account_not_active",
    "ip_not_allowed", "rate_limited", "internal_error", "unavailable",
)  # fmt: skip
_OF_WRITES = (
    "malformed_body", "invalid_if_match", "invalid_idempotency_key", "body_too_large", "unsupported_media_type",
)  # fmt: skip
# The headers that an endpoint heeds, by an error that only their use can bring.
_HEADERS_OF = {
    "idempotency_key_reused": (
        "Idempotency-Key", "The same key with the same body acts once and is answered alike for 24 hours.",
    ),
    "version_conflict": ("If-Match", 'The ETag or `"<version>"` you read: 412 where it changed since.'),
}  # fmt: skip

_INTRODUCTION = """\
Connect a doctor's or a pharmacy's software to {site}.

**Keys.** Made under Settings → API Keys in the portal. Send the key as `X-API-Key` or as `Authorization: Bearer`.
Live keys (`elm_…`) see live data only, test keys (`elm_test_…`) the account's own test world only.

**Limit.** 120 requests a minute a key, in windows of 60 seconds that begin with a request; beyond it 429 with `Retry-After`.

**Errors** are `application/problem+json` (RFC 9457) with a stable `code` and a `request_id`.
The order of checks: 401, 429, 400, 403, 404, 422, 409 or 412.

**Values.** Moments are RFC 3339 in UTC with six fractional digits; quantities are canonical decimal strings.
"""


def document() -> dict[str, Any]:
    """The whole document, for this installation's address."""
    from elmed.api import v1  # noqa: PLC0415 - registers the endpoints; imported late to avoid a circle

    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {**v1.SCHEMAS, **webhook_document.SCHEMAS, "Problem": _problem()}
    for one in ENDPOINTS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    schemas[v1.leaks.Leak.__name__] = v1.leaks.Leak.model_json_schema()
    asked = _query_parameters(v1.leaks.QUERY, schemas)
    paths[v1.leaks.PATH] = {"post": v1.leaks.operation(asked, _problems(v1.leaks.CODES))}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{settings.SITE_NAME} API",
            "version": __version__,
            "description": _INTRODUCTION.format(site=settings.SITE_NAME),
            "contact": {"email": settings.SUPPORT_EMAIL},
        },
        "servers": [{"url": settings.BASE_URL + PREFIX}],
        "security": [{"ApiKey": []}, {"Bearer": []}],
        "paths": paths,
        "webhooks": webhook_document.webhooks(),
        "components": {
            "securitySchemes": {
                "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "Bearer": {"type": "http", "scheme": "bearer"},
            },
            "schemas": schemas,
        },
    }


def _operation(one: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    scopes = [scope for scope, grants in SCOPES.items() if one.permission in grants]
    needs = " or ".join(f"`{scope.value}` ({SCOPE_MEANING[scope].lower()})" for scope in scopes)
    if one.permission is Permission.ACCOUNT_READ:
        needs = "none: any key"
    operation: dict[str, Any] = {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": one.summary,
        "description": f"Requires scope: {needs}.",
        "parameters": [*_path_parameters(one), *_query_parameters(one.query, schemas), *_header_parameters(one)],
        "responses": _responses(one),
    }
    if one.deprecated:
        operation |= {"deprecated": True, "description": f"{one.deprecated.words} {operation['description']}"}
    if one.body is not None:
        schema = _schema(one.body.model_json_schema(ref_template="#/components/schemas/{model}"), schemas)
        schemas[one.body.__name__] = schema
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{one.body.__name__}"}}}
        operation["requestBody"] = {"required": bool(schema.get("required")), "content": content}
    return operation


def _schema(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """A model's schema, its definitions moved to the components."""
    schemas.update(schema.pop("$defs", {}))
    return schema


def _path_parameters(one: Endpoint) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}} for name in names
    ]


def _query_parameters(query: type[Query], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    schema = _schema(query.model_json_schema(ref_template="#/components/schemas/{model}"), schemas)
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", []),
            "description": value.get("description", ""),
            "schema": {key: part for key, part in value.items() if key not in ("description", "title")},
        }
        for name, value in schema.get("properties", {}).items()
    ]


def _header_parameters(one: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": False, "description": meaning, "schema": {"type": "string"}}
        for code, (name, meaning) in _HEADERS_OF.items()
        if code in one.codes
    ]


def _responses(one: Endpoint) -> dict[str, Any]:
    ok: dict[str, Any] = {"description": "OK", "headers": {**_HEADERS, **(_ETAG if one.tagged else {})}}
    if one.answer:
        ok["content"] = {"application/json": {"schema": one.answer}}
    codes = dict.fromkeys((*_COMMON, *(_OF_WRITES if one.writes else ()), *one.codes))
    if one.body is not None:
        codes["validation_failed"] = None
    if "{" in one.path:
        codes["not_found"] = None
    return {str(one.status): ok, **(_unchanged() if one.tagged else {}), **_problems(codes)}


def _unchanged() -> dict[str, Any]:
    description = "Nothing changed since the ETag that If-None-Match names."
    return {"304": {"description": description, "headers": {**_HEADERS, **_ETAG}}}


def _problems(codes: Iterable[str]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(ERROR_CODES[code][0], []).append(code)
    return {
        str(status): {
            "description": ", ".join(f"`{code}`" for code in names),
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, names in sorted(by_status.items())
    }


_HEADERS: Mapping[str, Any] = {
    "X-Request-Id": {"schema": {"type": "string"}, "description": "Name it to support."},
    "RateLimit-Policy": {"schema": {"type": "string"}, "description": 'Such as `"default";q=120;w=60`.'},
    "RateLimit": {"schema": {"type": "string"}, "description": 'Such as `"default";r=119;t=60`.'},
}
_ETAG: Mapping[str, Any] = {
    "ETag": {
        "schema": {"type": "string"},
        "description": 'Such as `"3-9f86d081884c7d65"`: for `If-None-Match`, and for `If-Match`.',
    },
}


def _problem() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "RFC 9457 problem details. Some codes carry further members, such as `errors` or `current_status`.",
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "code": {"type": "string", "enum": sorted(ERROR_CODES)},
            "request_id": text,
            "errors": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["type", "title", "status", "detail", "code", "request_id"],
    }
