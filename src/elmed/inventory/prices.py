"""New prices for many products at once: the arithmetic, the preview, and the change, which does what the preview showed.

Called by the portal. One product's price is changed with its other fields (products.py).
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import visible
from elmed.core.refusals import Invalid, NotNow
from elmed.inventory import money, products, stock
from elmed.inventory.models import Product

MAX_PERCENT_MILLI = 1_000_000  # ten times as much


@dataclass(frozen=True)
class PriceChange:
    """By so many thousandths of a percent, or so many thousandths of the currency; then rounded to a step."""

    percent_milli: int = 0
    amount_milli: int = 0
    step_milli: int = 10

    def of(self, price_milli: int, currency: str) -> int:
        """The new price: half a step is rounded up, and the step is never finer than the currency's smallest coin."""
        exact = price_milli * (100_000 + self.percent_milli) + self.amount_milli * 100_000
        step = max(self.step_milli, money.smallest_milli(currency)) * 100_000
        return (exact + step // 2) // step * step // 100_000


@dataclass(frozen=True)
class NewPrice:
    """One product's row in the preview. `wrong` says why it cannot be."""

    product: Product
    price_milli: int
    wrong: str = ""

    @property
    def differs(self) -> bool:
        """Whether anything changes."""
        return self.price_milli != self.product.price_milli


def preview(actor: Actor, product_ids: Collection[int], change: PriceChange) -> list[NewPrice]:
    """What would become of the products that have a price. Raises NotAllowed, Invalid (nothing asked, too much)."""
    policy.require(actor, Permission.PRODUCT_WRITE)
    _check(change)
    rows = visible(actor, Product).filter(pk__in=list(product_ids), price_milli__isnull=False)
    return _rows(list(rows.order_by("name", "pk")), change)


def fingerprint(rows: Sequence[NewPrice]) -> str:
    """Stands for what somebody saw, in whatever order: another price in between makes it another one."""
    ordered = sorted(rows, key=lambda row: row.product.pk)
    text = ";".join(f"{row.product.pk}:{row.product.price_milli}:{row.price_milli}" for row in ordered)
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def change_prices(
    actor: Actor, product_ids: Collection[int], change: PriceChange, *, seen: str | None = None, now: datetime
) -> int:
    """Give the products their new prices, all or none. Returns how many changed.

    `seen`: the fingerprint of the preview that somebody agreed to.
    Raises NotAllowed, Invalid, NotNow (`changed_meanwhile`).
    """
    policy.require(actor, Permission.PRODUCT_WRITE)
    _check(change)
    locked = [row for row in products.own(actor, product_ids) if row.price_milli is not None]
    rows = _rows(locked, change)
    if seen is not None and fingerprint(rows) != seen:
        raise NotNow("changed_meanwhile", _("A price changed since you looked. Look at the new prices again."))
    if wrong := [row for row in rows if row.wrong]:
        raise Invalid.field("/percent", "out_of_range", f"{wrong[0].product.sku}: {wrong[0].wrong}")
    changed = [row for row in rows if row.differs]
    for row in changed:
        row.product.price_milli = row.price_milli
    stock.save_all([row.product for row in changed], ["price_milli"])
    products.tell(actor, "product.changed", [row.product.pk for row in changed], now=now)
    stock.stamp([row.product for row in changed], now)
    return len(changed)


def _rows(found: Sequence[Product], change: PriceChange) -> list[NewPrice]:
    rows = []
    for product in found:
        price = change.of(product.price_milli or 0, product.currency)
        wrong = "" if 0 <= price <= money.MAX_MILLI else _("The new price would be below zero or above ten million.")
        rows.append(NewPrice(product, price, wrong))
    return rows


def _check(change: PriceChange) -> None:
    if bool(change.percent_milli) == bool(change.amount_milli):
        raise Invalid.field("/percent", "required", _("Give either a percentage or an amount."))
    if not -100_000 <= change.percent_milli <= MAX_PERCENT_MILLI:
        raise Invalid.field("/percent", "out_of_range", _("From -100 to 1000 per cent."))
    if abs(change.amount_milli) > money.MAX_MILLI:
        raise Invalid.field("/amount", "out_of_range", _("At most ten million."))
    if change.step_milli <= 0:
        raise Invalid.field("/step", "out_of_range", _("More than 0."))
