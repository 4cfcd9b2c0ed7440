"""What is kept in memory of one request until it is written, and what may be kept of its address: no values.

An address that exists shows its ids and nothing else that was put into it; of a query, the names.
"""

import re
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote_plus

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
LEFT_OUT = "…"
MOST_NAMES = 20
_ID = re.compile(r"[0-9]{1,19}", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\[\]-]{0,39}", re.ASCII)


class Note(NamedTuple):
    """One request. Without `key_id` the key was refused: `digest` says which it was, where it is known at all."""

    at: datetime
    key_id: int | None
    digest: bytes | None
    account_id: int
    world_id: int
    method: str
    route: str
    path: str
    query: str
    status: int
    milliseconds: int
    request_id: str
    code: str
    address: str
    scopes: tuple[str, ...]  # that the key holds and that this request could need; empty where it was refused

    @property
    def cheap_to_repeat(self) -> bool:
        """Whether nothing limits how often it comes: a used-up minute, or a key that does not work any more."""
        return self.key_id is None or self.code == "rate_limited"


def shown_path(route: str, path: str, words: frozenset[str]) -> str:
    """The path with the ids in it. Of an address that does not exist, only what are words of the API, or numbers."""
    if route:
        pairs = zip(route.split("/"), path.split("/"), strict=False)
        parts = [_id(given) if part.startswith("{") else part for part, given in pairs]
    else:
        parts = [part if part in words or not part else _id(part) for part in path.split("/")]
    return "/".join(parts)[:300]


def _id(text: str) -> str:
    return text if _ID.fullmatch(text) else LEFT_OUT


def parameter_names(query: str) -> str:
    """The names of a query's parameters, each once: `limit, cursor`. What does not look like a name is left out."""
    names = []
    for part in query.split("&") if query else ():
        name, sign, _ = part.partition("=")
        name = unquote_plus(name)
        names.append(name if sign and _NAME.fullmatch(name) else LEFT_OUT)
    return ", ".join(list(dict.fromkeys(names))[:MOST_NAMES])[:500]
