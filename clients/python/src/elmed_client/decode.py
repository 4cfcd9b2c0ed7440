"""From JSON to typed values and back. What JSON has and the model has not is left alone: new fields break nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from elmed_client.errors import UnexpectedAnswerError

T = TypeVar("T")


def decode(kind: type[T], value: Any, *, where: str = "answer") -> T:
    """`value` as `kind`: a model, a list's tuple, Decimal, date, datetime. Raises UnexpectedAnswerError."""
    return cast(T, _decode(kind, value, where))


def _decode(kind: Any, value: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _one_of(get_args(kind), value, where)
    if origin is tuple:
        return tuple(_decode(get_args(kind)[0], one, f"{where}[{at}]") for at, one in enumerate(_list(value, where)))
    if dataclasses.is_dataclass(kind):
        return _model(cast(type, kind), value, where)
    return _scalar(kind, value, where)


def _one_of(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    """None where that is one; else the first model whose fields are all there."""
    if value is None and NoneType in kinds:
        return None
    others = [kind for kind in kinds if kind is not NoneType]
    for kind in others[:-1]:
        try:
            return _decode(kind, value, where)
        except UnexpectedAnswerError:
            continue
    return _decode(others[-1], value, where)


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _unexpected(where, "a list")
    return value


def _model(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise _unexpected(where, "an object")
    values: dict[str, Any] = {"raw": value}
    for name, json_name, field_kind, required in _fields(kind):
        if json_name in value:
            values[name] = _decode(field_kind, value[json_name], f"{where}.{json_name}")
        elif required:
            raise _unexpected(f"{where}.{json_name}", "a value")
    return kind(**values)


@cache
def _fields(kind: type) -> tuple[tuple[str, str, Any, bool], ...]:
    """(attribute, name in JSON, its type, whether JSON must have it) of each field."""
    hints = get_type_hints(kind)
    missing = dataclasses.MISSING
    return tuple(
        (one.name, one.name.rstrip("_"), hints[one.name], one.default is missing and one.default_factory is missing)
        for one in dataclasses.fields(kind)
        if one.name not in ("raw", "etag")
    )


def _scalar(kind: Any, value: Any, where: str) -> Any:
    if kind is Any:
        return value
    if kind in (bool, int, str):
        if type(value) is not kind:
            raise _unexpected(where, f"{kind.__name__}")
        return value
    if not isinstance(value, str):
        raise _unexpected(where, f"a text that is a {kind.__name__}")
    try:
        return _READ[kind](value)
    except (ValueError, InvalidOperation):
        raise _unexpected(where, f"a {kind.__name__}") from None


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    if found.tzinfo is None:
        raise ValueError("no time zone")
    return found


_READ: dict[Any, Any] = {Decimal: Decimal, date: date.fromisoformat, datetime: _moment}


def _unexpected(where: str, wanted: str) -> UnexpectedAnswerError:
    """Names the place, never the value: it may be medical."""
    return UnexpectedAnswerError(
        f"{where} is not {wanted}. Is this the address of ELMED's API, and this client new enough?"
    )


def quantity(value: Decimal | int | str) -> str:
    """A canonical decimal string, such as "28" or "0.5". Raises TypeError for a float, ValueError for no number."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise TypeError("A quantity is a Decimal, an int or a text: a float cannot say 0.1.")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError("A quantity is a number, such as 28 or '0.5'.") from None
    if not number.is_finite():
        raise ValueError("A quantity is a finite number.")
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(value: datetime | str) -> str:
    """RFC 3339 in UTC. Raises ValueError for a time without its zone."""
    if isinstance(value, str):
        return value
    if value.utcoffset() is None:
        raise ValueError("A moment needs its time zone: datetime.now(timezone.utc), not datetime.now().")
    return value.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def day(value: date | str) -> str:
    """`YYYY-MM-DD`. Raises TypeError for a moment, which is of another day elsewhere."""
    if isinstance(value, datetime):
        raise TypeError("A day is a date, not a datetime.")
    return value if isinstance(value, str) else value.isoformat()
