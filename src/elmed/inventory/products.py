"""Products: made, changed, retired and brought back. The only code that writes them, but for their stock's counters.

Called by the portal, by CSV import (csv_import.py) and by the API, which sets their stock. What a product's fields may
say stands in product_fields.py; prices in bulk are prices.py; stock itself is moved by stock.py.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import get, visible
from elmed.core.refusals import NotNow, require_version
from elmed.events.record import record
from elmed.inventory import on_order, packs, stock
from elmed.inventory.models import Kind, Movement, Product, ProductImage
from elmed.inventory.product_fields import NAMES, ProductFields, fingerprint, of, require
from elmed.inventory.stock import Cause

EVENT_PRODUCTS = 500  # at most so many ids in one event
_PACK = ("pack_size_milli", "pack_unit")


@transaction.atomic
def create(actor: Actor, fields: ProductFields, *, now: datetime) -> Product:
    """Put a new product into the catalogue. Raises NotAllowed, Invalid, NotNow (`sku_taken`)."""
    policy.require(actor, Permission.PRODUCT_WRITE)
    product = new(actor, require(fields), now=now)
    _save(product)
    tell(actor, "product.created", [product.pk], now=now)
    stock.stamp([product], now)
    return product


def new(actor: Actor, fields: ProductFields, *, now: datetime) -> Product:
    """A product of the actor's pharmacy that is not stored yet; the fields were judged already."""
    return Product(
        world_id=actor.world_id,
        pharmacy_id=actor.acting_account_id,
        created_at=now,
        updated_at=now,
        version=0,  # the stamp at the end of what makes it counts the first
        **vars(fields),
    )


@transaction.atomic
def change(actor: Actor, product_id: int, fields: ProductFields, *, now: datetime, seen: str | None = None) -> Product:
    """Give a product these fields; the same ones change nothing. `seen`: the fingerprint of what somebody changed.

    Raises NotVisible, NotAllowed, Invalid, NotNow (`sku_taken`, `pack_size_fixed`, `product_on_order`, `changed_meanwhile`).
    """
    policy.require(actor, Permission.PRODUCT_WRITE)
    product = get(actor, Product, product_id, lock=True)
    if seen and seen != fingerprint(of(product)):
        raise NotNow("changed_meanwhile", _("Somebody changed this product since you opened the page. Open it again."))
    wanted, sku = require(fields), product.sku
    if changed := put(product, wanted):
        if changed & set(_PACK):
            require_movable_pack(product, Movement.objects.filter(product=product).exists())
        if changed & set(_PACK) or wanted.sku.lower() != sku.lower():
            _require_not_on_order(actor, sku, now)
        _save(product)
        tell(actor, "product.changed", [product.pk], now=now)
        stock.stamp([product], now)
    return product


def _require_not_on_order(actor: Actor, sku: str, now: datetime) -> None:
    """Raise NotNow (`product_on_order`) where an order waits for that SKU."""
    if sku.lower() in on_order.skus_on_order(actor, now=now):
        raise on_order.refusal(sku)


def put(product: Product, wanted: ProductFields) -> set[str]:
    """Write the fields into the row, unsaved. Returns the names of those that differ."""
    before = of(product)
    changed = {name for name in NAMES if getattr(before, name) != getattr(wanted, name)}
    for name in changed:
        setattr(product, name, getattr(wanted, name))
    return changed


def require_movable_pack(product: Product, moved: bool) -> None:
    """Raise NotNow (`pack_size_fixed`) where stock was counted in the pack as it was."""
    if moved:
        raise NotNow(
            "pack_size_fixed",
            _("Its stock was counted in packs of this size. Retire it, and make a new product for the other pack."),
            sku=product.sku,
        )


def retire(actor: Actor, product_id: int, *, now: datetime) -> Product:
    """Take it off sale; it stays, because orders and dispenses name it. Raises NotVisible, NotAllowed."""
    return _set_active(actor, product_id, "product.retired", active=False, now=now)


def restore(actor: Actor, product_id: int, *, now: datetime) -> Product:
    """Put a retired one back on sale. Raises NotVisible, NotAllowed."""
    return _set_active(actor, product_id, "product.changed", active=True, now=now)


@transaction.atomic
def _set_active(actor: Actor, product_id: int, event_type: str, *, active: bool, now: datetime) -> Product:
    policy.require(actor, Permission.PRODUCT_WRITE)
    product = get(actor, Product, product_id, lock=True)
    if product.active != active:
        product.active = active
        tell(actor, event_type, [product.pk], now=now)
        stock.changed(product, now, "active")
    return product


@transaction.atomic
def set_image(actor: Actor, product_id: int, image: ProductImage | None, *, now: datetime) -> Product:
    """Show this picture of it, or none. Raises NotVisible, NotAllowed."""
    policy.require(actor, Permission.PRODUCT_WRITE)
    product = get(actor, Product, product_id, lock=True)
    if product.image_id != (image and image.pk):
        product.image = image
        tell(actor, "product.changed", [product.pk], now=now)
        stock.changed(product, now, "image")
    return product


@transaction.atomic
def set_stock(
    actor: Actor,
    product_id: int,
    packs_milli: int,
    *,
    now: datetime,
    reason: str = "",
    expected_version: int | None = None,
) -> Product:
    """Make its stock what was counted, in thousandths of a pack; the difference is a correction.

    The number that is shown already changes nothing, although a rest of a pack may hide behind it.
    Raises NotVisible, NotAllowed, VersionConflict.
    """
    policy.require(actor, Permission.STOCK_MOVE)
    product = stock.lock_one(get(actor, Product, product_id).pk)
    require_version(expected_version, product.version)
    shown = None if product.stock_milli is None else packs.to_packs(product, product.stock_milli)
    if packs_milli != shown:
        cause = Cause(Kind.CORRECTION, actor, now, reason=reason)
        stock.count(product, packs.to_units(product, packs_milli), cause)
    return product


def tell(actor: Actor, event_type: str, product_ids: Collection[int], *, now: datetime) -> None:
    """Record the event of these products, a few hundred at a time."""
    ids = list(product_ids)
    for first in range(0, len(ids), EVENT_PRODUCTS):
        some: dict[str, Any] = {"product_ids": ids[first : first + EVENT_PRODUCTS]}
        record(actor, event_type, accounts=[actor.account_id], at=now, data=some)


def sku_taken(sku: str) -> NotNow:
    """Another product of the pharmacy has it, in whatever case."""
    return NotNow("sku_taken", _("Another product of this pharmacy, perhaps a retired one, has this SKU."), sku=sku)


def _save(product: Product) -> None:
    """Store it. Raises NotNow where its SKU is another's: the constraint decides, also between two at once."""
    try:
        with transaction.atomic():
            product.save()
    except IntegrityError:
        same = Product.objects.filter(
            pharmacy_id=product.pharmacy_id, world_id=product.world_id, sku__iexact=product.sku
        )
        if not same.exclude(pk=product.pk).exists():
            raise
        raise sku_taken(product.sku) from None


def own(actor: Actor, product_ids: Collection[int]) -> list[Product]:
    """These products of the actor's pharmacy, locked in id order, as far as it sees them. Inside a transaction."""
    rows = visible(actor, Product).filter(pk__in=list(product_ids))
    return list(rows.select_for_update(of=("self",)).order_by("pk"))
