"""Reads of a pharmacy's stock for screens: the catalogue and its views, a product's batches, movements and links.

Called by the portal. Every one starts from access.visibility; none changes anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThanOrEqual

from elmed.access.actors import Actor
from elmed.access.visibility import visible
from elmed.inventory import packs, stock
from elmed.inventory.coverage import covers, same_unit
from elmed.inventory.models import Batch, Movement, Product, ProductLink
from elmed.prescriptions.models import PrescriptionLine

EXPIRING_DAYS = 90
# The catalogue's views, in the order of their tabs.
VIEWS = ("all", "low", "expiring", "negative", "prescription", "retired")


def _low() -> Q:
    """At or below the level somebody set for it; the level is in packs, the stock in units."""
    pack = Coalesce(F("pack_size_milli"), Value(packs.UNSIZED_MILLI), output_field=BigIntegerField())
    level = F("low_stock_milli") * pack  # millionths of a unit: nothing is rounded
    return Q(LessThanOrEqual(F("stock_milli") * 1000, level), active=True)


def _soon(day: date, days: int) -> Q:
    """On the shelf, and its last day near; what has expired already is in quarantine, or is there within a minute."""
    return Q(stock_milli__gt=0, recalled_at__isnull=True, expiry_date__lte=day + timedelta(days=days))


def _of_view(view: str, day: date, days: int) -> Q:
    if view == "low":
        return _low()
    if view == "expiring":
        return Q(Exists(Batch.objects.filter(_soon(day, days), product=OuterRef("pk"))))
    return {
        "negative": Q(stock_milli__lt=0),
        "prescription": Q(active=True, requires_prescription=True),
        "retired": Q(active=False),
    }.get(view, Q(active=True))


def catalogue(
    actor: Actor, *, view: str = "all", words: str = "", day: date, days: int = EXPIRING_DAYS
) -> QuerySet[Product]:
    """The products of one view, by name; words are looked for in SKU, name and code. `soon` holds what expires soon."""
    rows = visible(actor, Product).filter(_of_view(view, day, days))
    for word in words.split():
        rows = rows.filter(Q(sku__icontains=word) | Q(name__icontains=word) | Q(medication_code__istartswith=word))
    soon = Prefetch("batches", Batch.objects.filter(_soon(day, days)), to_attr="soon")
    return rows.prefetch_related(soon).order_by("name", "pk")


def view_counts(actor: Actor, *, day: date, days: int = EXPIRING_DAYS) -> dict[str, int]:
    """How many products each view shows. One statement."""
    wanted: dict[str, Any] = {view: Count("pk", filter=_of_view(view, day, days)) for view in VIEWS}
    return visible(actor, Product).aggregate(**wanted)


def is_low(product: Product) -> bool:
    """Whether its stock is at or below its warning level."""
    if product.stock_milli is None or product.low_stock_milli is None:
        return False
    return product.stock_milli * 1000 <= product.low_stock_milli * packs.units_in_pack_milli(product)


def batches(actor: Actor, product: Product) -> list[Batch]:
    """Its batches that something is of, or that are recalled; the first-expiring first."""
    rows = visible(actor, Batch).filter(product=product)
    return list(rows.exclude(stock_milli=0, quarantined_milli=0, recalled_at__isnull=True))


@dataclass(frozen=True)
class Shelf:
    """A product's stock by where it lies: without a batch on record, and in quarantine altogether. Thousandths of a unit."""

    loose_milli: int
    quarantined_milli: int
    loose_quarantined_milli: int


def shelf(product: Product) -> Shelf:
    """What no batch accounts for, and what is set aside."""
    sums = Movement.objects.filter(product=product).aggregate(
        loose=Sum("shelf_milli", filter=Q(batch__isnull=True), default=0),
        aside=Sum("quarantine_milli", default=0),
        loose_aside=Sum("quarantine_milli", filter=Q(batch__isnull=True), default=0),
    )
    return Shelf(sums["loose"], sums["aside"], sums["loose_aside"])


def movements(actor: Actor, product: Product) -> QuerySet[Movement]:
    """Every change of its stock, the newest first, with what caused it."""
    rows = visible(actor, Movement).filter(product=product)
    return rows.select_related(
        "product", "batch", "person", "key", "dispense_line__dispense", "sale_line__sale"
    ).order_by("-pk")


def links(product: Product) -> QuerySet[ProductLink]:
    """The lines that a pharmacist linked it to, the newest first."""
    rows = ProductLink.objects.filter(product=product).select_related("line__prescription", "person")
    return rows.order_by("-pk")


def recalled(actor: Actor) -> QuerySet[Batch]:
    """The recalled batches, the newest recall first."""
    rows = visible(actor, Batch).filter(recalled_at__isnull=False).select_related("product")
    return rows.order_by("-recalled_at", "-pk")


def numbered(actor: Actor, number: str) -> QuerySet[Batch]:
    """Every product's batch of that number, as a recall notice names it."""
    return (
        visible(actor, Batch).filter(number__iexact=number.strip()).select_related("product").order_by("product__name")
    )


@dataclass(frozen=True)
class Choice:
    """A product that a line can be supplied with, and the batch that should go first."""

    product: Product
    linked: bool
    batches: list[Batch]


def choices_for(actor: Actor, lines: Sequence[PrescriptionLine], *, day: date) -> dict[int, list[Choice]]:
    """By line id: the pharmacy's products that cover it in its unit, those with stock first. Two statements."""
    if not lines:
        return {}
    links = {line.pk: ProductLink.objects.filter(line=line.pk) for line in lines}
    codes = {line.medication_code for line in lines if line.medication_code}
    wanted = Q(pk__in=ProductLink.objects.filter(line__in=links).values("product_id"))
    for code in codes:
        wanted |= Q(medication_code__iexact=code)
    marks = {f"linked_{pk}": Exists(rows.filter(product=OuterRef("pk"))) for pk, rows in links.items()}
    products = list(visible(actor, Product).filter(wanted, active=True).annotate(**marks).order_by("name", "pk"))
    linked = {(product.pk, pk) for product in products for pk in links if getattr(product, f"linked_{pk}")}
    fit = stock.fit_batches(products, day)
    found = {
        line.pk: [
            Choice(product, (product.pk, line.pk) in linked, fit[product.pk])
            for product in products
            if same_unit(product, line) and covers(product, line, linked=(product.pk, line.pk) in linked)
        ]
        for line in lines
    }
    for choices in found.values():
        choices.sort(key=lambda choice: (choice.product.stock_milli or 0) <= 0)
    return found
