"""Who calls: the key's look-up and its rate count, one statement on PostgreSQL.

Every request looks, so that revocation, suspension and a raised limit hold from the very next one in every
process. The window is the key's own: opened by its first request, 60 s long. `used` stops at limit + 1,
which means refused: refused requests are not counted further.
"""

import ipaddress
import json
import math
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.http import HttpRequest

from elmed.access import keys
from elmed.access.actors import Actor
from elmed.access.models import ApiKey, RateWindow
from elmed.access.permissions import Permission, of_scopes
from elmed.accounts.models import AccountKind, acting_state
from elmed.api.problems import ApiProblem
from elmed.config.environment import environment
from elmed.config.middleware import request_id
from elmed.core.clock import real_now
from elmed.core.models import LIVE_WORLD_ID, Mode

WINDOW_SECONDS = 60
# In a request's META, for the request log: the caller, or the digest of a key that does not work.
CALLER, REFUSED = "elmed.caller", "elmed.refused_key"
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="ELMED"'}


class KeyRow(NamedTuple):
    """A usable key with its account and its window after this request."""

    key_id: int
    account_id: int
    mode: str
    name: str
    scopes: str
    allowed_ips: str
    limit: int
    expires_at: datetime | None
    account_kind: str
    account_state: str
    licence_expires_on: date | None
    account_name: str
    test_world_id: int | None
    clock_offset: int | None
    used: int
    seconds_left: float


class Caller(NamedTuple):
    """An authenticated key, with what the answer's headers and `/me` say of it."""

    actor: Actor
    account_name: str
    limit: int
    remaining: int
    resets_in: int
    allowed_ips: tuple[str, ...]
    expires_at: datetime | None
    now: datetime  # the time of the world that the key acts in


_SELECT = """
    SELECT k.id, k.account_id, k.mode, k.name, k.scopes, k.allowed_ips, k.requests_per_minute, k.expires_at,
           a.kind, a.state, a.licence_expires_on, a.name AS account_name, a.test_world_id, w.clock_offset_seconds
    FROM access_apikey k
    JOIN accounts_account a ON a.id = k.account_id
    LEFT JOIN core_world w ON w.id = a.test_world_id
    WHERE k.digest = %(digest)s AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
"""
_POSTGRES = f"""
WITH k AS MATERIALIZED ({_SELECT}), r AS (
    INSERT INTO access_ratewindow AS r (key_id, opened_at, used, last_used_at, last_used_from)
    SELECT id, now(), 1, now(), %(address)s::inet FROM k
    ON CONFLICT (key_id) DO UPDATE SET
        opened_at = CASE WHEN r.opened_at <= now() - interval '60 seconds' THEN now() ELSE r.opened_at END,
        used = CASE WHEN r.opened_at <= now() - interval '60 seconds' THEN 1
                    ELSE LEAST(r.used + 1, (SELECT requests_per_minute + 1 FROM k)) END,
        last_used_at = GREATEST(r.last_used_at, now()), last_used_from = EXCLUDED.last_used_from
    RETURNING used, extract(epoch FROM opened_at + interval '60 seconds' - now())::float8 AS seconds_left
)
SELECT k.*, r.used, r.seconds_left FROM k, r
"""  # noqa: S608 - constants only


def given_key(request: HttpRequest) -> str:
    """The key of the request. Raises ApiProblem: none (401), or two different ones (400)."""
    # META, here and for `If-None-Match`: `request.headers` first makes an object of every header, 2 % of a read.
    header = request.META.get("HTTP_X_API_KEY", "").strip()
    scheme, _, bearer = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    bearer = bearer.strip() if scheme.lower() == "bearer" else ""
    if header and bearer and header != bearer:
        raise ApiProblem("conflicting_credentials")
    if not (header or bearer):
        raise ApiProblem("missing_key", headers=_CHALLENGE)
    return header or bearer


def authenticate(request: HttpRequest) -> Caller:
    """The caller, counted. Raises ApiProblem: 401 (the key), 429 (its minute is used up)."""
    secret = given_key(request)
    digest = keys.digest(secret) if keys.well_formed(secret) else None
    row = _look_up(digest, str(client_address(request))) if digest else None
    if row is None:
        request.META[REFUSED] = digest
        raise invalid_key()
    caller = _caller(row, request_id(request))
    request.META[CALLER] = caller
    if row.used > row.limit:
        wait = str(caller.resets_in)
        raise ApiProblem("rate_limited", headers={"Retry-After": wait, **rate_headers(caller)})
    return caller


