"""The stock behind a supply: what a dispense that names a product takes, and what its reversal gives back.

Called by supply.py and reverse.py inside their transaction; inventory/stock.py does the counting. It also holds the
doctor's word on substitution against the product itself, whatever the report says of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.core.refusals import Invalid, NotNow
from elmed.inventory import catalogue, stock
from elmed.inventory.coverage import covers, same_unit
from elmed.inventory.models import Kind, Product, ProductLink
from elmed.inventory.stock import Cause
from elmed.prescriptions.models import DispenseLine, ReservationLine
from elmed.prescriptions.vocabulary import ReversalReason


def take(actor: Actor, lines: Sequence[DispenseLine], *, handed_over_at: datetime, now: datetime) -> None:
    """Take each line's product from the pharmacy's stock. A SKU that is not in its catalogue is only written down.

    What an order sold stays sold: neither its product's new fields nor a link taken away refuse it. Where the product
    is counted in another unit by now, its stock cannot be: that supply too is only written down.

    Raises NotNow (`batch_expired`, `batch_recalled`, `substitution_not_allowed`), Invalid where product and line count
    in different units.
    """
    found = catalogue.by_sku(actor, [line.product_sku for line in lines if line.product_sku])
    if not found:
        return
    locked = stock.lock([product.pk for product in found.values()])
    for index, line in enumerate(lines):
        named = found.get((line.product_sku or "").lower())
        if named is None:
            continue
        product = locked[named.pk]
        _require_prescribed(product, line)
        if not same_unit(product, line.line):
            if _was_sold(line):
                continue
            raise Invalid.field(
                f"/lines/{index}/product_sku",
                "unit_mismatch",
                _("The product is counted in another unit than the line."),
            )
        stock.take(
            product, line.quantity_milli, Cause(Kind.DISPENSE, actor, now, dispense_line=line),
            left_at=handed_over_at, batch_number=line.batch_number, expiry_date=line.expiry_date,
        )  # fmt: skip


def _require_prescribed(product: Product, line: DispenseLine) -> None:
    """Where the doctor allows no substitution, the product is the prescribed one, also where nobody declares another.

    Raises NotNow.
    """
    prescribed = line.line
    if prescribed.substitution_allowed or covers(product, prescribed, linked=False):
        return
    if ProductLink.objects.filter(product=product, line=prescribed).exists():
        return
    if _was_sold(line):
        return
    raise NotNow(
        "substitution_not_allowed",
        _("The doctor does not allow a substitution of this line, and this product is not what it prescribes."),
        medication_id=prescribed.pk,
        product_sku=product.sku,
    )


def _was_sold(line: DispenseLine) -> bool:
    """Whether the order that this supplies was sold this product for this line: its check said yes, and that stays said."""
    sold = ReservationLine.objects.filter(reservation=line.dispense.reservation_id, line=line.line)
    return sold.filter(product_sku__iexact=line.product_sku).exists()


def give_back(actor: Actor, back: Mapping[DispenseLine, int], reason: ReversalReason, *, now: datetime) -> None:
    """What the reason says: back on the shelf where it never left, to quarantine where it came back unopened."""
    if reason is ReversalReason.RETURNED_UNUSABLE:
        return
    cause = Cause(Kind.RETURN, actor, now, reason=reason.value)
    stock.put_back(back, cause, quarantine=reason is ReversalReason.RETURNED_UNOPENED)
