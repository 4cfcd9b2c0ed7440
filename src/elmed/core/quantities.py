"""Quantities: canonical decimal strings outside, integer thousandths inside.

`"28"`, `"0.5"`, never `"28.0"` and never a float; thousandths because SQLite compares decimals as
floats. Units are never converted.
"""

import re

from django.utils.translation import gettext as _

MAX_THOUSANDTHS = 1_000_000_000  # one million units
_PATTERN = re.compile(r"(0|[1-9][0-9]{0,6})(?:\.([0-9]{1,3}))?")


def parse(text: str) -> int:
    """Thousandths of a positive decimal string with at most three decimals.

    Raises ValueError for zero, signs, exponents, spaces, leading zeros, a trailing zero after the point,
    or over a million.
    """
    match = _PATTERN.fullmatch(text)
    if match is None or (match[2] and match[2].endswith("0")):
        raise ValueError(_('A decimal string such as "28" or "0.5": at most three decimals, no trailing zero.'))
    value = int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))
    if not 0 < value <= MAX_THOUSANDTHS:
        raise ValueError(_("More than 0 and at most 1000000."))
    return value


def text(thousandths: int) -> str:
    """The canonical decimal string: `28000` → `"28"`, `500` → `"0.5"`."""
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)
