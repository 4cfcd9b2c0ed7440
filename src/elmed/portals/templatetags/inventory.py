"""Filters of the inventory's templates: stock in words, prices, what a movement did."""

from django import template

from elmed.inventory import money
from elmed.inventory.models import Movement, Product
from elmed.inventory.queries import is_low
from elmed.medications.units import amount, unit_words
from elmed.portals import words
from elmed.portals.pharmacy.inventory_words import (
    FIELD_WORDS,
    KIND_WORDS,
    REVERSAL_WORDS,
    change_words,
    pack_words,
    stock_words,
)
from elmed.portals.words import isolated

register = template.Library()
register.filter("stocked", stock_words)
register.filter("pack_words", pack_words)
register.filter("change_words", change_words)
register.filter("is_low", is_low)


@register.filter
def price(product: Product) -> str:
    """`12.50 GBP`; nothing where it has no price."""
    return money_of(product.price_milli, product) if product.price_milli is not None else ""


@register.filter
def money_of(milli: int | None, product: Product) -> str:
    """Money in the product's currency."""
    return "" if milli is None else isolated(f"{money.text(milli, product.currency)} {product.currency}")


@register.filter
def counted_in(unit: str) -> str:
    """What something is counted in: `tablets`, `ml`."""
    return unit_words(unit, many=True)


@register.filter
def amount_of_packs(milli: int) -> str:
    """`5 packs`."""
    return isolated(amount(milli, "pack"))


@register.filter
def reason_words(reason: str) -> str:
    """Why it moved: the code of a reversal and ELMED's own reasons in words, else what somebody typed."""
    return str(REVERSAL_WORDS.get(reason) or words.reason_words(reason))


@register.filter
def import_words(error: str) -> str:
    """What is wrong with a row, its column named as people read it."""
    column, colon, words = error.partition(": ")
    return f"{field_words(column)}: {words}" if colon and column in FIELD_WORDS else error


@register.filter
def kind_words(movement: Movement) -> str:
    """Why stock moved."""
    return str(KIND_WORDS[movement.kind])


@register.filter
def field_words(name: str) -> str:
    """A product's field as people read it."""
    return str(FIELD_WORDS.get(name, name))
