"""What the tests of joining share: a licence's document, somebody new, and the mails that wait."""

import io
from datetime import date, timedelta

from PIL import Image

from elmed.accounts import documents, joining
from elmed.accounts.models import AccountKind
from elmed.core.clock import real_now
from elmed.notifications import send
from elmed.notifications.models import Mail

PASSWORD = "correct-horse-battery-staple"
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), **words) -> bytes:
    """A picture of that format."""
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **words)
    return out.getvalue()


def document(data: bytes = PDF, name: str = "licence.pdf") -> documents.Judged:
    """A judged document."""
    return documents.judge(io.BytesIO(data), name)


def ahead(days: int = 400) -> date:
    """A day that lies ahead."""
    return real_now().date() + timedelta(days=days)


def new_account(kind: AccountKind = AccountKind.DOCTOR, **words) -> joining.NewAccount:
    """What a registration says."""
    words = {
        "name": "Dr New", "licence_number": "N100", "licence_body": "GMC", "licence_expires_on": ahead(),
        "document": document(), "phone": "+44 20 1", "address": "1 New Road", "city": "Bristol",
    } | words  # fmt: skip
    return joining.NewAccount(kind=kind, **words)


def newcomer(email: str = "new@example.org", **words) -> joining.Newcomer:
    """Somebody who has no sign-in."""
    return joining.Newcomer(**({"name": "Dr New", "email": email, "password": PASSWORD} | words))


def waiting(template: str | None = None) -> list[str]:
    """To whom mails wait, by template where one is named."""
    rows = Mail.objects.filter(sent_at=None)
    return sorted((rows.filter(template=template) if template else rows).values_list("to", flat=True))


def words_of(template: str) -> str:
    """Subject and text of the newest mail of that template."""
    return "\n".join(send.words(Mail.objects.filter(template=template).latest("pk")))
