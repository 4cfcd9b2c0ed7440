"""How a patient's numbers are stored and compared: 943 476 5919 and 9434765919 are one, however they are typed."""

import unicodedata


def closed_up(number: str) -> str:
    """A health number as it is stored: without spaces."""
    return "".join(number.split())


def bare(number: str) -> str:
    """What of a health number or a phone is compared: letters, digits and the plus; no spaces, hyphens and brackets."""
    return "".join(one for one in number.casefold() if one.isalnum() or one == "+")


_TAIL = 9  # digits: what is left of a phone number without its country's code and the zero before it


def same_phone(one: str, other: str) -> bool:
    """Whether two phones are one, with the country's code or without: 07700 900123 is +44 7700 900123.

    For finding a record, which its name and birth date must match too; too loose to say that two records are one person's.
    """
    tails = [_digits(number)[-_TAIL:] for number in (one, other)]
    return tails[0] == tails[1] and len(tails[0]) == _TAIL


def _digits(number: str) -> str:
    """The digits of a phone; none of what has letters in it, which is no phone."""
    written = unicodedata.normalize("NFKC", number)
    return "" if any(map(str.isalpha, written)) else "".join(str(int(one)) for one in written if one.isdecimal())
