"""The words people read for stock: packs and loose units, why it moved, what a field is called. Words only."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from elmed.inventory import packs
from elmed.inventory.models import Kind, Movement, Product
from elmed.medications.units import amount
from elmed.portals.words import isolated
from elmed.prescriptions.vocabulary import ReversalReason

KIND_WORDS: dict[str, StrPromise] = {
    Kind.RECEIPT: gettext_lazy("Delivery"),
    Kind.DISPENSE: gettext_lazy("Dispensed"),
    Kind.SALE: gettext_lazy("Sold by the shop"),
    Kind.CORRECTION: gettext_lazy("Correction"),
    Kind.RETURN: gettext_lazy("Return"),
    Kind.QUARANTINE: gettext_lazy("Quarantine"),
    Kind.RECALL: gettext_lazy("Recall"),
}
# As reversals write them down (prescriptions/vocabulary.py).
REVERSAL_WORDS: dict[str, StrPromise] = {
    ReversalReason.RECORDED_IN_ERROR: gettext_lazy("The hand-over was recorded in error"),
    ReversalReason.NEVER_LEFT_PHARMACY: gettext_lazy("It never left the pharmacy"),
    ReversalReason.RETURNED_UNOPENED: gettext_lazy("Came back unopened"),
}
VIEW_WORDS = {
    "all": gettext_lazy("All"),
    "low": gettext_lazy("Low stock"),
    "expiring": gettext_lazy("Expiring"),
    "negative": gettext_lazy("Below zero"),
    "prescription": gettext_lazy("On prescription"),
    "retired": gettext_lazy("Retired"),
}
FIELD_WORDS = {
    "sku": gettext_lazy("SKU"),
    "name": gettext_lazy("Name"),
    "description": gettext_lazy("Description"),
    "price": gettext_lazy("Price"),
    "currency": gettext_lazy("Currency"),
    "medication_code": gettext_lazy("Code"),
    "medication_system": gettext_lazy("Code system"),
    "strength": gettext_lazy("Strength"),
    "form": gettext_lazy("Form"),
    "route": gettext_lazy("Route"),
    "pack_size": gettext_lazy("Pack size"),
    "pack_unit": gettext_lazy("Unit"),
    "requires_prescription": gettext_lazy("On prescription"),
    "is_controlled": gettext_lazy("Controlled"),
    "low_stock": gettext_lazy("Warn at"),
    "active": gettext_lazy("On sale"),
    "stock": gettext_lazy("Stock"),
}


def stock_words(product: Product, units_milli: int | None) -> str:
    """`3 packs and 10 capsules`, `minus 1 pack`; `not counted` where no stock is kept of it."""
    if units_milli is None:
        return _("not counted")
    whole, loose = divmod(abs(units_milli), packs.units_in_pack_milli(product))
    if product.pack_size_milli is None:
        whole, loose = abs(units_milli), 0
        words = [_amount(whole, packs.PACK)]
    else:
        words = [_amount(whole * 1000, packs.PACK)] if whole or not loose else []
        words += [_amount(loose, packs.unit(product))] if loose else []
    amount = words[0] if len(words) == 1 else _("%(packs)s and %(loose)s") % {"packs": words[0], "loose": words[1]}
    return _("minus %(amount)s") % {"amount": amount} if units_milli < 0 else amount


def pack_words(product: Product) -> str:
    """`28 tablets`; nothing where no pack size is given."""
    return _amount(product.pack_size_milli, packs.unit(product)) if product.pack_size_milli else ""


def change_words(movement: Movement) -> str:
    """What a movement did: `+3 packs`, `−10 capsules`, and what it did to the quarantine."""
    product, parts = movement.product, []
    if movement.shelf_milli:
        parts.append(_signed(product, movement.shelf_milli))
    if movement.quarantine_milli:
        parts.append(_("%(amount)s in quarantine") % {"amount": _signed(product, movement.quarantine_milli)})
    return ", ".join(parts)


def _signed(product: Product, units_milli: int) -> str:
    return isolated(("+" if units_milli > 0 else "−") + stock_words(product, abs(units_milli)))


def _amount(milli: int, unit: str) -> str:
    return isolated(amount(milli, unit))
