"""From an account's list of events to its endpoints' deliveries: each endpoint goes through the list by its own position.

Since the list has no gaps, and its numbers are committed in their order, a position misses nothing. Position and
deliveries are written in one transaction: whoever dies in between has done nothing.
"""

import logging
from datetime import datetime

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Exists, F, OuterRef

from elmed.events.models import EventCounter, EventListing
from elmed.webhooks.endpoints import takes
from elmed.webhooks.models import Delivery, Endpoint
from elmed.webhooks.queries import told

log = logging.getLogger(__name__)
AT_ONCE = 500  # events of one endpoint in a transaction
ENDPOINTS = 200  # in one round


def fan_out(now: datetime) -> int:
    """Make the deliveries of what happened since. Returns how many events were gone through."""
    newer = EventCounter.objects.filter(
        account_id=OuterRef("account_id"), world_id=OuterRef("world_id"), last__gt=OuterRef("position")
    )
    behind = told().filter(Exists(newer)).order_by("?").values_list("pk", flat=True)[:ENDPOINTS]
    return sum(_given(endpoint_id, now) for endpoint_id in behind)


def _given(endpoint_id: int, now: datetime) -> int:
    """As `_give`; one endpoint that cannot be dealt with keeps the others from nothing."""
    try:
        return _give(endpoint_id, now)
    except (DatabaseError, InterfaceError):
        raise
    except Exception:
        log.exception("webhook endpoint %s could not be given its events", endpoint_id)
        return 0


@transaction.atomic
def _give(endpoint_id: int, now: datetime) -> int:
    """Give one endpoint its next events, unless another worker is at it."""
    skips = connection.features.has_select_for_update_skip_locked
    locked = Endpoint.objects.select_for_update(of=("self",), skip_locked=skips)
    endpoint = told(locked).select_related("account").filter(pk=endpoint_id).first()
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
