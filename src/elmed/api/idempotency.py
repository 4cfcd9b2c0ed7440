"""Idempotency-Key: the same request twice acts once.

A key belongs to account, world, method and path. Only 2xx answers are kept, written in the act's own
transaction; a refusal leaves the key free. On PostgreSQL a second request waits on the first one's row.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse

from elmed.api.endpoint import Call
from elmed.api.models import IdempotencyRecord
from elmed.api.problems import ApiProblem
from elmed.core.clock import real_now
from elmed.core.refusals import Refusal

KEPT = timedelta(hours=24)
_WAIT = "2s"
_LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's SQLSTATE


def once(
    call: Call, act: Callable[[], str], *, replayed: Callable[[], None], shown: Callable[[str], str]
) -> HttpResponse:
    """Do `act` and answer 200 with the JSON text it returns; or answer again what the same request was answered.

    `act` runs inside one transaction with its answer, kept or not: what is answered happened. `replayed` runs
    instead of it before an answer is given again: the request reads patients' data all the same. The whole answer is
    kept, and `shown` says what of it this caller reads: another key of the account may hold other scopes. Raises
    ApiProblem: 409 under way, 422 used with another body.
    """
    key = call.idempotency_key
    try:
        if key is not None:
            return _once(call, key, act, replayed=replayed, shown=shown)
        with transaction.atomic():
            return _answer(shown(act()))
    except Refusal as refusal:
        if refusal.leaves:  # it was undone together with the act
            refusal.leaves()
        raise


def _once(
    call: Call, key: str, act: Callable[[], str], *, replayed: Callable[[], None], shown: Callable[[str], str]
) -> HttpResponse:
    digest = hashlib.sha256(call.raw).digest()
    with transaction.atomic():
        claimed = _claim(call, key, digest)
        if claimed is not None:
            text = act()
            IdempotencyRecord.objects.filter(pk=claimed).update(status=200, body=text)
            return _answer(shown(text))
        kept = IdempotencyRecord.objects.get(**_scope(call), key=key)
        if bytes(kept.body_digest) != digest:
            raise ApiProblem("idempotency_key_reused")
        replayed()
        return _answer(shown(kept.body), headers={"Idempotency-Replayed": "true"})


def _scope(call: Call) -> dict[str, Any]:
    return {
        "account_id": call.actor.account_id,
        "world_id": call.actor.world_id,
        "method": call.request.method,
        "path": call.request.path_info[:300],
    }


def _claim(call: Call, key: str, digest: bytes) -> int | None:
    """Insert the key's row, waiting up to 2 s for another request's; its id, or None where an answer is kept."""
    now = real_now()
    values = {**_scope(call), "key": key, "digest": digest, "now": _stored(now), "body": ""}
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        # An answer older than a day is forgotten even before the worker removes it.
        IdempotencyRecord.objects.filter(**_scope(call), key=key, created_at__lt=now - KEPT).delete()
        if postgres:
            cursor.execute(f"SET LOCAL lock_timeout = '{_WAIT}'")
        try:
            cursor.execute(_INSERT, values)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != _LOCK_NOT_AVAILABLE:
                raise
            raise ApiProblem("request_in_progress", headers={"Retry-After": "1"}) from None
        row = cursor.fetchone()
        if postgres:
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    return row[0] if row else None


_INSERT = """
    INSERT INTO api_idempotencyrecord (account_id, world_id, method, path, key, body_digest, body, created_at)
    VALUES (%(account_id)s, %(world_id)s, %(method)s, %(path)s, %(key)s, %(digest)s, %(body)s, %(now)s)
    ON CONFLICT (account_id, world_id, method, path, key) DO NOTHING RETURNING id
"""


def _stored(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def _answer(text: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(text, content_type="application/json", headers=headers)


def purge(now: datetime) -> int:
    """Remove the answers that are older than 24 hours. Returns how many; the worker calls it."""
    return IdempotencyRecord.objects.filter(created_at__lt=now - KEPT).delete()[0]
