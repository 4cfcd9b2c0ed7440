"""Pictures of products: judged by decoding them, made small, stored under the hash of their bytes, served to anybody.

Called by the portal (upload) and by the page that serves them. What is stored was drawn anew here: no byte, and no
hidden word such as the place where it was taken, comes through from the file that somebody sent. What no product shows
any more is deleted by the worker (jobs/periodic.py).
"""

import hashlib
from datetime import datetime, timedelta
from typing import BinaryIO

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.core import pictures
from elmed.core.refusals import Invalid, NotVisible
from elmed.inventory.models import Product, ProductImage

MAX_BYTES = 2 * 1024 * 1024
MAX_SIDE = 4000  # pixels, of what is sent
SHOWN_SIDE = 1200  # pixels, of what is kept
KEPT_UNUSED = timedelta(days=1)  # shops and browsers that know its address still ask for it
AT_ONCE = 200  # at most so many in one run
FORMATS = pictures.FORMATS
EXTENSIONS = {content_type: extension for content_type, extension, _ in FORMATS.values()}


def store(actor: Actor, upload: BinaryIO, *, now: datetime) -> ProductImage:
    """Keep a picture that was sent; the same one is kept once. Raises NotAllowed, Invalid (size, kind, sides, broken)."""
    policy.require(actor, Permission.PRODUCT_WRITE)
    raw = upload.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise _wrong("too_large", _("The picture is larger than 2 MB."))
    kind, data, (width, height) = pictures.drawn_anew(
        raw, max_side=MAX_SIDE, shown_side=SHOWN_SIDE, pointer="/image", wanted=_("Send a JPEG, PNG or WebP picture.")
    )
    row, _made = ProductImage.objects.get_or_create(
        sha256=hashlib.sha256(data).hexdigest(),
        defaults={
            "content_type": FORMATS[kind][0], "width": width, "height": height, "data": data, "created_at": now,
        },
    )  # fmt: skip
    if row.unused_since is not None:  # about to be shown again: its day begins anew, should it not be
        row.unused_since = None
        row.save(update_fields=["unused_since"])
    return row


def purge_unused(real: datetime) -> int:
    """Delete pictures that no product has shown for a day, and note those that none shows since now. Returns how many went.

    `real`: real time, for a picture belongs to no world. What one run leaves, the next one finds.
    """
    gone = _unused().filter(unused_since__lte=real - KEPT_UNUSED)
    deleted = ProductImage.objects.filter(pk__in=list(gone.order_by("unused_since")[:AT_ONCE])).filter(
        _nowhere_shown(), unused_since__lte=real - KEPT_UNUSED
    )
    count = deleted.only("pk").delete()[0]
    fresh = list(_unused().filter(unused_since__isnull=True)[:AT_ONCE])
    ProductImage.objects.filter(pk__in=fresh).update(unused_since=real)
    return count


def _unused() -> QuerySet[ProductImage, str]:
    return ProductImage.objects.filter(_nowhere_shown()).values_list("pk", flat=True)


def _nowhere_shown() -> Q:
    """Retired products count as showing theirs: they may be put back on sale."""
    return ~Q(Exists(Product.objects.filter(image=OuterRef("pk"))))


def path(sha256: str, content_type: str) -> str:
    """The picture's address on this installation; another picture has another one."""
    return f"/images/{sha256}.{EXTENSIONS[content_type]}"


def load(sha256: str, extension: str) -> ProductImage:
    """The picture at that address. Raises NotVisible."""
    row = ProductImage.objects.filter(pk=sha256).first()
    if row is None or EXTENSIONS[row.content_type] != extension:
        raise NotVisible("image")
    return row


def _wrong(code: str, detail: str) -> Invalid:
    return Invalid.field("/image", code, detail)
