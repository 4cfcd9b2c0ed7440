"""Stock beside a prescription: which of the pharmacy's products cover its lines, and what the shop keeps of it.

Called by the stock page of a prescription (views.py) and by the hand-over (supply.py). The rule of coverage is inventory/coverage.py.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from elmed.access.permissions import Permission
from elmed.inventory import queries
from elmed.inventory.models import Batch, Product
from elmed.inventory.queries import Choice
from elmed.portals.page import PortalRequest
from elmed.portals.pharmacy.inventory_words import stock_words
from elmed.portals.words import day_words, isolated
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.queries import kept_for_shop
from elmed.prescriptions.vocabulary import OPEN


def stock_context(request: PortalRequest, rx: Prescription) -> dict[str, Any]:
    """What stands beside a prescription of the stock and of the shop's reservations. Five statements."""
    lines = list(rx.lines.order_by("position"))
    here = rx.status in OPEN and rx.pharmacy_id == request.actor.account_id
    choices = queries.choices_for(request.actor, lines, day=jurisdiction().day(request.now)) if here else {}
    return {
        "stock": [(line, choices[line.pk]) for line in lines] if here else [],
        "reservations": kept_for_shop(request.actor, rx, request.now),
        "links_lines": Permission.PRODUCT_LINK in request.actor.permissions,
        "frees": Permission.RESERVATION_FREE in request.actor.permissions,
    }


@dataclass(frozen=True)
class Source:
    """Where a hand-over can come from: a product, and one of its batches, or whichever expires first."""

    product: Product
    batch: Batch | None

    @property
    def words(self) -> str:
        """As the list shows it."""
        what = isolated(f"{self.product.name} ({self.product.sku})")
        if self.batch is None:
            left = stock_words(self.product, self.product.stock_milli)
            return f"{_('Any batch')}: {left}, {what}"
        words = [isolated(self.batch.number)]
        if self.batch.expiry_date:
            words.append(_("expires %(day)s") % {"day": isolated(day_words(self.batch.expiry_date))})
        return f"{', '.join(words)}: {stock_words(self.product, self.batch.stock_milli)}, {what}"


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
