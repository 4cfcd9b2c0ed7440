"""Over-the-counter sales of a shop's completed orders: stock that left without a prescription.

Called by the API. Each order once, by its reference: the unique constraint decides, also between two at once. What was
sold on prescription is not reported here but dispensed (prescriptions/actions/dispense.py).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import visible
from elmed.core.refusals import Invalid, NotNow
from elmed.events.record import record
from elmed.inventory import catalogue, packs, stock
from elmed.inventory.models import Kind, Product, Sale, SaleLine
from elmed.inventory.stock import Cause

MAX_LINES = 200
Asked = tuple[str, int]  # a SKU, thousandths of a pack


@transaction.atomic
def record_sale(actor: Actor, external_reference: str, lines: Sequence[Asked], *, now: datetime) -> Sale:
    """Take what an order sold from the stock, once: the same lines again give the same sale.

    Too little on record does not refuse what took place. Raises NotAllowed, Invalid (unknown SKU, on prescription),
    NotNow (`external_reference_used`: other lines under that reference).
    """
    policy.require(actor, Permission.SALE_RECORD)
    _check(external_reference, lines)
    if earlier := _earlier(actor, external_reference):
        return _same(actor, earlier, lines)
    by_sku = _products(actor, lines)
    try:
        with transaction.atomic():
            sale = Sale.objects.create(
                world_id=actor.world_id, pharmacy_id=actor.acting_account_id, external_reference=external_reference,
                key_id=actor.key_id, created_at=now,
            )  # fmt: skip
    except IntegrityError:  # another process recorded it in this moment
        return _same(actor, visible(actor, Sale).get(external_reference=external_reference), lines)
    products = stock.lock({product.pk for product in by_sku.values()})
    record(actor, "sale.recorded", accounts=[actor.account_id], at=now, data={"sale_id": sale.pk})
    _take(actor, sale, [(products[by_sku[sku.lower()].pk], packs_milli) for sku, packs_milli in lines], now=now)
    return sale


def _check(external_reference: str, lines: Sequence[Asked]) -> None:
    errors = []
    if not external_reference.strip() or len(external_reference) > 120:
        errors.append({"pointer": "/external_reference", "code": "required", "detail": "1 to 120 characters."})
    if not 0 < len(lines) <= MAX_LINES:
        errors.append({"pointer": "/lines", "code": "required", "detail": f"1 to {MAX_LINES} lines."})
    for index, (_, packs_milli) in enumerate(lines):
        if packs_milli <= 0:
            errors.append({"pointer": f"/lines/{index}/quantity", "code": "out_of_range", "detail": "More than 0."})
    if errors:
        raise Invalid(errors)


def _earlier(actor: Actor, external_reference: str) -> Sale | None:
    return visible(actor, Sale).filter(external_reference=external_reference).first()


def _same(actor: Actor, sale: Sale, lines: Sequence[Asked]) -> Sale:
    """The recorded sale, where these are its lines. Raises NotNow."""
    by_sku = _find(actor, lines)
    asked = [(by_sku[sku.lower()].pk if sku.lower() in by_sku else None, amount) for sku, amount in lines]
    if _totals(asked) != _totals(sale.lines.values_list("product_id", "packs_milli")):
        raise NotNow(
            "external_reference_used",
            "A sale with this `external_reference` and other lines is recorded.",
            sale_id=sale.pk,
        )
    return sale


def _totals(lines: Iterable[tuple[int | None, int]]) -> Counter[int | None]:
    totals: Counter[int | None] = Counter()
    for product_id, amount in lines:
        totals[product_id] += amount
    return totals


def _find(actor: Actor, lines: Sequence[Asked]) -> dict[str, Product]:
    """The pharmacy's products by their SKU in lower case, retired ones too: they were sold."""
    return catalogue.by_sku(actor, [sku for sku, _ in lines])


def _products(actor: Actor, lines: Sequence[Asked]) -> dict[str, Product]:
    found, errors = _find(actor, lines), []
    for index, (sku, _) in enumerate(lines):
        product, at = found.get(sku.lower()), f"/lines/{index}/sku"
        if product is None:
            errors.append({"pointer": at, "code": "unknown_sku", "detail": "No product of this pharmacy has this SKU."})
        elif product.requires_prescription:
            detail = "It requires a prescription: report it as a dispense."
            errors.append({"pointer": at, "code": "requires_prescription", "detail": detail})
    if errors:
        raise Invalid(errors)
    return found


def _take(actor: Actor, sale: Sale, lines: Sequence[tuple[Product, int]], *, now: datetime) -> None:
    for product, packs_milli in lines:
        line = SaleLine.objects.create(sale=sale, product=product, packs_milli=packs_milli)
        units = packs.to_units(product, packs_milli)
        stock.take(product, units, Cause(Kind.SALE, actor, now, sale_line=line))
