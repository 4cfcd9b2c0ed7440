"""A dispense as JSON text, built in the database from the same shape as inside a prescription."""

from functools import lru_cache

from django.db import connection

from elmed.access.actors import Actor
from elmed.api.shape import dialect
from elmed.api.v1.shapes import DISPENSE, DISPENSE_TABLES


@lru_cache(maxsize=2)
def _statement(vendor: str) -> str:
    cast = "::text" if vendor == "postgresql" else ""
    return f"SELECT {DISPENSE.sql(dialect(vendor))}{cast} FROM {DISPENSE_TABLES} WHERE d.id = %(id)s"


def one(actor: Actor, dispense_id: int) -> str:
    """The JSON text of a dispense that access.visibility has already found for this actor."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(connection.vendor), {"id": dispense_id, "account": actor.account_id})
        text: str = cursor.fetchone()[0]
    return text
