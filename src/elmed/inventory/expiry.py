"""What has expired leaves the shelf: into quarantine, so that no shop is ever shown a pack that must not be sold.

Called by the worker every minute (jobs/periodic.py): a look along an index that holds only what lies on a shelf. A
hand-over of an expired batch is refused by stock.py all the same.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from elmed.access import actors
from elmed.core.models import Mode
from elmed.inventory import stock
from elmed.inventory.models import Batch, Kind
from elmed.inventory.stock import Cause
from elmed.prescriptions.jurisdiction import jurisdiction

REASON = gettext_noop("Expired")


def quarantine_expired(now: datetime, *, world_id: int, mode: Mode) -> int:
    """Set aside what lies on the shelf of every batch whose last day is over, in that world. Returns how many batches."""
    today = jurisdiction().day(now)
    due = Batch.objects.filter(product__world_id=world_id, expiry_date__lt=today, stock_milli__gt=0)
    return sum(_set_aside(pk, today, now, world_id, mode) for pk in due.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _set_aside(batch_id: int, today: date, now: datetime, world_id: int, mode: Mode) -> int:
    """One batch, looked at again under its product's lock."""
    found = Batch.objects.filter(pk=batch_id).values_list("product_id", flat=True).first()
    if found is None:
        return 0
    product = stock.lock_one(found)
    batch = Batch.objects.get(pk=batch_id)
    if batch.stock_milli <= 0 or batch.expiry_date is None or batch.expiry_date >= today:
        return 0
    cause = Cause(Kind.QUARANTINE, actors.clock(world_id, mode), now, reason=REASON)
    stock.set_aside(product, batch, batch.stock_milli, cause)
    return 1
