"""Writing a batch of notes, and forgetting what is old: the only code that writes the request log's tables."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from elmed.access.models import ApiKey
from elmed.core.models import LIVE_WORLD_ID, Mode
from elmed.request_log.models import LoggedRequest, ScopeUse
from elmed.request_log.note import Note, parameter_names

KEPT = timedelta(days=30)
PURGED_AT_ONCE = 20_000
COLUMNS = (
    "at", "key_id", "account_id", "world_id", "method", "route", "path", "parameters", "status", "milliseconds",
    "request_id", "code", "address",
)  # fmt: skip
_known: set[tuple[int, str, date]] = set()  # uses of scopes that this process has written


def write(notes: Sequence[Note]) -> int:
    """Write the notes whose key is known, in one statement, and which scopes they used. Returns how many."""
    owners = _owners({note.digest for note in notes if note.digest is not None})
    rows = [row for note in notes if (row := _row(note, owners)) is not None]
    uses = {(n.key_id, scope, n.at.date()) for n in notes if n.key_id is not None for scope in n.scopes} - _known
    if not rows:
        return 0
    with transaction.atomic():
        _insert(rows)
        _note_uses(uses)
    _known.update(uses)
    return len(rows)


def _owners(digests: Iterable[bytes]) -> dict[bytes, tuple[int, int, int]]:
    """Of keys that do not work any more: key, account, world."""
    found = ApiKey.objects.filter(digest__in=list(digests)).values_list(
        "digest", "pk", "account_id", "mode", "account__test_world_id"
    )
    return {
        bytes(digest): (key, account, (test or 0) if mode == Mode.TEST else LIVE_WORLD_ID)
        for digest, key, account, mode, test in found
    }


def _row(note: Note, owners: dict[bytes, tuple[int, int, int]]) -> tuple[Any, ...] | None:
    if note.key_id is not None:
        owner = (note.key_id, note.account_id, note.world_id)
    elif note.digest in owners:
        owner = owners[note.digest]
    else:
        return None  # nobody's
    return (
        note.at, *owner, note.method, note.route, note.path, parameter_names(note.query), note.status,
        note.milliseconds, note.request_id, note.code, note.address or None,
    )  # fmt: skip


def _insert(rows: list[tuple[Any, ...]]) -> None:
    if connection.vendor != "postgresql":
        LoggedRequest.objects.bulk_create([LoggedRequest(**dict(zip(COLUMNS, row, strict=True))) for row in rows])
        return
    # COPY: a third of the CPU of an INSERT with as many placeholders, on both sides.
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {LoggedRequest._meta.db_table} ({', '.join(COLUMNS)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _note_uses(uses: set[tuple[int, str, date]]) -> None:
    """A row a key, scope and day at most is touched; in one order, so that two processes never wait for each other."""
    newest = {(key, scope): day for key, scope, day in sorted(uses)}
    rows = [ScopeUse(key_id=key, scope=scope, last_used_on=day) for (key, scope), day in sorted(newest.items())]
    if rows:
        ScopeUse.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["key", "scope"], update_fields=["last_used_on"]
        )


def forget_known(before: date) -> None:
    """Drop what was remembered of earlier days."""
    _known.difference_update({use for use in _known if use[2] < before})


def purge(now: datetime) -> int:
    """Forget requests that are older than 30 days, some thousands at a time. Returns how many."""
    forgotten = 0
    while True:
        some = LoggedRequest.objects.filter(at__lt=now - KEPT).order_by("at").values_list("pk", flat=True)
        count = LoggedRequest.objects.filter(pk__in=list(some[:PURGED_AT_ONCE])).delete()[0]
        forgotten += count
        if count < PURGED_AT_ONCE:
            return forgotten
