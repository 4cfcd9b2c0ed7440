"""The twin's three requests. Started by servers.py: `uvicorn benchmarks.twin.app:app`, one process for each of ELMED's.

The same order of checks as ELMED's: key (401), limit (429), parameters and JSON (400), account, addresses and scope
(403), visibility (404), body (422), then whether it may be dispensed now (409).
"""

import base64
import hashlib
import hmac
import ipaddress
import json
import math
import os
import re
import secrets
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.twin import sql
from benchmarks.twin.dispense import NotNow, dispense

KEY = re.compile(r"elm_([0-9a-f]{56})([0-9a-f]{8})")
LIVE_WORLD = 1
SECRET = os.environ["SECRET_KEY"].encode()
POOL = int(os.environ.get("TWIN_CONNECTIONS", "16"))


class Problem(Exception):
    """An error that is answered."""

    def __init__(self, status: int, code: str, **headers: str) -> None:
        """Keep what is said."""
        self.status, self.code, self.headers = status, code, headers


class Caller(NamedTuple):
    """Who calls, and what the rate headers say."""

    key_id: int
    account_id: int
    scopes: frozenset[str]
    state: str
    kind: str
    networks: list[str]
    rate: dict[str, str]
    request_id: str


async def _keep(_connection: Any) -> None:
    """Nothing of a request stays in the session: no reset is needed between two of them."""


@asynccontextmanager
async def _pool(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["TWIN_DSN"], min_size=POOL, max_size=POOL, reset=_keep) as pool:
        app.state.pool = pool
        yield


async def _authenticate(connection: Any, request: Request) -> Caller:
    header = request.headers.get("x-api-key", "").strip()
    scheme, _, bearer = request.headers.get("authorization", "").strip().partition(" ")
    bearer = bearer.strip() if scheme.lower() == "bearer" else ""
    if header and bearer and header != bearer:
        raise Problem(400, "conflicting_credentials")
    secret = header or bearer
    match = KEY.fullmatch(secret)
    if match is None or f"{zlib.crc32(match[1].encode()):08x}" != match[2]:
        raise Problem(401, "invalid_key")
    row = await connection.fetchrow(sql.AUTHENTICATE, hashlib.sha256(secret.encode()).digest())
    if row is None:
        raise Problem(401, "invalid_key")
    limit, used, left = row["requests_per_minute"], row["used"], min(max(math.ceil(row["seconds_left"]), 1), 60)
    rate = {
        "RateLimit-Policy": f'"default";q={limit};w=60',
        "RateLimit": f'"default";r={max(limit - used, 0)};t={left}',
    }
    if used > limit:
        raise Problem(429, "rate_limited", **rate, **{"Retry-After": str(left)})
    return Caller(
        row["id"], row["account_id"], frozenset(json.loads(row["scopes"])), row["state"], row["kind"],
        json.loads(row["allowed_ips"]), rate, f"req_{secrets.token_hex(12)}",
    )  # fmt: skip


def _require(caller: Caller, request: Request, scope: str) -> None:
    if caller.networks:
        address = ipaddress.ip_address(request.client.host if request.client else "0.0.0.0")
        if not any(address in ipaddress.ip_network(network) for network in caller.networks):
            raise Problem(403, "ip_not_allowed")
    if caller.state != "verified":
        raise Problem(403, "account_not_active")
    if scope not in caller.scopes or caller.kind != "pharmacy":
        raise Problem(403, "insufficient_scope")


def _answer(caller: Caller, text: str, **headers: str) -> Response:
    return Response(
        text,
        media_type="application/json",
        headers={
            **caller.rate, "Cache-Control": "private, no-store", "X-Request-Id": caller.request_id, **headers
        },
    )  # fmt: skip


def _cursor(caller: Caller, last: int) -> str:
    """Signed, so that one that was changed is refused."""
    body = base64.urlsafe_b64encode(json.dumps([caller.account_id, LIVE_WORLD, last]).encode()).decode().rstrip("=")
    return f"{body}:{base64.urlsafe_b64encode(hmac.digest(SECRET, body.encode(), 'sha256')).decode().rstrip('=')}"


