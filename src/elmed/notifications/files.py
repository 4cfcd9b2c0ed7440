"""Mails that were written to files, read again: the demo has no mail server, and shows them on a page.

Called by the portals. Django's file backend writes them to EMAIL_FILE_PATH, one file a connection.
"""

import email
import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings

MOST = 200
_BETWEEN = b"\n" + b"-" * 79 + b"\n"  # what the backend writes after each mail


@dataclass(frozen=True)
class FiledMail:
    """A mail as it would have arrived."""

    to: str
    subject: str
    text: str
    at: datetime


def newest() -> list[FiledMail]:
    """The newest first, at most 200."""
    folder = Path(settings.EMAIL_FILE_PATH)
    found = sorted(folder.glob("*.log"), key=lambda file: file.name, reverse=True)[:MOST] if folder.is_dir() else []
    mails = [mail for file in found for mail in reversed(_read(file))]
    return sorted(mails, key=lambda mail: mail.at, reverse=True)[:MOST]  # stable: within a second, by the file's name


def _read(file: Path) -> list[FiledMail]:
    parts = [part for part in file.read_bytes().split(_BETWEEN) if part.strip()]
    return [_mail(email.message_from_bytes(part, policy=email.policy.default)) for part in parts]


def _mail(message: EmailMessage) -> FiledMail:
    body = message.get_body(("plain",))
    at = parsedate_to_datetime(message["Date"]) if message["Date"] else datetime.fromtimestamp(0, UTC)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)  # Django writes `-0000`: the time in UTC, of no place
    text = str(body.get_content()) if body else ""
    return FiledMail(str(message["To"] or ""), str(message["Subject"] or ""), text, at)
