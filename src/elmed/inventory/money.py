"""Money: a decimal string and an ISO 4217 code outside, thousandths of the currency's unit inside. Pure."""

import re

from django.utils.translation import gettext as _

MAX_MILLI = 10_000_000_000  # ten million units
# ISO 4217's minor units, where they are not two.
_DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip


def currency(code: str) -> str:
    """The code, in capitals. Raises ValueError where it is not three letters (ISO 4217)."""
    if not re.fullmatch(r"[A-Za-z]{3}", code):
        raise ValueError(_("A currency's three letters, such as EUR (ISO 4217)."))
    return code.upper()


def parse(amount: str, code: str) -> int:
    """Thousandths of the unit. Raises ValueError: no decimal number, more decimals than the currency has, too much."""
    match = re.fullmatch(r"(0|[1-9][0-9]{0,7})(?:\.([0-9]{1,3}))?", amount)
    digits = _DIGITS.get(code, 2)
    if match is None or len(match[2] or "") > digits:
        raise ValueError(
            _("An amount such as %(example)s: at most %(digits)s decimals.")
            % {"example": text(12500, code), "digits": digits}
        )
    value = int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))
    if value > MAX_MILLI:
        raise ValueError(_("At most ten million."))
    return value


def smallest_milli(code: str) -> int:
    """The currency's smallest coin in thousandths of its unit: 10 in EUR, 1000 in JPY."""
    return int(10 ** (3 - _DIGITS.get(code, 2)))


def text(milli: int, code: str) -> str:
    """The amount with the currency's decimals: `12500` in EUR is `"12.50"`."""
    digits = _DIGITS.get(code, 2)
    whole, rest = divmod(milli, 1000)
    return f"{whole}.{rest:03d}"[: -(3 - digits) or None] if digits else str(whole)