def _id(request: Request) -> int:
    text = request.path_params["id"]
    if not re.fullmatch(r"[1-9][0-9]{0,18}", text) or int(text) > 2**63 - 1:
        raise Problem(404, "not_found")
    return int(text)


async def list_prescriptions(request: Request) -> Response:
    """GET /prescriptions: the newest, with their lines."""
    async with request.app.state.pool.acquire() as connection:
        caller = await _authenticate(connection, request)
        if set(request.query_params) - {"limit"}:
            raise Problem(400, "invalid_parameter")
        limit = request.query_params.get("limit", "20")
        if not re.fullmatch(r"[1-9][0-9]?|100", limit):
            raise Problem(400, "invalid_parameter")
        _require(caller, request, "rx:read")
        text, last, more = await connection.fetchrow(
            sql.LIST, LIVE_WORLD, caller.account_id, int(limit), caller.key_id, caller.request_id, datetime.now(UTC),
            "rx:dispense" in caller.scopes,
        )  # fmt: skip
    following = f'"{_cursor(caller, last)}"' if more else "null"
    more_text = "true" if more else "false"
    return _answer(caller, f'{{"data": [{text or ""}], "has_more": {more_text}, "next_cursor": {following}}}')


async def read_prescription(request: Request) -> Response:
    """GET /prescriptions/{id}: in full, with an ETag."""
    async with request.app.state.pool.acquire() as connection:
        caller = await _authenticate(connection, request)
        if request.query_params:
            raise Problem(400, "invalid_parameter")
        _require(caller, request, "rx:read")
        row = await connection.fetchrow(
            sql.READ, LIVE_WORLD, caller.account_id, _id(request), caller.key_id, caller.request_id, datetime.now(UTC),
            "rx:dispense" in caller.scopes,
        )  # fmt: skip
    if row is None:
        raise Problem(404, "not_found")
    etag = f'"{row[0]}-{hashlib.sha256(row[1].encode()).hexdigest()[:16]}"'
    asked = request.headers.get("if-none-match", "")
    if asked and etag in asked:
        return Response(status_code=304, headers={"ETag": etag})
    return _answer(caller, row[1], ETag=etag, **{"Cache-Control": "private, no-cache"})


async def dispense_prescription(request: Request) -> Response:
    """POST /prescriptions/{id}/dispense: all that remains, or the lines of the body."""
    raw = await request.body()
    async with request.app.state.pool.acquire() as connection:
        caller = await _authenticate(connection, request)
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            raise Problem(400, "malformed_body") from None
        _require(caller, request, "rx:dispense")
        try:
            text = await dispense(
                connection,
                world_id=LIVE_WORLD,
                account_id=caller.account_id,
                prescription_id=_id(request),
                key_id=caller.key_id,
                request_id=caller.request_id,
                body=body,
            )
        except LookupError:
            raise Problem(404, "not_found") from None
        except ValueError:
            raise Problem(422, "invalid") from None
        except NotNow as refused:
            raise Problem(409, str(refused)) from None
    return _answer(caller, text)


async def _problem(_request: Request, problem: Exception) -> Response:
    if not isinstance(problem, Problem):
        raise problem
    text = json.dumps({"type": "about:blank", "status": problem.status, "code": problem.code})
    return Response(text, problem.status, problem.headers, "application/problem+json")


ROOT = "/api/public/v1/prescriptions"
app = Starlette(
    routes=[
        Route(ROOT, list_prescriptions, methods=["GET"]),
        Route(ROOT + "/{id}", read_prescription, methods=["GET"]),
        Route(ROOT + "/{id}/dispense", dispense_prescription, methods=["POST"]),
    ],
    exception_handlers={Problem: _problem},
    lifespan=_pool,
)
