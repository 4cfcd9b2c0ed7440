"""Sending what waits: never lost, and only where a worker dies between sending and noting it, twice.

Called by the clock (jobs/periodic.py), by any number of workers at once: each takes rows by a lease, sends outside that
transaction, and notes the outcome.
"""

import logging
import time
from datetime import datetime, timedelta
from email.utils import make_msgid, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.template import Context
from django.template.loader import get_template
from django.utils import translation

from elmed.core.clock import real_now
from elmed.notifications.models import Mail

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=10)  # a worker that died is believed dead after this, and the mail is tried again
BATCH = 50
BUDGET = 20.0  # seconds in a run: the worker has other things to do, and the rest is due again at once
KEPT = timedelta(days=90)
# The wait after each failed try. Soon at first, for a server that restarts or greylists; then patiently, as mail servers
# do. After the last one, about three days on, nobody tries again: the row stays, with the reason, until it is purged.
WAITS = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=3),
    timedelta(hours=6), timedelta(hours=12), timedelta(hours=24), timedelta(hours=24),
)  # fmt: skip


def send_due(now: datetime) -> int:
    """Send what is due; returns how many left."""
    sent, began = 0, time.monotonic()
    for mail in _take(now):
        if time.monotonic() - began > BUDGET:
            _give_back(mail, now)
            continue
        sent += _send(mail)
    return sent


def words(mail: Mail) -> tuple[str, str]:
    """Subject and text, in the mail's language. The template's first line is `Subject: …`."""
    context = {
        **mail.context,
        "SITE_NAME": settings.SITE_NAME,
        "BASE_URL": settings.BASE_URL,
        "SUPPORT_EMAIL": settings.SUPPORT_EMAIL,
        "to": mail.to,
    }
    with translation.override(mail.language or settings.LANGUAGE_CODE):
        template = get_template(f"mails/{mail.template}.txt").template  # type: ignore[attr-defined]
        text: str = template.render(Context(context, autoescape=False))
    first, _, rest = text.lstrip().partition("\n")
    return first.removeprefix("Subject:").strip(), rest.strip() + "\n"


def purge(now: datetime) -> int:
    """Forget what was sent, or given up, and is older than 90 days. Returns how many rows."""
    return Mail.objects.filter(created_at__lt=now - KEPT).exclude(sent_at=None, given_up_at=None).delete()[0]


def _take(now: datetime) -> list[Mail]:
    """Lease what is due: on PostgreSQL what another worker is taking is passed by."""
    with transaction.atomic():
        rows = list(
            Mail.objects.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
            .filter(due_at__lte=now, sent_at=None, given_up_at=None)
            .order_by("due_at", "pk")[:BATCH]
        )
        Mail.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=now + LEASE)
    return rows


def _give_back(mail: Mail, now: datetime) -> None:
    Mail.objects.filter(pk=mail.pk, sent_at=None).update(due_at=now)


def _send(mail: Mail) -> bool:
    """Try it once, and note what came of it. Whether it left."""
    try:
        subject, text = words(mail)
        EmailMessage(subject, text, None, [mail.to], headers=_headers()).send()
    except Exception as error:  # whatever went wrong with this one, the others have their turn
        _failed(mail, error)
        return False
    Mail.objects.filter(pk=mail.pk).update(
        sent_at=real_now(), attempts=mail.attempts + 1, last_error="", context={"id": mail.context.get("id")}
    )
    return True


def _headers() -> dict[str, str]:
    """No vacation notice comes back (RFC 3834); the id is the sender's domain's, and does not name this machine."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return {"Auto-Submitted": "auto-generated", "Message-ID": make_msgid(domain=domain)}


def _failed(mail: Mail, error: Exception) -> None:
    now, last = real_now(), mail.attempts >= len(WAITS)
    outcome = {"given_up_at": now} if last else {"due_at": now + WAITS[mail.attempts]}
    # The class and the server's code, not its words: those may quote the address.
    reason = f"{type(error).__name__} {getattr(error, 'smtp_code', '') or getattr(error, 'errno', '') or ''}".strip()
    # Not where another worker, after the lease, has sent it meanwhile.
    Mail.objects.filter(pk=mail.pk, sent_at=None).update(attempts=mail.attempts + 1, last_error=reason[:300], **outcome)
    log.log(
        logging.ERROR if last else logging.WARNING, "mail %s not sent, try %d: %s", mail.pk, mail.attempts + 1, reason
    )
