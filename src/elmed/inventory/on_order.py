"""What shops' orders still wait for: the SKUs whose pack and name must stay as the order saw them.

Asked by products.py and csv_import.py before they change a product. Reservations themselves are made and ended in
prescriptions/actions/.
"""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.access.visibility import visible
from elmed.core.refusals import NotNow
from elmed.prescriptions.models import Freed, Reservation, ReservationLine
from elmed.prescriptions.vocabulary import LATE_REPORT


def skus_on_order(actor: Actor, *, now: datetime) -> set[str]:
    """In lower case, the SKUs of every reservation that a supply may still refer to, late reports included."""
    late = Q(
        confirmed_at__isnull=False, freed_reason__in=(Freed.TIMED_OUT, Freed.ENDED), freed_at__gte=now - LATE_REPORT
    )
    rows = visible(actor, Reservation).filter(Q(freed_at__isnull=True) | late, used_at__isnull=True)
    skus = ReservationLine.objects.filter(reservation__in=rows).values_list("product_sku", flat=True).distinct()
    return {sku.lower() for sku in skus}


def refusal(sku: str) -> NotNow:
    """Its pack or SKU cannot become another one now: what left the pharmacy could not be counted any more."""
    return NotNow(
        "product_on_order",
        _(
            "An order of your shop waits for this product. Its SKU, pack size and unit stay until the order is dispensed or "
            "its reservation freed; or retire it, and make a new product."
        ),
        sku=sku,
    )
