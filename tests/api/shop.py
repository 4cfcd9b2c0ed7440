"""What the tests of a shop's calls begin with: products made by real acts, a basket, and everything that could change."""

from dataclasses import replace
from typing import Any

from elmed.api.models import IdempotencyRecord
from elmed.inventory import models as inventory
from elmed.inventory.product_fields import ProductFields
from elmed.inventory.products import set_stock
from elmed.prescriptions.models import Prescription, ProofTries, Reservation, ReservationLine
from tests.cast import NOW, Cast
from tests.prescriptions import shop
from tests.prescriptions.attempts import everything, rows_of

BORN = shop.BORN.isoformat()
WEEK = replace(shop.AMOXICILLIN, sku="AMOX-7", pack_size_milli=7_000, price_milli=4_200)  # three of them fill the line
PLASTERS = ProductFields(sku="PLASTER", name="Plasters", currency="EUR", price_milli=2_500)
TABLES = (
    inventory.Product, inventory.Batch, inventory.Movement, inventory.Sale, inventory.SaleLine, inventory.ShopState,
    Reservation, ReservationLine, ProofTries, IdempotencyRecord,
)  # fmt: skip


def all_there_is(*, but: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Everything clinical, and everything of the shop, value by value; `but` leaves tables out by their model's name."""
    rows = everything() | rows_of(*TABLES)
    return {name: found for name, found in rows.items() if name not in but}


def product(
    cast: Cast, fields: ProductFields = WEEK, *, by: str = "pharmacist", packs: int | None = 10, **other: Any
) -> inventory.Product:
    """A product of that person's pharmacy, with so many packs counted; None keeps no stock of it."""
    made = shop.product(cast, fields, by=by, **other)
    return made if packs is None else set_stock(cast.actor(by), made.pk, packs * 1000, now=NOW)


def proof(rx: Prescription, **other: Any) -> dict[str, Any]:
    """What the shopper shows."""
    return {"reference": rx.reference, "date_of_birth": BORN} | other


def basket(rx: Prescription, *lines: tuple[str, str], **other: Any) -> dict[str, Any]:
    """The body of a check: so many packs of each SKU, one of `AMOX-7` where none is named."""
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines or (("AMOX-7", "1"),)]
    return proof(rx, lines=wanted) | other
