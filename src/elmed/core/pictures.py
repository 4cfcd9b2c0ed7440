"""Pictures that somebody sent, drawn anew: no byte, and no hidden word such as the place where it was taken, comes through.

Called where pictures are kept (inventory/images.py, accounts/documents.py).
"""

import io
import struct
import threading
import warnings
from typing import Any

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from elmed.core.refusals import Invalid

# The formats that are read: Pillow's name, content type, extension, and how it is written.
FORMATS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "JPEG": ("image/jpeg", "jpg", {"quality": 85, "optimize": True, "progressive": True}),
    "PNG": ("image/png", "png", {"optimize": True}),
    "WEBP": ("image/webp", "webp", {"quality": 85, "method": 4}),
}
# What Pillow's decoders raise on broken files.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)
# A small file can unfold to 150 MB, and anybody may send one: a process unfolds one at a time.
_ONE_AT_A_TIME = threading.Lock()


def drawn_anew(
    raw: bytes, *, formats: tuple[str, ...] = tuple(FORMATS), max_side: int, shown_side: int, pointer: str, wanted: str
) -> tuple[str, bytes, tuple[int, int]]:
    """Format, bytes and size of the picture without anything but its pixels.

    `max_side`: pixels of what is sent; `shown_side`: of what comes back. Raises Invalid at `pointer`: `wrong_type`
    (with the words `wanted`), `too_large`, `broken`.
    """
    try:
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=formats) as sent:
                kind = sent.format or ""
                if kind not in formats:
                    raise Invalid.field(pointer, "wrong_type", wanted)
                if max(sent.size) > max_side:  # said by the header, before a pixel is decoded
                    raise Invalid.field(
                        pointer, "too_large", _("At most %(most)s pixels on a side.") % {"most": max_side}
                    )
                drawn = _pixels(sent, kind, shown_side)
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid.field(pointer, "wrong_type", wanted) from None
    except _BROKEN:
        raise Invalid.field(pointer, "broken", _("The picture is broken: it cannot be read to its end.")) from None
    out = io.BytesIO()
    drawn.save(out, kind, **FORMATS[kind][2])
    return kind, out.getvalue(), drawn.size


def _pixels(sent: Image.Image, kind: str, shown_side: int) -> Image.Image:
    """The first frame, upright, within the size shown, in a plain colour mode; nothing else of the file.

    Made small first and in place, where its colours can be mixed: every further copy is of what is shown.
    """
    see_through = kind != "JPEG" and (sent.mode in ("RGBA", "LA", "PA") or "transparency" in sent.info)
    mode = "RGBA" if see_through else "RGB"
    mixes = sent.mode in ("RGB", "L", "RGBA", "LA", "CMYK") and "transparency" not in sent.info
    plain = sent if mixes else sent.convert(mode)
    plain.thumbnail((shown_side, shown_side))
    ImageOps.exif_transpose(plain, in_place=True)
    plain = plain.convert(mode)
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    return bare
