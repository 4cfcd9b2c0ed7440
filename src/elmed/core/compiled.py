"""Queries of one shape that run all day, compiled once. Used where an act locks and loads a prescription.

The ORM turns a query set into SQL anew whenever it runs: of the 2.4 ms of CPU that locking and loading a prescription
took, 2.0. Here the ORM still writes the SQL, from the same rules as everywhere, but once a process, with stand-ins where
the values go. It rests on Django's compiler, which is no public API: tests/core/test_compiled.py compares each result
with the plain query set's.
"""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.transaction import TransactionManagementError

M = TypeVar("M", bound=Model)


def stand_in(number: int) -> int:
    """A value to compile with: an id that no row has."""
    return -7_000_000_000 - number


class Compiled(Generic[M]):
    """A query set's SQL, and how its rows are read. Its values are whole numbers, its relations one step away and not null."""

    def __init__(self, rows: QuerySet[M, Any], values: Mapping[str, int]) -> None:
        """Compile `rows`, in which the stand-ins of `values` tell where each value goes."""
        names = {number: name for name, number in values.items()}
        compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, params = compiler.as_sql()
        self.params = [(names.get(value), value) for value in params]
        columns = [column for column, _, _ in compiler.select]
        self.converters = compiler.get_converters(columns)
        self.locks = rows.query.select_for_update
        self.parts: list[tuple[str, type[Model], list[str], slice]] = []
        info: Any = compiler.klass_info
        for one in [info, *info.get("related_klass_infos", ())] if info else []:
            at = one["select_fields"]
            attributes = [columns[index].target.attname for index in at]
            relation = one["field"].name if one is not info else ""
            self.parts.append((relation, one["model"], attributes, slice(at[0], at[-1] + 1)))

    def tuples(self, **values: int | None) -> list[tuple[Any, ...]]:
        """The rows as `values_list` gives them. Raises TransactionManagementError where it locks and nothing holds the lock."""
        if self.locks and not connection.in_atomic_block:
            raise TransactionManagementError("A lock is held to the end of a transaction, and there is none.")
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [constant if name is None else values[name] for name, constant in self.params])
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return [self._converted(row) for row in rows] if self.converters else rows

    def rows(self, **values: int | None) -> list[M]:
        """The rows as objects of the model, with what `select_related` named."""
        return [self._object(row) for row in self.tuples(**values)]

    def _converted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """The row's values as their fields read them (of PostgreSQL only JSON, of SQLite moments and truths too)."""
        read = list(row)
        for index, (converters, column) in self.converters.items():
            for convert in converters:
                read[index] = convert(read[index], column, connection)
        return tuple(read)

    def _object(self, row: tuple[Any, ...]) -> M:
        (_, model, attributes, place), *related = self.parts
        made: Any = model.from_db(DEFAULT_DB_ALIAS, attributes, row[place])
        for relation, other, names, where in related:
            setattr(made, relation, other.from_db(DEFAULT_DB_ALIAS, names, row[where]))
        return made  # type: ignore[no-any-return]
