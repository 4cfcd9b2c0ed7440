"""What was supplied, and what was taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from elmed_client.models.base import Model


@dataclass(frozen=True, kw_only=True, repr=False)
class Pharmacy(Model):
    """A pharmacy's account."""

    id: int
    name: str


@dataclass(frozen=True, kw_only=True, repr=False)
class By(Model):
    """A person or a key (`type`)."""

    type: str
    id: int


@dataclass(frozen=True, kw_only=True, repr=False)
class DispensedLine(Model):
    """How much of one line left, and of which product."""

    medication_id: int
    quantity: Decimal
    product_sku: str | None
    batch_number: str | None
    expiry_date: date | None
    substituted: bool
    substitution_reason: str | None


@dataclass(frozen=True, kw_only=True, repr=False)
class ReversedLine(Model):
    """How much of one line was taken back."""

    medication_id: int
    quantity: Decimal


@dataclass(frozen=True, kw_only=True, repr=False)
class Reversal(Model):
    """Why and what was taken back."""

    reason_code: str
    lines: tuple[ReversedLine, ...]
    at: datetime
    by: By


@dataclass(frozen=True, kw_only=True, repr=False)
class Dispense(Model):
    """One hand-over."""

    id: int
    prescription_id: int
    issue_number: int
    lines: tuple[DispensedLine, ...]
    pharmacy: Pharmacy
    by: By
    source: str
    handed_over_at: datetime
    recorded_at: datetime
    receiver: str | None
    external_reference: str | None
    note: str | None
    reversal: Reversal | None
