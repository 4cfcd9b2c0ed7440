"""A dispense as JSON text, built in the database from the same shape as inside a prescription."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection

from elmed.access.actors import Actor
from elmed.api.shape import dialect
from elmed.api.v1.shapes import DISPENSE, DISPENSE_TABLES


@lru_cache(maxsize=2)
def _body(vendor: str) -> str:
    return DISPENSE.sql(dialect(vendor)) + ("::text" if vendor == "postgresql" else "")


def one(actor: Actor, dispense_id: int) -> str:
    """The JSON text of a dispense that access.visibility has already found for this actor."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_body(connection.vendor)} FROM {DISPENSE_TABLES} WHERE d.id = %(id)s",
            {"id": dispense_id, "account": actor.account_id},
        )
        text: str = cursor.fetchone()[0]
    return text


def of_prescriptions(actor: Actor, prescription_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The dispenses of each of these prescriptions, which access.visibility has found for this actor; the oldest first."""
    ids = {f"id_{number}": one for number, one in enumerate(prescription_ids)}
    names = ", ".join(f"%({name})s" for name in ids)
    found: dict[int, list[dict[str, Any]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d.prescription_id, {_body(connection.vendor)} FROM {DISPENSE_TABLES} "
            f"WHERE d.prescription_id IN ({names}) ORDER BY d.id",
            {**ids, "account": actor.account_id},
        )
        for prescription_id, text in cursor.fetchall():
            found.setdefault(prescription_id, []).append(json.loads(text))
    return found
