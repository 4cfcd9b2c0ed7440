"""Cursors of lists: signed, so that one that was changed, or belongs to another list or account, is refused."""

from datetime import timedelta
from typing import Any

from django.core import signing

from elmed.api.problems import ApiProblem

_SALT = "elmed.api.cursor"
SETTLED = timedelta(seconds=2)  # younger changes may still be joined by an older one that commits later


def make(*, owner: str, position: list[Any]) -> str:
    """The text for `next_cursor`. `owner` says whose list with which filters it continues."""
    return signing.dumps([owner, position], salt=_SALT)


def read(text: str, *, owner: str) -> list[Any]:
    """The position. Raises ApiProblem 400 where it is not such a cursor of this very list."""
    try:
        found, position = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise _invalid() from None
    if found != owner or not isinstance(position, list):
        raise _invalid()
    return position


def _invalid() -> ApiProblem:
    wrong = {"parameter": "cursor", "code": "invalid_cursor", "detail": "Not a cursor of this list with these filters."}
    return ApiProblem("invalid_cursor", errors=[wrong])
