"""The stock behind a supply: what a dispense that names a product takes, and what its reversal gives back.

Called by supply.py and reverse.py inside their transaction; inventory/stock.py does the counting.
"""

from collections.abc import Sequence
from datetime import date, datetime

from elmed.access.actors import Actor
from elmed.access.visibility import visible
from elmed.core.refusals import Invalid
from elmed.inventory import stock
from elmed.inventory.coverage import same_unit
from elmed.inventory.models import Kind, Product
from elmed.inventory.stock import Cause
from elmed.prescriptions.models import DispenseLine
from elmed.prescriptions.vocabulary import ReversalReason


def take(actor: Actor, lines: Sequence[DispenseLine], *, day: date, now: datetime) -> None:
    """Take each line's product from the pharmacy's stock. A SKU that is not in its catalogue is only written down.

    Raises NotNow (`batch_expired`, `batch_recalled`), Invalid where product and line count in different units.
    """
    skus = {line.product_sku for line in lines if line.product_sku is not None}
    if not skus:
        return
    ids = visible(actor, Product).filter(sku__in=skus).values_list("pk", flat=True)
    products = {product.sku: product for product in stock.lock(list(ids)).values()}
    for index, line in enumerate(lines):
        product = products.get(line.product_sku or "")
        if product is None:
            continue
        if not same_unit(product, line.line):
            raise Invalid.field(
                f"/lines/{index}/product_sku", "unit_mismatch", "The product is counted in another unit than the line."
            )
        cause = Cause(Kind.DISPENSE, actor, now, dispense_line=line)
        stock.take(
            product, line.quantity_milli, cause, day=day, batch_number=line.batch_number, expiry_date=line.expiry_date
        )


def give_back(actor: Actor, line: DispenseLine, quantity_milli: int, reason: ReversalReason, *, now: datetime) -> None:
    """What the reason says: back on the shelf where it never left, to quarantine where it came back unopened."""
    if reason is ReversalReason.RETURNED_UNUSABLE:
        return
    cause = Cause(Kind.RETURN, actor, now, reason=reason.value, dispense_line=line)
    stock.put_back(line, quantity_milli, cause, quarantine=reason is ReversalReason.RETURNED_UNOPENED)
