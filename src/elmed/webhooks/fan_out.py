"""From an account's list of events to its endpoints' deliveries: each endpoint goes through the list by its own position.

Since the list has no gaps, and its numbers are committed in their order, a position misses nothing. Position and
deliveries are written in one transaction: whoever dies in between has done nothing.
"""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef

from elmed.events.models import EventCounter, EventListing
from elmed.webhooks.endpoints import takes
from elmed.webhooks.models import Delivery, Endpoint, Why

AT_ONCE = 500  # events of one endpoint in a transaction
ENDPOINTS = 200  # in one round


def fan_out(now: datetime) -> int:
    """Make the deliveries of what happened since. Returns how many events were gone through."""
    newer = EventCounter.objects.filter(
        account_id=OuterRef("account_id"), world_id=OuterRef("world_id"), last__gt=OuterRef("position")
    )
    behind = Endpoint.objects.filter(Exists(newer), off=Why.ON).order_by("pk").values_list("pk", flat=True)
    return sum(_give(endpoint_id, now) for endpoint_id in behind[:ENDPOINTS])


@transaction.atomic
def _give(endpoint_id: int, now: datetime) -> int:
    """Give one endpoint its next events, unless another worker is at it."""
    locked = Endpoint.objects.select_for_update(
        of=("self",), skip_locked=connection.features.has_select_for_update_skip_locked
    )
    endpoint = locked.select_related("account").filter(pk=endpoint_id, off=Why.ON).first()
    if endpoint is None:
        return 0
    rows = list(
        EventListing.objects.filter(
            account_id=endpoint.account_id, world_id=endpoint.world_id, sequence__gt=endpoint.position
        )
        .order_by("sequence")
        .values("sequence", "event_id", type=F("event__type"))[:AT_ONCE]
    )
    if not rows:
        return 0
    deliveries = [
        Delivery(endpoint=endpoint, **row, created_at=now, due_at=now) for row in rows if takes(endpoint, row["type"])
    ]
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    Endpoint.objects.filter(pk=endpoint.pk).update(position=rows[-1]["sequence"])
    return len(rows)
