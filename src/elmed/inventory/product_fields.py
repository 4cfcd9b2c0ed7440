"""What a product says: the fields that people and files fill in, judged in one place, and read from text in one place.

Called by products.py (every face), by the portal's form and by csv_files.py. Pure: no row is looked at; what depends on
other rows (a SKU that is taken, a pack size that stock was counted in) is decided in products.py.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import CharField, TextField
from django.utils.translation import gettext as _

from elmed.core import quantities
from elmed.core.refusals import Invalid
from elmed.inventory import money
from elmed.inventory.models import Product

Errors = list[dict[str, str]]
SYSTEMS = ("ATC", "RxNorm", "local")
MAX_PACK_MILLI = 1_000_000_000  # a million units in a pack
TRUE, FALSE = {"yes", "y", "true", "1", "x"}, {"no", "n", "false", "0"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_LONGEST = {
    field.name: field.max_length
    for field in Product._meta.fields
    if isinstance(field, CharField | TextField) and field.max_length and field.name != "currency"
}


@dataclass(frozen=True)
class ProductFields:
    """Everything of a product that is typed. Money, packs and the warning level are thousandths."""

    sku: str
    name: str
    currency: str
    description: str = ""
    price_milli: int | None = None
    medication_code: str | None = None
    medication_system: str | None = None
    strength: str | None = None
    form: str | None = None
    route: str | None = None
    pack_size_milli: int | None = None
    pack_unit: str | None = None
    requires_prescription: bool = False
    is_controlled: bool = False
    low_stock_milli: int | None = None


NAMES = tuple(field.name for field in fields(ProductFields))
# Where the pointer of a wrong field has another name than the column: as the API's product is written.
POINTERS = {
    "price_milli": "/price", "pack_size_milli": "/pack_size/value", "pack_unit": "/pack_size/unit",
    "medication_code": "/medication/code", "medication_system": "/medication/system", "strength": "/medication/strength",
    "form": "/medication/form", "route": "/medication/route", "low_stock_milli": "/low_stock",
}  # fmt: skip


def of(product: Product) -> ProductFields:
    """What a product says now."""
    return ProductFields(**{name: getattr(product, name) for name in NAMES})


def fingerprint(given: ProductFields) -> str:
    """Stands for what somebody saw of a product: changed in between, it is another one."""
    return hashlib.sha256(repr(given).encode()).hexdigest()


def tidied(given: ProductFields) -> ProductFields:
    """The same without spaces around, and empty optional texts as none."""
    values = {}
    for field in fields(given):
        value = getattr(given, field.name)
        if isinstance(value, str):
            value = value.strip()
            optional = field.name not in ("sku", "name", "currency", "description")
            value = None if optional and not value else value
        values[field.name] = value
    return ProductFields(**values)


def require(given: ProductFields) -> ProductFields:
    """The fields, tidied. Raises Invalid with a pointer for each that cannot be."""
    tidy = tidied(given)
    if errors := [*_texts(tidy), *_numbers(tidy), *_together(tidy)]:
        raise Invalid(errors)
    return ProductFields(**vars(tidy) | {"currency": money.currency(tidy.currency)})


def error(name: str, code: str, detail: str) -> dict[str, str]:
    """One field's error, under its pointer."""
    return {"pointer": POINTERS.get(name, f"/{name}"), "code": code, "detail": detail}


def _texts(given: ProductFields) -> Errors:
    found = [error(name, "required", _("This is needed.")) for name in ("sku", "name") if not getattr(given, name)]
    for name, most in _LONGEST.items():
        text = getattr(given, name, None) or ""
        if len(text) > most:
            found.append(error(name, "too_long", _("At most %(most)s characters.") % {"most": most}))
        if _CONTROL.search(text):
            found.append(error(name, "invalid_characters", _("It holds invisible control characters.")))
    return found


def _numbers(given: ProductFields) -> Errors:
    found = []
    if given.price_milli is not None and not 0 <= given.price_milli <= money.MAX_MILLI:
        found.append(error("price_milli", "out_of_range", _("From 0 to ten million.")))
    if given.pack_size_milli is not None and not 0 < given.pack_size_milli <= MAX_PACK_MILLI:
        found.append(error("pack_size_milli", "out_of_range", _("More than 0 and at most a million.")))
    if given.low_stock_milli is not None and not 0 <= given.low_stock_milli <= quantities.MAX_THOUSANDTHS:
        found.append(error("low_stock_milli", "out_of_range", _("From 0 to a million packs.")))
    return found


