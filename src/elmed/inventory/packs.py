"""Packs and units: a SKU counts packs, a prescription line counts units, stock counts thousandths of a unit.

Pure. Units never convert: a pack of tablets says nothing of a line in ml.
"""

from typing import Protocol

from elmed.core import quantities

PACK = "pack"  # the unit of a product without a pack size
UNSIZED_MILLI = 1000  # what such a pack counts


class Packed(Protocol):
    """A product, as far as its pack goes."""

    pack_size_milli: int | None
    pack_unit: str | None


def units_in_pack_milli(product: Packed) -> int:
    """Thousandths of the product's unit in one pack."""
    return product.pack_size_milli or UNSIZED_MILLI


def unit(product: Packed) -> str:
    """What the product's stock is counted in."""
    return product.pack_unit or PACK


def to_units(product: Packed, packs_milli: int) -> int:
    """Thousandths of a unit in so many thousandths of a pack; a rest below a thousandth is left out."""
    return packs_milli * units_in_pack_milli(product) // 1000


def to_packs(product: Packed, units_milli: int) -> int:
    """Thousandths of a pack in so many thousandths of a unit, rounded towards nothing: never more than is there."""
    whole = abs(units_milli) * 1000 // units_in_pack_milli(product)
    return whole if units_milli >= 0 else -whole


def text(product: Packed, units_milli: int | None) -> str | None:
    """Packs as a canonical decimal string (`"12"`, `"-0.5"`); None stays None: no stock is kept of it."""
    if units_milli is None:
        return None
    packs = to_packs(product, units_milli)
    return f"-{quantities.text(-packs)}" if packs < 0 else quantities.text(packs)
