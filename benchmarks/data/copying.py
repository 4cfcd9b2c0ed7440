"""COPY into ELMED's own tables, with their secondary indexes taken off meanwhile.

Each row builder names its columns; a column that ELMED's model has and the builder lacks stops the run, so that
a changed schema cannot be measured half filled.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.models import Model
from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege


def check_columns(model: type[Model], columns: Sequence[str]) -> None:
    """Raise SystemExit where the builder's columns are not the model's."""
    wanted = {field.column for field in model._meta.concrete_fields}
    if wanted != set(columns):
        raise SystemExit(f"benchmarks/data: {model.__name__} has other columns now: {sorted(wanted ^ set(columns))}")


def copy(connection: Connection, model: type[Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Write the rows."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        for row in rows:
            stream.write_row(row)


def spare_foreign_keys(connection: Connection) -> None:
    """Do not check each row's foreign keys in this session, where the role may say so; else the load takes longer."""
    try:
        with connection.transaction():
            connection.execute("SET session_replication_role = replica")
    except InsufficientPrivilege:
        return


@contextmanager
def without_indexes(connection: Connection, models: Sequence[type[Model]]) -> Iterator[None]:
    """Drop the indexes that no constraint owns, and make them again afterwards."""
    tables = [model._meta.db_table for model in models]
    found = connection.execute(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "WHERE i.indrelid = ANY(%s::regclass[]) AND NOT EXISTS "
        "(SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)",
        [tables],
    ).fetchall()
    for name, _ in found:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    for _, definition in found:
        connection.execute(definition)


def finish(connection: Connection, models: Sequence[type[Model]]) -> None:
    """Let the id sequences go on after the copied rows, and tell the planner what is there.

    Empty tables are left alone: once vacuumed they are known to be empty, and where autovacuum is off the foreign keys
    that point to them would be checked by scanning all of them for as long as the servers live.
    """
    for model in models:
        table = model._meta.db_table
        if connection.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table]).fetchone()[0]:
            connection.execute(
                sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) + 1 FROM {}), false)").format(
                    sql.Literal(table), sql.Identifier(table)
                )
            )
    connection.commit()
    connection.autocommit = True
    for model in models:
        connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(model._meta.db_table)))