def invalid_key() -> ApiProblem:
    """The 401 of a key that opens nothing, or nothing any more."""
    return ApiProblem("invalid_key", headers={"WWW-Authenticate": 'Bearer realm="ELMED", error="invalid_token"'})


def rate_headers(caller: Caller) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers)."""
    return {
        "RateLimit-Policy": f'"default";q={caller.limit};w={WINDOW_SECONDS}',
        "RateLimit": f'"default";r={caller.remaining};t={caller.resets_in}',
    }


def require_address(caller: Caller, request: HttpRequest) -> None:
    """Raise ApiProblem (403) where the key has an IP list and the client's address is not in it."""
    if caller.allowed_ips and not any(client_address(request) in network for network in _networks(caller.allowed_ips)):
        raise ApiProblem("ip_not_allowed")


def client_address(request: HttpRequest) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The client's address: the peer, or what the outermost trusted proxy says it saw."""
    proxies = environment().trusted_proxies
    text = request.META.get("REMOTE_ADDR", "")
    if proxies:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        text = hops[-proxies] if len(hops) >= proxies else text
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ipaddress.ip_address("0.0.0.0")  # noqa: S104 - an address in no list
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=1024)
def _networks(texts: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


@lru_cache(maxsize=256)
def _rights(scopes: str, kind: str) -> tuple[frozenset[str], frozenset[Permission]]:
    names = frozenset(json.loads(scopes))
    return names, of_scopes(names, kind)


def _caller(row: KeyRow, request: str) -> Caller:
    mode = Mode(row.mode)
    scopes, permissions = _rights(row.scopes, row.account_kind)
    test, now = mode is Mode.TEST, real_now()
    actor = Actor(
        account_id=row.account_id,
        account_kind=AccountKind(row.account_kind),
        account_state=acting_state(row.account_state, row.licence_expires_on, now),
        permissions=permissions,
        source="api",
        key_id=row.key_id,
        key_name=row.name,
        scopes=scopes,
        world_id=(row.test_world_id or 0) if test else LIVE_WORLD_ID,
        mode=mode,
        request_id=request,
    )
    return Caller(
        actor=actor,
        account_name=row.account_name,
        limit=row.limit,
        remaining=max(row.limit - row.used, 0),
        resets_in=min(max(math.ceil(row.seconds_left), 1), WINDOW_SECONDS),
        allowed_ips=tuple(json.loads(row.allowed_ips)),
        expires_at=row.expires_at,
        now=now + timedelta(seconds=(row.clock_offset or 0) if test else 0),
    )


def _look_up(digest: bytes, address: str) -> KeyRow | None:
    """One statement; tried once more on a fresh connection where the kept one had died."""
    look = _look_up_postgres if connection.vendor == "postgresql" else _look_up_sqlite
    try:
        return look(digest, address)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return look(digest, address)


def _look_up_postgres(digest: bytes, address: str) -> KeyRow | None:
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRES, {"digest": digest, "address": address})
        row = cursor.fetchone()
    return KeyRow(*row) if row else None


def _look_up_sqlite(digest: bytes, address: str) -> KeyRow | None:
    """The same through the ORM: the embedded database has one writer at a time, so that look and write cannot be parted."""
    now = datetime.now(UTC)
    usable = Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))
    with transaction.atomic():
        key = ApiKey.objects.select_related("account", "account__test_world").filter(usable, digest=digest).first()
        if key is None:
            return None
        account, world = key.account, key.account.test_world
        opened_at, used = _count_sqlite(key, now, address)
    left = (opened_at + timedelta(seconds=WINDOW_SECONDS) - now).total_seconds()
    fields: tuple[Any, ...] = (
        key.pk, account.pk, key.mode, key.name, json.dumps(key.scopes), json.dumps(key.allowed_ips),
        key.requests_per_minute, key.expires_at, account.kind, account.state, account.licence_expires_on,
        account.name, account.test_world_id, world.clock_offset_seconds if world else None, used, left,
    )  # fmt: skip
    return KeyRow(*fields)


def _count_sqlite(key: ApiKey, now: datetime, address: str) -> tuple[datetime, int]:
    window = RateWindow.objects.filter(key=key).first()
    if window is None or window.opened_at <= now - timedelta(seconds=WINDOW_SECONDS):
        fresh = {"opened_at": now, "used": 1, "last_used_at": now, "last_used_from": address}
        RateWindow.objects.update_or_create(key=key, defaults=fresh)
        return now, 1
    used = min(window.used + 1, key.requests_per_minute + 1)
    RateWindow.objects.filter(key=key).update(
        used=used, last_used_at=max(now, window.last_used_at), last_used_from=address
    )
    return window.opened_at, used
