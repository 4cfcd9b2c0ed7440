"""What the code on a medicine's pack says: batch and expiry, from the GS1 text that a scanner types. Pure.

A GS1 text is a row of elements, each begun by a number that says what it is: 01 the product (14 digits), 17 the expiry
(YYMMDD), 10 the batch and 21 the serial number. The last two end at a group separator, or at the end.
"""

import calendar
from datetime import date
from typing import NamedTuple

_GROUP = "\x1d"
_FIXED = {"01": 14, "02": 14, "11": 6, "13": 6, "15": 6, "17": 6}
_OPEN = {"10": 20, "21": 20, "710": 20, "711": 20, "712": 20, "713": 20, "714": 20}


class Pack(NamedTuple):
    """Batch and expiry of one pack; the expiry is None where the code says none."""

    batch: str
    expiry: date | None


def scanned(text: str) -> Pack | None:
    """What the text says; None where it is no GS1 text with product and batch, such as a batch number typed by hand."""
    rest = text.removeprefix("]d2").removeprefix("]C1").lstrip(_GROUP)
    if "(01)" in rest:  # as it is printed for people
        rest = (
            rest.replace("(21)", f"{_GROUP}21")
            .replace("(10)", f"{_GROUP}10")
            .replace("(01)", "01")
            .replace("(17)", "17")
        )
    found: dict[str, str] = {}
    while rest:
        rest = rest.lstrip(_GROUP)
        kind = next((kind for kind in (*_FIXED, *_OPEN) if rest.startswith(kind)), None)
        if kind is None:
            return None
        rest = rest[len(kind) :]
        length = _FIXED.get(kind)
        if length is not None:
            value, rest = rest[:length], rest[length:]
            if len(value) < length or not value.isdecimal():
                return None
        else:
            value, _, rest = rest.partition(_GROUP)
            if not 0 < len(value) <= _OPEN[kind]:
                return None
        found.setdefault(kind, value)
    if "01" not in found or "10" not in found:
        return None
    return Pack(found["10"], _day(found["17"]) if "17" in found else None)


def _day(digits: str) -> date | None:
    """YYMMDD of this century; day 00 is the month's last."""
    year, month, day = 2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:])
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError):
        return None
