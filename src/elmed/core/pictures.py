"""Pictures that somebody sent, drawn anew: no byte, and no hidden word such as the place where it was taken, comes through.

Called where pictures are kept (inventory/images.py, accounts/documents.py).
"""

import io
import warnings
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from elmed.core.refusals import Invalid

# The formats that are read: Pillow's name, content type, extension, and how it is written.
FORMATS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "JPEG": ("image/jpeg", "jpg", {"quality": 85, "optimize": True, "progressive": True}),
    "PNG": ("image/png", "png", {"optimize": True}),
    "WEBP": ("image/webp", "webp", {"quality": 85, "method": 4}),
}


def drawn_anew(
    raw: bytes, *, formats: tuple[str, ...] = tuple(FORMATS), max_side: int, shown_side: int, pointer: str, wanted: str
) -> tuple[str, bytes, tuple[int, int]]:
    """Format, bytes and size of the picture without anything but its pixels.

    `max_side`: pixels of what is sent; `shown_side`: of what comes back. Raises Invalid at `pointer`: `wrong_type`
    (with the words `wanted`), `too_large`, `broken`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=formats) as sent:
                kind = sent.format or ""
                if kind not in formats:
                    raise Invalid.field(pointer, "wrong_type", wanted)
                if max(sent.size) > max_side:  # said by the header, before a pixel is decoded
                    raise Invalid.field(pointer, "too_large", f"At most {max_side} pixels on a side.")
                sent.load()
                drawn = _pixels(sent, kind, shown_side)
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid.field(pointer, "wrong_type", wanted) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError):  # what Pillow's decoders raise on broken files
        raise Invalid.field(pointer, "broken", "The picture is broken: it cannot be read to its end.") from None
    out = io.BytesIO()
    drawn.save(out, kind, **FORMATS[kind][2])
    return kind, out.getvalue(), drawn.size


def _pixels(sent: Image.Image, kind: str, shown_side: int) -> Image.Image:
    """The first frame, upright, within the size shown, in a plain colour mode; nothing else of the file."""
    upright = ImageOps.exif_transpose(sent)
    see_through = kind != "JPEG" and (upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info)
    plain = upright.convert("RGBA" if see_through else "RGB")
    plain.thumbnail((shown_side, shown_side))
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    return bare
