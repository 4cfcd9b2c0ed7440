"""One definition of a JSON shape, used three ways: SQL that builds it in the database, its OpenAPI schema, and
which parts a list leaves out.

The reads hand the database's text through: no objects are made of it. A dialect knows how PostgreSQL and
SQLite spell the same thing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class Dialect(Protocol):
    """How a database spells JSON values. Every method takes and returns SQL."""

    def object(self, pairs: Sequence[tuple[str, str]]) -> str: ...
    def array(self, item: str, tables: str, order: str) -> str: ...
    def moment(self, column: str) -> str: ...
    def instant(self, column: str) -> str: ...
    def day(self, column: str) -> str: ...
    def quantity(self, column: str) -> str: ...
    def json(self, column: str) -> str: ...
    def unless(self, condition: str, value: str) -> str: ...
    def boolean(self, condition: str) -> str: ...


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"'{name}', {value}" for name, value in pairs)


class Postgres:
    """PostgreSQL 15 or newer."""

    def object(self, pairs: Sequence[tuple[str, str]]) -> str:
        """An object."""
        return f"json_build_object({_pairs(pairs)})"

    def array(self, item: str, tables: str, order: str) -> str:
        """An array over a subquery's rows."""
        return f"(SELECT coalesce(json_agg({item} ORDER BY {order}), '[]'::json) FROM {tables})"

    def moment(self, column: str) -> str:
        """RFC 3339, UTC, six fractional digits."""
        return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

    def instant(self, column: str) -> str:
        """A moment for the program itself: seconds since 1970, much cheaper to read than a text."""
        return f"extract(epoch FROM {column})::float8"

    def day(self, column: str) -> str:
        """A date."""
        return f"to_char({column}, 'YYYY-MM-DD')"

    def quantity(self, column: str) -> str:
        """Thousandths as the canonical decimal string."""
        return f"trim_scale(({column}) / 1000.0)::text"

    def json(self, column: str) -> str:
        """A stored JSON value as it is."""
        return column

    def unless(self, condition: str, value: str) -> str:
        """A JSON value, or null."""
        return f"CASE WHEN {condition} THEN NULL ELSE {value} END"

    def boolean(self, condition: str) -> str:
        """A condition."""
        return f"({condition})"


class Sqlite:
    """SQLite 3.38 or newer."""

    def object(self, pairs: Sequence[tuple[str, str]]) -> str:
        """An object."""
        return f"json_object({_pairs(pairs)})"

    def array(self, item: str, tables: str, order: str) -> str:
        """An array over a subquery's rows."""
        return f"(SELECT json_group_array(json(item)) FROM (SELECT {item} AS item FROM {tables} ORDER BY {order}))"

    def moment(self, column: str) -> str:
        """Stored as `YYYY-MM-DD HH:MM:SS[.ffffff]`."""
        fraction = f"CASE WHEN length({column}) > 19 THEN substr({column}, 20, 7) ELSE '.000000' END"
        return f"(substr({column}, 1, 10) || 'T' || substr({column}, 12, 8) || {fraction} || 'Z')"

    def instant(self, column: str) -> str:
        """A moment for the program itself: as it is stored."""
        return column

    def day(self, column: str) -> str:
        """Stored as the text already."""
        return column

    def quantity(self, column: str) -> str:
        """Thousandths as the canonical decimal string."""
        return f"rtrim(rtrim(printf('%%d.%%03d', ({column}) / 1000, ({column}) %% 1000), '0'), '.')"

    def json(self, column: str) -> str:
        """A stored JSON value as it is."""
        return f"json({column})"

    def unless(self, condition: str, value: str) -> str:
        """A JSON value, or null: CASE forgets that it is JSON, json() says it again."""
        return f"json(CASE WHEN {condition} THEN NULL ELSE {value} END)"

    def boolean(self, condition: str) -> str:
        """SQLite has no JSON booleans but in JSON text."""
        return f"json(CASE WHEN {condition} THEN 'true' ELSE 'false' END)"


