"""Stock beside a prescription: which of the pharmacy's products cover its lines, and what the shop keeps of it.

Called by the stock page of a prescription (views.py) and by the hand-over (supply.py). The rule of coverage is inventory/coverage.py.
"""

from dataclasses import dataclass
from typing import Any

from elmed.access.permissions import Permission
from elmed.access.visibility import visible
from elmed.inventory import queries
from elmed.inventory.models import Batch, Product
from elmed.inventory.queries import Choice
from elmed.portals.page import PortalRequest
from elmed.portals.pharmacy.inventory_words import stock_words
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription, Reservation, ReservationLine
from elmed.prescriptions.vocabulary import OPEN


def stock_context(request: PortalRequest, rx: Prescription) -> dict[str, Any]:
    """What stands beside a prescription of the stock and of the shop's reservations. Five statements."""
    lines = list(rx.lines.order_by("position"))
    here = rx.status in OPEN and rx.pharmacy_id == request.actor.account_id
    choices = queries.choices_for(request.actor, lines, day=jurisdiction().day(request.now)) if here else {}
    return {
        "stock": [(line, choices[line.pk]) for line in lines] if here else [],
        "reservations": _kept(request, rx),
        "links_lines": Permission.PRODUCT_LINK in request.actor.permissions,
        "frees": Permission.RESERVATION_FREE in request.actor.permissions,
    }


def _kept(request: PortalRequest, rx: Prescription) -> list[tuple[Reservation, list[ReservationLine]]]:
    """The open reservations of it with their lines. One statement."""
    mine = visible(request.actor, Reservation).filter(
        prescription=rx, used_at__isnull=True, freed_at__isnull=True, reserved_until__gt=request.now
    )
    rows = ReservationLine.objects.filter(reservation__in=mine).select_related("reservation__key", "line")
    found: dict[int, tuple[Reservation, list[ReservationLine]]] = {}
    for row in rows.order_by("reservation_id", "pk"):
        found.setdefault(row.reservation_id, (row.reservation, []))[1].append(row)
    return list(found.values())


@dataclass(frozen=True)
class Source:
    """Where a hand-over can come from: a product, and one of its batches, or whichever expires first."""

    product: Product
    batch: Batch | None

    @property
    def words(self) -> str:
        """As the list shows it."""
        if self.batch is None:
            left = stock_words(self.product, self.product.stock_milli)
            return f"Any batch: {left}, {self.product.name} ({self.product.sku})"
        expiry = f", expires {self.batch.expiry_date:%d-%b-%Y}" if self.batch.expiry_date else ""
        left = stock_words(self.product, self.batch.stock_milli)
        return f"{self.batch.number}{expiry}: {left}, {self.product.name} ({self.product.sku})"


def sources(choices: list[Choice]) -> dict[str, Source]:
    """Each product's batches, the first-expiring first, and the product without one, by the value of its option."""
    found = {}
    for choice in choices:
        for batch in choice.batches:
            found[f"{choice.product.pk}:{batch.pk}"] = Source(choice.product, batch)
        found[f"{choice.product.pk}:"] = Source(choice.product, None)
    return found


def proposed(choices: list[Choice], wanted_milli: int) -> str:
    """The first product that has stock, and its first-expiring batch where that is enough; else nothing."""
    for choice in choices:
        if choice.product.stock_milli is not None and choice.product.stock_milli > 0:
            first = choice.batches[0] if choice.batches else None
            enough = first is not None and first.stock_milli >= wanted_milli
            return f"{choice.product.pk}:{first.pk if first and enough else ''}"
    return ""
