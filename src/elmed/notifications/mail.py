"""Telling somebody by mail: `queue` writes it down inside the transaction of the fact, so that neither is without the other.

Called by the acts. The mail leaves a moment later (send.py). Its words stand in `templates/mails/NAME.txt`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection
from django.template.loader import get_template

from elmed.notifications.models import Mail

Word = str | int | bool | None


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
    if not connection.in_atomic_block:
        raise RuntimeError("A mail is queued inside the transaction of its fact.")
    if not to.strip():
        raise ValueError("A mail needs an address.")
    words = dict(context or {})
    if any(not isinstance(value, Word) for value in words.values()):
        raise ValueError("A mail's context holds ids and plain words only.")
    get_template(f"mails/{template}.txt")
    row = Mail(
        to=to.strip(), template=template, language=language, context=words, dedupe_key=dedupe_key,
        created_at=at, due_at=at,
    )  # fmt: skip
    if dedupe_key is None:
        row.save()
        return True
    if Mail.objects.filter(dedupe_key=dedupe_key).exists():
        return False
    Mail.objects.bulk_create([row], ignore_conflicts=True)  # somebody else may tell the same in this moment
    return True


def queue_all(
    to: Iterable[str],
    *,
    template: str,
    context: Mapping[str, Word] | None = None,
    at: datetime,
    dedupe_key: str | None = None,
) -> int:
    """The same to each of these addresses, each with its own mail. Returns how many were written."""
    written = 0
    for address in sorted(set(to)):
        key = f"{dedupe_key}:{address}"[:120] if dedupe_key else None
        written += queue(to=address, template=template, context=context, at=at, dedupe_key=key)
    return written
