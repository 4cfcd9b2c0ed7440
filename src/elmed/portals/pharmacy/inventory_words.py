"""The words people read for stock: packs and loose units, why it moved, what a field is called. Words only."""

from elmed.core import quantities
from elmed.inventory import packs
from elmed.inventory.models import Kind, Movement, Product
from elmed.portals.words import unit_words
from elmed.prescriptions.vocabulary import ReversalReason

KIND_WORDS: dict[str, str] = {
    Kind.RECEIPT: "Delivery",
    Kind.DISPENSE: "Dispensed",
    Kind.SALE: "Sold by the shop",
    Kind.CORRECTION: "Correction",
    Kind.RETURN: "Return",
    Kind.QUARANTINE: "Quarantine",
    Kind.RECALL: "Recall",
}
# As reversals write them down (prescriptions/vocabulary.py).
REVERSAL_WORDS: dict[str, str] = {
    ReversalReason.RECORDED_IN_ERROR: "The hand-over was recorded in error",
    ReversalReason.NEVER_LEFT_PHARMACY: "It never left the pharmacy",
    ReversalReason.RETURNED_UNOPENED: "Came back unopened",
}
VIEW_WORDS = {
    "all": "All",
    "low": "Low stock",
    "expiring": "Expiring",
    "negative": "Below zero",
    "prescription": "On prescription",
    "retired": "Retired",
}
FIELD_WORDS = {
    "sku": "SKU", "name": "Name", "description": "Description", "price": "Price", "currency": "Currency",
    "medication_code": "Code", "medication_system": "Code system", "strength": "Strength", "form": "Form", "route": "Route",
    "pack_size": "Pack size", "pack_unit": "Unit", "requires_prescription": "On prescription", "is_controlled": "Controlled",
    "low_stock": "Warn at", "active": "On sale", "stock": "Stock",
}  # fmt: skip


def stock_words(product: Product, units_milli: int | None) -> str:
    """`3 packs and 10 capsules`, `minus 1 pack`; `not counted` where no stock is kept of it."""
    if units_milli is None:
        return "not counted"
    whole, loose = divmod(abs(units_milli), packs.units_in_pack_milli(product))
    if product.pack_size_milli is None:
        whole, loose = abs(units_milli), 0
        words = [_amount(whole, packs.PACK)]
    else:
        words = [_amount(whole * 1000, packs.PACK)] if whole or not loose else []
        words += [_amount(loose, packs.unit(product))] if loose else []
    return ("minus " if units_milli < 0 else "") + " and ".join(words)


def pack_words(product: Product) -> str:
    """`28 tablets`; nothing where no pack size is given."""
    return _amount(product.pack_size_milli, packs.unit(product)) if product.pack_size_milli else ""


def change_words(movement: Movement) -> str:
    """What a movement did: `+3 packs`, `−10 capsules`, and what it did to the quarantine."""
    product, parts = movement.product, []
    if movement.shelf_milli:
        parts.append(_signed(product, movement.shelf_milli))
    if movement.quarantine_milli:
        parts.append(f"{_signed(product, movement.quarantine_milli)} in quarantine")
    return ", ".join(parts)


def _signed(product: Product, units_milli: int) -> str:
    return ("+" if units_milli > 0 else "−") + stock_words(product, abs(units_milli))


def _amount(milli: int, unit: str) -> str:
    return f"{quantities.text(milli)} {unit_words(unit, many=milli != 1000)}"