def _together(given: ProductFields) -> Errors:
    """What one field says of another."""
    found = []
    try:
        money.currency(given.currency)
    except ValueError as wrong:
        found.append(error("currency", "invalid", str(wrong)))
    if (given.medication_code is None) != (given.medication_system is None):
        name = "medication_code" if given.medication_code is None else "medication_system"
        found.append(error(name, "required", _("A code and its system go together.")))
    if given.medication_system is not None and given.medication_system not in SYSTEMS:
        found.append(error("medication_system", "invalid", _("One of: %(names)s.") % {"names": ", ".join(SYSTEMS)}))
    if (given.pack_size_milli is None) != (given.pack_unit is None):
        name = "pack_size_milli" if given.pack_size_milli is None else "pack_unit"
        found.append(error(name, "required", _("A pack size and its unit go together.")))
    if given.is_controlled and not given.requires_prescription:
        found.append(error("requires_prescription", "required", _("A controlled medicine requires a prescription.")))
    return found


def from_text(words: Mapping[str, str]) -> ProductFields:
    """The fields from typed or written words, keyed as TEXT_FIELDS; a missing one is empty.

    Raises Invalid with a pointer for each that is unreadable, or cannot be.
    """
    found: Errors = []
    text = {name: words.get(name, "").strip() for name in TEXT_FIELDS}

    def read(name: str, column: str, how: Callable[[str], int]) -> int | None:
        try:
            return how(text[name]) if text[name] else None
        except ValueError as wrong:
            found.append(error(column, "invalid", str(wrong)))
            return None

    currency = text["currency"].upper()
    values: dict[str, Any] = {
        "price_milli": read("price", "price_milli", lambda typed: _price(typed, currency)),
        "pack_size_milli": read("pack_size", "pack_size_milli", quantity),
        "low_stock_milli": read("low_stock", "low_stock_milli", quantity_or_none_at_all),
    }
    flags = {name: _flag(name, text[name], found) for name in ("requires_prescription", "is_controlled")}
    if not text["requires_prescription"] and flags["is_controlled"]:
        flags["requires_prescription"] = True
    system = next(
        (one for one in SYSTEMS if one.lower() == text["medication_system"].lower()), text["medication_system"]
    )
    plain: dict[str, Any] = {name: text[name] for name in TEXT_FIELDS if name in NAMES and name not in flags}
    given = ProductFields(**plain | {"currency": currency, "medication_system": system or None} | values | flags)
    try:
        given = require(given)
    except Invalid as refusal:
        unreadable = {one["pointer"] for one in found}
        found += [one for one in refusal.errors if one["pointer"] not in unreadable]
    if found:
        raise Invalid(found)
    return given


# The columns of the files and the names of the form's fields, in their order.
TEXT_FIELDS = (
    "sku", "name", "description", "price", "currency", "medication_code", "medication_system", "strength", "form", "route",
    "pack_size", "pack_unit", "requires_prescription", "is_controlled", "low_stock",
)  # fmt: skip


def as_text(given: ProductFields) -> dict[str, str]:
    """The fields as words that `from_text` reads back to the same."""
    price, pack, low = given.price_milli, given.pack_size_milli, given.low_stock_milli
    words = {name: getattr(given, name, None) or "" for name in TEXT_FIELDS}
    return words | {
        "price": "" if price is None else money.text(price, given.currency),
        "pack_size": "" if pack is None else quantities.text(pack),
        "low_stock": "" if low is None else quantities.text(low),
        "requires_prescription": "yes" if given.requires_prescription else "no",
        "is_controlled": "yes" if given.is_controlled else "no",
    }


def quantity(typed: str) -> int:
    """Thousandths of a number as people type it: `28.50`, `028` and `2,5` too. Raises ValueError."""
    words = re.sub(r"^0+(?=[0-9])", "", _point(typed))
    words = re.sub(r"\.?0+$", "", words) if re.fullmatch(r"[0-9]+\.[0-9]+", words) else words
    try:
        return quantities.parse(words)
    except ValueError:
        raise ValueError(_("A number above zero such as 28 or 0.5, with at most three decimals.")) from None


def quantity_or_none_at_all(typed: str) -> int:
    """The same, and 0. Raises ValueError."""
    return 0 if re.fullmatch(r"0+([.,]0*)?", typed) else quantity(typed)


def _price(typed: str, currency: str) -> int:
    return money.parse(re.sub(r"^0+(?=[0-9])", "", _point(typed)), currency)


def _point(typed: str) -> str:
    """A decimal comma as a point. One that may part thousands stays, and is refused: 1,000 is not guessed at."""
    return re.sub(r"^([0-9]+),([0-9]{1,2})$", r"\1.\2", typed)


def _flag(name: str, typed: str, found: Errors) -> bool:
    if typed.lower() in TRUE:
        return True
    if typed and typed.lower() not in FALSE:
        found.append(error(name, "invalid", _("yes or no.")))
    return False
