"""What is sent, typed: lines of baskets and hand-overs, and the conditions of a change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from elmed_client.call import given
from elmed_client.decode import day, quantity
from elmed_client.errors import UnexpectedAnswerError
from elmed_client.models import (
    PrescriptionHead,
    PrescriptionState,
    Product,
    Routed,
    ScenarioPrescription,
    WebhookEndpoint,
)

Versioned = PrescriptionHead | PrescriptionState | Routed | ScenarioPrescription | Product | WebhookEndpoint
IfMatch = Versioned | int | str | None
"""What was read, its version, or its etag."""


@dataclass(frozen=True, kw_only=True)
class DispenseLine:
    """How much of one line left, in its unit: `quantity` is a Decimal, an int or a text, never a float."""

    medication_id: int
    quantity: Decimal | int | str
    product_sku: str | None = None
    batch_number: str | None = None
    expiry_date: date | str | None = None
    substituted: bool | None = None
    substitution_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReverseLine:
    """How much of one line is taken back."""

    medication_id: int
    quantity: Decimal | int | str


@dataclass(frozen=True, kw_only=True)
class CheckLine:
    """So many packs of one product of a basket."""

    sku: str
    quantity: Decimal | int | str


SaleLine = CheckLine
ActLine = ReverseLine


def dispensed(line: DispenseLine) -> dict[str, Any]:
    """As JSON."""
    return given(
        medication_id=line.medication_id,
        quantity=quantity(line.quantity),
        product_sku=line.product_sku,
        batch_number=line.batch_number,
        expiry_date=None if line.expiry_date is None else day(line.expiry_date),
        substituted=line.substituted,
        substitution_reason=line.substitution_reason,
    )


def reversed_line(line: ReverseLine) -> dict[str, Any]:
    """As JSON."""
    return {"medication_id": line.medication_id, "quantity": quantity(line.quantity)}


def basket(line: CheckLine) -> dict[str, Any]:
    """As JSON."""
    return {"sku": line.sku, "quantity": quantity(line.quantity)}


def if_match(known: IfMatch) -> str | None:
    """The header: an etag as it came, or a version in quotes.

    Raises UnexpectedAnswerError where an older ELMED told no version: going on would compare nothing.
    """
    if known is None or isinstance(known, str):
        return known
    if isinstance(known, Versioned):
        if known.version is None:
            raise UnexpectedAnswerError(
                "This ELMED tells no version of that: it is older than this client. Leave out if_match, or use an older client."
            )
        return getattr(known, "etag", None) or f'"{known.version}"'
    return f'"{known}"'


def expanded(names: str | Iterable[str] | None) -> str | None:
    """The names of `expand`, as the query has them."""
    return names if names is None or isinstance(names, str) else ",".join(names)
