"""The human code of a prescription: 11 random characters of Crockford's base 32 (55 bits) and a check character.

Written `XXXX-XXXX-XXXX`. Read without regard to case, spaces and dashes, with O as 0 and I and L as 1
(https://www.crockford.com/base32.html). The check character is Luhn's algorithm modulo 32: it finds every
single wrong character and nearly every swap of neighbours.
"""

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_LENGTH = 12
_IN_A_TEXT = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}(?![0-9A-Za-z])")


def _check_character(body: str) -> str:
    total = 0
    for index, character in enumerate(reversed(body)):
        product = ALPHABET.index(character) * (2 if index % 2 == 0 else 1)
        total += product // 32 + product % 32
    return ALPHABET[-total % 32]


def new() -> str:
    """A fresh reference."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH - 1))
    whole = body + _check_character(body)
    return "-".join(whole[i : i + 4] for i in range(0, _LENGTH, 4))


def canonical(text: str) -> str | None:
    """As it is stored, or None where it cannot be a reference (length, character or check character is wrong)."""
    whole = text.upper().translate(_READ)
    if len(whole) != _LENGTH or not set(whole) <= set(ALPHABET) or _check_character(whole[:-1]) != whole[-1]:
        return None
    return "-".join(whole[i : i + 4] for i in range(0, _LENGTH, 4))


def within(text: str) -> str:
    """The reference that a scanner read: alone, or inside an address; the text itself where there is none."""
    if canonical(text):
        return text
    return next((one for one in _IN_A_TEXT.findall(text) if canonical(one)), text)
