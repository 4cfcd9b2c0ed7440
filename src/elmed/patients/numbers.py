"""How a patient's numbers are stored and compared: 943 476 5919 and 9434765919 are one, however they are typed."""

import re
import unicodedata


def closed_up(number: str) -> str:
    """A health number as it is stored: without spaces."""
    return "".join(number.split())


def bare(number: str) -> str:
    """What of a health number or a phone is compared: letters, digits and the plus; no spaces, hyphens and brackets."""
    return "".join(one for one in number.casefold() if one.isalnum() or one == "+")


_LEAST = 7  # digits of a number without its country's code: the shortest in use


def same_phone(one: str, other: str) -> bool:
    """Whether two phones are one, with the country's code or without: 07700 900123 is +44 7700 900123.

    International ones must be equal; another must be the end of an international one (E.164: a code of one to three digits
    before it). For finding a record, which its name and birth date must match too; too loose to say that two records are
    one person's.
    """
    (abroad, first), (too, second) = _parts(one), _parts(other)
    if abroad == too:
        return first == second and len(first) >= _LEAST
    whole, national = (first, second) if abroad else (second, first)
    return len(national) >= _LEAST and whole.endswith(national) and 1 <= len(whole) - len(national) <= 3


def _parts(number: str) -> tuple[bool, str]:
    """Whether it begins with the country's code, and its digits without 00 and the zero before them; none where letters are in it."""
    written = unicodedata.normalize("NFKC", number)
    digits = "" if any(map(str.isalpha, written)) else "".join(str(int(one)) for one in written if one.isdecimal())
    if written.strip().startswith("+") or digits.startswith("00"):
        # +44 (0)7700: the zero in brackets is dialled at home only
        begins = digits.lstrip("0")
        inside = re.search(r"\(0\)", written)
        code = sum(one.isdecimal() for one in written[: inside.start()]) - (len(digits) - len(begins)) if inside else 0
        return True, begins[:code] + begins[code + 1 :] if inside else begins
    return False, digits.lstrip("0")