def dialect(vendor: str) -> Dialect:
    """The dialect of a Django database vendor."""
    return Postgres() if vendor == "postgresql" else Sqlite()


Sql = Callable[[Dialect], str]


class Leaf(NamedTuple):
    """One member: its SQL, its JSON schema, and whether a list shows it."""

    name: str
    sql: Sql
    schema: dict[str, Any]
    listed: bool = True


@dataclass(frozen=True)
class Shape:
    """An object's members in their order."""

    name: str
    members: tuple[Leaf, ...]

    def sql(self, d: Dialect, *, listed_only: bool = False) -> str:
        """The expression that builds it."""
        return d.object([(leaf.name, leaf.sql(d)) for leaf in self.members if leaf.listed or not listed_only])

    def schema(self, *, listed_only: bool = False) -> dict[str, Any]:
        """Its JSON schema (2020-12)."""
        shown = [leaf for leaf in self.members if leaf.listed or not listed_only]
        return {
            "type": "object",
            "properties": {leaf.name: leaf.schema for leaf in shown},
            "required": [leaf.name for leaf in shown],
        }


def text(name: str, column: str, meaning: str, *, null: bool = False, listed: bool = True, **schema: Any) -> Leaf:
    """A string, or null."""
    return Leaf(name, lambda _d: column, {**_type("string", null), "description": meaning, **schema}, listed)


def blank_as_null(name: str, column: str, meaning: str, **schema: Any) -> Leaf:
    """A string; an empty one is null."""
    return text(name, f"NULLIF({column}, '')", meaning, null=True, **schema)


def integer(name: str, column: str, meaning: str, *, null: bool = False) -> Leaf:
    """A whole number, or null."""
    return Leaf(name, lambda _d: column, {**_type("integer", null), "description": meaning})


def boolean(name: str, condition: str, meaning: str) -> Leaf:
    """True or false."""
    return Leaf(name, lambda d: d.boolean(condition), {"type": "boolean", "description": meaning})


def moment(name: str, column: str, meaning: str, *, null: bool = False) -> Leaf:
    """An RFC 3339 moment, or null."""
    schema = {**_type("string", null), "format": "date-time", "description": meaning}
    return Leaf(name, lambda d: d.moment(column), schema)


def day(name: str, column: str, meaning: str, *, null: bool = False) -> Leaf:
    """A date, or null."""
    return Leaf(name, lambda d: d.day(column), {**_type("string", null), "format": "date", "description": meaning})


def quantity(name: str, column: str, meaning: str) -> Leaf:
    """A canonical decimal string."""
    schema = {"type": "string", "pattern": r"^(0|[1-9]\d*)(\.\d{0,2}[1-9])?$", "description": meaning}
    return Leaf(name, lambda d: d.quantity(column), schema)


def nested(name: str, shape: Shape, meaning: str, *, null_when: str | None = None, listed: bool = True) -> Leaf:
    """An object inside; null where the SQL condition `null_when` holds."""

    def sql(d: Dialect) -> str:
        return shape.sql(d) if null_when is None else d.unless(null_when, shape.sql(d))

    schema: dict[str, Any] = {**shape.schema(), "description": meaning}
    return Leaf(name, sql, schema if null_when is None else {"anyOf": [schema, {"type": "null"}]}, listed)


def array(name: str, shape: Shape, tables: str, order: str, meaning: str, *, listed: bool = True) -> Leaf:
    """An array of objects over a subquery."""
    schema = {"type": "array", "items": shape.schema(), "description": meaning}
    return Leaf(name, lambda d: d.array(shape.sql(d), tables, order), schema, listed)


def stored(name: str, column: str, schema: dict[str, Any], *, listed: bool = True) -> Leaf:
    """A JSON value as it is stored."""
    return Leaf(name, lambda d: d.json(column), schema, listed)


def _type(name: str, null: bool) -> dict[str, Any]:
    return {"type": [name, "null"]} if null else {"type": name}
