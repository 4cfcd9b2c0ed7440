"""One request of the API, described and not yet sent. The clients make them, core.py turns them into HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from uuid import uuid4

T = TypeVar("T")
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
Value = str | int | float | bool | None  # as httpx has it


@dataclass(frozen=True)
class Call(Generic[T]):
    """An operation of the contract with what fills it in. `answer` is the type of a 2xx body; None: there is none."""

    operation: str
    method: str
    path: str
    answer: type[T] | None
    ids: Mapping[str, int] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    idempotency_key: str | None = None
    """Only of operations that take one: `once` makes it."""
    repeatable: bool = False
    """Whether a second time does no harm, as with every GET."""
    patience: float = 0.0
    """Seconds the server may take on purpose, on top of the timeout."""
    keyless: bool = False
    """Sent without the key."""

    def where(self) -> str:
        """The path with its ids. Raises TypeError for an id that is no number: a text could lead elsewhere."""
        for name, value in self.ids.items():
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{name} is an int.")
        return self.path.format(**self.ids)

    def parameters(self) -> list[tuple[str, Value]]:
        """The query: None is left out, a list is repeated."""
        found: list[tuple[str, Value]] = []
        for name, value in self.query.items():
            for one in value if isinstance(value, list | tuple) else [value]:
                if one is not None:
                    found.append((name, _text(one)))
        return found


def once(call: Call[T], key: str | None, *, dry_run: bool = False) -> Call[T]:
    """A POST that acts once however often it is sent. A dry run needs no key: nothing of it is kept."""
    if dry_run:
        return tried(call, dry_run=True)
    if key is not None and not _KEY.fullmatch(key):
        raise ValueError("idempotency_key is 1 to 255 printable ASCII characters.")
    return replace(call, idempotency_key=new_key() if key is None else key)


def tried(call: Call[T], *, dry_run: bool) -> Call[T]:
    """A write, or what it would do."""
    if not dry_run:
        return call
    return replace(call, query={**call.query, "dry_run": True}, repeatable=True)


def new_key() -> str:
    """An `Idempotency-Key` that nobody else has."""
    return f"elmed-client-{uuid4()}"


def given(**members: Any) -> dict[str, Any]:
    """A body's members, without those that are None."""
    return {name: value for name, value in members.items() if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
