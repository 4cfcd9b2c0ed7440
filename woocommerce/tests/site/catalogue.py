"""The words of the tests about a pharmacy's catalogue: make and change products, read their stock and what was sold.

Reached over control.py, beside scenarios.py. Products come about by inventory's own acts; only thousands at once are
written as rows of the same making.
"""

import base64
import dataclasses
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

from woocommerce.tests.site.scenarios import cast, word

from elmed.core.clock import real_now
from elmed.core.models import LIVE_WORLD_ID
from elmed.inventory import images, packs, products
from elmed.inventory.models import Product, Sale, ShopState
from elmed.inventory.product_fields import ProductFields, of
from elmed.prescriptions.models import Reservation

# Capsules in packs of 21, as factories.AMOXICILLIN prescribes them: one pack is one whole prescription.
AMOXICILLIN = {
    "name": "Amoxicillin 500 mg capsules", "currency": "GBP", "price": "8.40", "medication_code": "J01CA04",
    "medication_system": "ATC", "strength": "500 mg", "form": "capsule", "route": "oral", "pack": "21",
    "pack_unit": "capsule", "requires_prescription": True,
}  # fmt: skip
SOAP = {"name": "Hand cream", "currency": "GBP", "price": "4.25", "description": "For dry hands."}


@word
def product(
    *,
    sku: str,
    stock: str | None = "20",
    medicine: bool = False,
    pharmacy: int | None = None,
    image: str = "",
    **given: Any,
) -> dict[str, Any]:
    """A product with so many packs in stock (null: none is kept). `medicine`: amoxicillin, else hand cream.

    `image`: a picture, base64.
    """
    owner = cast(pharmacy).actor("owner")
    made = products.create(owner, _fields(sku, medicine, given), now=real_now())
    if stock is not None:
        products.set_stock(owner, made.pk, _milli(stock), now=real_now())
    if image:
        picture = images.store(owner, io.BytesIO(base64.b64decode(image)), now=real_now())
        products.set_image(owner, made.pk, picture, now=real_now())
    return product_now(id=made.pk)


@word
def products_many(*, count: int, pharmacy: int | None = None, prefix: str = "MANY") -> int:
    """So many products at once, every third one a medicine; a quarter of them keep no stock."""
    owner, now = cast(pharmacy).actor("owner"), real_now()
    rows = []
    for number in range(count):
        fields = _fields(f"{prefix}-{number:05}", number % 3 == 0, {"name": f"Article {number}"})
        row = products.new(owner, fields, now=now)
        row.stock_milli = None if number % 4 == 0 else packs.to_units(row, number % 50 * 1000)
        rows.append(row)
    Product.objects.bulk_create(rows, batch_size=500)
    return len(rows)


@word
def product_change(*, id: int, pharmacy: int | None = None, **given: Any) -> dict[str, Any]:
    """Give some of its fields another value; `stock` counts it anew, `active` retires it or brings it back."""
    owner, now = cast(pharmacy).actor("owner"), real_now()
    if "active" in given:
        (products.restore if given.pop("active") else products.retire)(owner, id, now=now)
    if "stock" in given:
        products.set_stock(owner, id, _milli(given.pop("stock")), now=now)
    if given:
        fields = dataclasses.replace(of(Product.objects.get(pk=id)), **_columns(given))
        products.change(owner, id, fields, now=now)
    return product_now(id=id)


@word
def product_gone(*, id: int) -> None:
    """As if ELMED had never had it: the shop must notice that it is not in the catalogue any more."""
    row = Product.objects.get(pk=id)
    row.movements.all().delete()
    row.delete()


@word
def product_now(*, id: int) -> dict[str, Any]:
    """What ELMED keeps of it: stock in packs as the API says it."""
    row = Product.objects.get(pk=id)
    return {
        "id": row.pk,
        "sku": row.sku,
        "name": row.name,
        "active": row.active,
        "stock": packs.text(row, row.stock_milli),
    }


@word
def sales(*, external_reference: str) -> list[dict[str, str]]:
    """The over-the-counter lines that ELMED has of that order."""
    return [
        {"sku": line.product.sku, "quantity": str(Decimal(line.packs_milli) / 1000)}
        for sale in Sale.objects.filter(external_reference=external_reference)
        for line in sale.lines.select_related("product").order_by("pk")
    ]


@word
def reservations(*, prescription: int) -> list[dict[str, Any]]:
    """Every reservation of a prescription, oldest first."""
    return [
        {
            "id": row.pk, "order": row.external_reference, "confirmed": row.confirmed_at is not None,
            "used": row.used_at is not None, "freed": row.freed_reason, "until": row.reserved_until,
        }
        for row in Reservation.objects.filter(prescription_id=prescription).order_by("pk")
    ]  # fmt: skip


@word
def reservation_free(*, id: int, pharmacy: int | None = None, reason: str = "The shelf was empty") -> None:
    """The pharmacist frees it in the portal."""
    from elmed.prescriptions.actions.reservations import free

    free(cast(pharmacy).actor("pharmacist"), id, reason=reason, now=real_now())


@word
def hours_pass(*, hours: int) -> None:
    """What ELMED's worker does with reservations when so many hours are over."""
    from elmed.prescriptions.actions.reservations import free_due

    free_due(real_now() + timedelta(hours=hours), world_id=LIVE_WORLD_ID)


@word
def shop_state(*, pharmacy: int | None = None) -> dict[str, Any] | None:
    """What the plugin last said of itself."""
    row = ShopState.objects.filter(pharmacy=cast(pharmacy).pharmacy).first()
    return row and {
        "plugin_version": row.plugin_version, "orders_waiting": row.orders_waiting, "last_sync_at": row.last_sync_at,
        "problems": row.problems,
    }  # fmt: skip


def _fields(sku: str, medicine: bool, given: dict[str, Any]) -> ProductFields:
    return ProductFields(sku=sku, **_columns({**(AMOXICILLIN if medicine else SOAP), **given}))


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    """The tests' words as columns: price and pack are decimal strings there."""
    names = {"price": "price_milli", "pack": "pack_size_milli"}
    return {names.get(name, name): _milli(value) if name in names else value for name, value in given.items()}


def _milli(value: str | None) -> int | None:
    return None if value is None else int(Decimal(value) * 1000)
