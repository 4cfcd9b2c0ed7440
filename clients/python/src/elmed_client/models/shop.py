"""What a web shop works with: products, checks, reservations, sales."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from elmed_client.models.base import Model
from elmed_client.models.prescriptions import Quantity


@dataclass(frozen=True, kw_only=True, repr=False)
class ProductMedicine(Model):
    """The medicine that a product holds."""

    code: str | None
    system: str | None
    strength: str | None
    form: str | None
    route: str | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Product(Model):
    """A product of the pharmacy. `stock` counts packs; None: no stock is kept of it, which is not zero."""

    id: int
    sku: str
    name: str
    description: str
    price: Decimal | None
    currency: str
    stock: Decimal | None
    pack_size: Quantity | None
    medication: ProductMedicine | None
    requires_prescription: bool
    is_controlled: bool
    image_url: str | None
    active: bool
    updated_at: datetime
    version: int | None = None
    """Grows with every change, each movement of stock too; for `if_match`. None where this ELMED is older than it."""


@dataclass(frozen=True, kw_only=True, repr=False)
class CheckedLine(Model):
    """Whether so many packs of one product may be sold now, and why not (`reason`)."""

    sku: str
    quantity: Decimal
    medication_id: int | None
    ok: bool
    reason: str | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Check(Model):
    """What the shopper's proof opens. Nothing in it is medical."""

    prescription_id: int
    lines: tuple[CheckedLine, ...]
    reservation_id: int | None
    reserved_until: datetime | None

    @property
    def ok(self) -> bool:
        """Whether every line may be sold now."""
        return all(line.ok for line in self.lines)


@dataclass(frozen=True, kw_only=True, repr=False)
class Reservation(Model):
    """What is kept for an order: `state` is waiting, ready, used or freed."""

    id: int
    state: str
    reason: str | None
    reserved_until: datetime | None
    prescription_id: int
    lines: tuple[CheckedLine, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class SoldLine(Model):
    """So many packs."""

    sku: str
    quantity: Decimal


@dataclass(frozen=True, kw_only=True, repr=False)
class Sale(Model):
    """What an order sold over the counter."""

    id: int
    external_reference: str
    lines: tuple[SoldLine, ...]
    created_at: datetime


@dataclass(frozen=True, kw_only=True, repr=False)
class ShopReport(Model):
    """How the shop's plugin says it is."""

    plugin_version: str
    last_sync_at: datetime | None
    orders_waiting: int
    problems: tuple[str, ...] | int
    updated_at: datetime
