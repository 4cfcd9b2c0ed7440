"""What every write goes through: `Idempotency-Key`, so that the same request twice acts once, and `dry_run`.

A key belongs to account, world, method and path. Only 2xx answers are kept, written in the act's own
transaction; a refusal leaves the key free. On PostgreSQL a second request waits on the first one's row.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
DRY = {"Dry-Run": "true"}
_WAIT = "2s"
_LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's SQLSTATE


def once(
    call: Call, act: Callable[[], str], *, replayed: Callable[[], None], shown: Callable[[str], str]
) -> HttpResponse:
    """Do `act` and answer with the JSON text it returns; or answer again what the same request was answered.

    `act` runs inside one transaction with its answer, kept or not: what is answered happened. `replayed` runs
    instead of it before an answer is given again: the request reads patients' data all the same. The whole answer is
    kept, and `shown` says what of it this caller reads: another key of the account may hold other scopes. Raises
    ApiProblem: 409 under way, 422 used with another body.
    """
    key = call.idempotency_key
    with _what_a_refusal_leaves():
        if call.dry_run:
            return _tried(call, act, replayed=replayed, shown=shown)
        if key is not None:
            return _once(call, key, act, replayed=replayed, shown=shown)
        with transaction.atomic():
            return _answer(call, shown(act()))


def written(call: Call, act: Callable[[], str | None]) -> HttpResponse:
    """The same for a write that can be repeated without harm, and so takes no `Idempotency-Key`. None: a 204.

    What is to be recorded of a look at patients' data is recorded outside `act`, or a dry run forgets it.
    """
    with _what_a_refusal_leaves(), transaction.atomic():
        text = act()
        if call.dry_run:
            transaction.set_rollback(True)
    return _answer(call, text, headers=DRY if call.dry_run else None)


@contextmanager
def _what_a_refusal_leaves() -> Iterator[None]:
    """Do again what even a refusal leaves: it was undone together with the act. Around the transaction."""
    try:
        yield
    except Refusal as refusal:
        if refusal.leaves:
            refusal.leaves()
        raise


class _Undone(Exception):
    """Leaves the transaction of a dry run, so that nothing of it is kept; the answer is."""


def _tried(
    call: Call, act: Callable[[], str], *, replayed: Callable[[], None], shown: Callable[[str], str]
) -> HttpResponse:
    """What `act` would answer. Nothing of it is kept but that patients' data were looked at."""
    try:
        with transaction.atomic():
            raise _Undone(act())
    except _Undone as undone:
        text: str = undone.args[0]
    with transaction.atomic():
        replayed()
    return _answer(call, shown(text), headers=DRY)


def _once(
    call: Call, key: str, act: Callable[[], str], *, replayed: Callable[[], None], shown: Callable[[str], str]
) -> HttpResponse:
    digest = hashlib.sha256(call.raw).digest()
    with transaction.atomic():
        claimed = _claim(call, key, digest)
        if claimed is not None:
            text = act()
            IdempotencyRecord.objects.filter(pk=claimed).update(status=call.status, body=text)
            return _answer(call, shown(text))
        kept = IdempotencyRecord.objects.get(**_scope(call), key=key)
        if bytes(kept.body_digest) != digest:
            raise ApiProblem("idempotency_key_reused")
        replayed()
        return _answer(call, shown(kept.body), headers={"Idempotency-Replayed": "true"})


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


def _answer(call: Call, text: str | None, headers: dict[str, str] | None = None) -> HttpResponse:
    if text is None:
        return HttpResponse(status=204, headers=headers)
    return HttpResponse(text, content_type="application/json", status=call.status, headers=headers)


def purge(now: datetime) -> int:
    """Remove the answers that are older than 24 hours. Returns how many; the worker calls it."""
    return IdempotencyRecord.objects.filter(created_at__lt=now - KEPT).delete()[0]
