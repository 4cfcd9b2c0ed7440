"""What options take: each says in argparse's own words why a value is none (exit 2), before anything is asked."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import datetime
from decimal import Decimal

from elmed_client.decode import quantity

_MOST = 2**63 - 1  # what ELMED's ids and numbers end at
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def identifier(text: str) -> int:
    """An id, as ELMED gives it."""
    return _whole(text, least=1, words=f"{text!r} is no id: a whole number, 1 or more")


def count(text: str) -> int:
    """How many."""
    return _whole(text, least=1, words=f"{text!r}: a whole number, 1 or more")


def sequence(text: str) -> int:
    """An event's number, or 0: before the first."""
    return _whole(text, least=0, words=f"{text!r} is no event's number: a whole number, 0 or more")


def moment(text: str) -> str:
    """A moment with its zone, as RFC 3339 writes it."""
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError
        datetime.fromisoformat(text[:19].upper())
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no moment such as 2026-11-22T00:00:00Z") from None
    return text


def line(text: str) -> tuple[int, str]:
    """A line's id and how much of it."""
    id, _, amount = text.partition("=")
    try:
        found = quantity(amount)
        if Decimal(found) <= 0:
            raise ValueError
        return identifier(id), found
    except (ValueError, ArgumentTypeError):
        raise ArgumentTypeError(f"{text!r}: such as 456=14, a line's id and how much of it, more than 0") from None


def _whole(text: str, *, least: int, words: str) -> int:
    number = int(text) if _DIGITS.fullmatch(text) else -1
    if not least <= number <= _MOST:
        raise ArgumentTypeError(words)
    return number
