"""Documents of a licence: judged by their bytes, never by their name; kept in the database; seen by staff and by their owner.

Called by joining.py, review.py and licences.py, and by the page that hands them out. A picture is drawn anew; a PDF is
kept as it is, so it is only ever handed out to be saved.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.models import Account, AccountKind, Document
from elmed.core import pictures
from elmed.core.refusals import Invalid, NotAllowed, NotVisible

MAX_BYTES = 5 * 1024 * 1024
MAX_SIDE = 6000  # pixels, of what is sent: a phone's picture
SHOWN_SIDE = 2400  # pixels, of what is kept: small print can be read
MOST = 20  # of one account within a year: more is not judged, it is stored
A_YEAR = timedelta(days=365)
POINTER = "/document"
_PICTURES = ("JPEG", "PNG")


@dataclass(frozen=True)
class Judged:
    """A document fit to be kept."""

    name: str
    content_type: str
    data: bytes


def judge(upload: BinaryIO, name: str) -> Judged:
    """Read and judge what was sent. Raises Invalid: empty, larger than 5 MB, neither PDF, JPEG nor PNG, broken."""
    raw = upload.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise Invalid.field(POINTER, "too_large", _("The file is larger than 5 MB. Send a smaller one."))
    if not raw:
        raise Invalid.field(POINTER, "empty", _("The file is empty."))
    wanted = _("Send a PDF, or a JPEG or PNG picture.")
    if raw.startswith(b"%PDF-"):
        if b"%%EOF" not in raw[-2048:]:
            raise Invalid.field(POINTER, "broken", _("The PDF is broken: its end is missing. Send it again."))
        return Judged(_name(name, "pdf"), "application/pdf", raw)
    kind, data, _size = pictures.drawn_anew(
        raw, formats=_PICTURES, max_side=MAX_SIDE, shown_side=SHOWN_SIDE, pointer=POINTER, wanted=wanted
    )
    content_type, extension, _how = pictures.FORMATS[kind]
    return Judged(_name(name, extension), content_type, data)


def keep(account: Account, judged: Judged, *, person_id: int | None, now: datetime) -> Document:
    """Keep it with the account. Raises Invalid where it has sent too many."""
    if Document.objects.filter(account=account, created_at__gt=now - A_YEAR).count() >= MOST:
        raise Invalid.field(POINTER, "too_many", _("You have sent 20 documents. Write to the support address instead."))
    return Document.objects.create(
        account=account, name=judged.name, content_type=judged.content_type, data=judged.data, size=len(judged.data),
        sent_by_id=person_id, created_at=now,
    )  # fmt: skip


def load(actor: Actor, document_id: int) -> Document:
    """A document, for ELMED's staff and for who manages its account. Raises NotVisible, NotAllowed."""
    found = Document.objects.filter(pk=document_id).first()
    if found is None:
        raise NotVisible("document")
    if actor.account_kind is AccountKind.STAFF:
        policy.require(actor, Permission.ACCOUNT_VERIFY)
        return found
    if found.account_id != actor.account_id:
        raise NotVisible("document")
    if Permission.ACCOUNT_MANAGE not in actor.permissions:
        raise NotAllowed("permission_denied", _("Your role in this account does not include that."))
    return found


def _name(name: str, extension: str) -> str:
    """What the sender called it, in letters that every header and file system takes; the true extension."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name.rpartition("/")[2].rpartition("\\")[2].rpartition(".")[0]).strip("-.")
    return f"{stem[:100] or 'document'}.{extension}"
