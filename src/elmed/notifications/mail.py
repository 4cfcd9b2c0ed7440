"""Telling somebody by mail: `queue` writes it down inside the transaction of the fact, so that neither is without the other.

Called by the acts. The mail leaves a moment later (send.py). Its words stand in `templates/mails/NAME.txt`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.template.loader import get_template

from elmed.notifications.models import Mail

Word = str | int | bool | None


@dataclass(frozen=True)
class Addressee:
    """Who gets a mail, in which language, and the words of it that are theirs."""

    address: str
    language: str = ""
    dedupe_key: str | None = None
    context: Mapping[str, Word] = field(default_factory=dict)


def queue(
    *,
    to: str,
    template: str,
    context: Mapping[str, Word] | None = None,
    at: datetime,
    language: str = "",
    dedupe_key: str | None = None,
) -> bool:
    """Write one mail down, to be sent from `at` (real time) on. False where one with this `dedupe_key` was before.

    `context`: ids and plain words only, never a medicine, a diagnosis, a specialty or a secret: links are signed when
    the mail is made. Raises RuntimeError outside a transaction, ValueError for no address or what is no plain word,
    TemplateDoesNotExist.
    """
    return bool(queue_all([Addressee(to, language, dedupe_key, context or {})], template=template, at=at))


def queue_all(to: Iterable[Addressee], *, template: str, at: datetime) -> int:
    """The same to each of them, each with a mail of their own, in two statements. Returns how many were written."""
    if not connection.in_atomic_block:
        raise RuntimeError("A mail is queued inside the transaction of its fact.")
    get_template(f"mails/{template}.txt")
    rows = [_row(one, template, at) for one in to]
    keys = [row.dedupe_key for row in rows if row.dedupe_key is not None]
    told = set(Mail.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True)) if keys else set()
    rows = [row for row in rows if row.dedupe_key not in told]
    # Somebody else may tell the same in this moment.
    Mail.objects.bulk_create(rows, ignore_conflicts=bool(keys))
    return len(rows)


def _row(one: Addressee, template: str, at: datetime) -> Mail:
    if not one.address.strip():
        raise ValueError("A mail needs an address.")
    words = dict(one.context)
    if any(not isinstance(value, Word) for value in words.values()):
        raise ValueError("A mail's context holds ids and plain words only.")
    return Mail(
        to=one.address.strip(), template=template, language=one.language, context=words, dedupe_key=one.dedupe_key,
        created_at=at, due_at=at,
    )  # fmt: skip


def keys_since(template: str, since: datetime) -> set[str]:
    """The keys under which this was told since then, so that who tells it again and again need not try each."""
    rows = Mail.objects.filter(template=template, created_at__gte=since, dedupe_key__isnull=False)
    return {key for key in rows.values_list("dedupe_key", flat=True) if key}


def sent_to(address: str) -> list[Mail]:
    """The mails to a confirmed address that are still kept, the oldest first, without their words; for its owner."""
    return list(Mail.objects.filter(to__iexact=address).defer("context").order_by("pk"))
