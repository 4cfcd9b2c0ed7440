"""Sending again what somebody asks for: one delivery, everything since a moment, or a test."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.events.catalogue import EVENT_TYPES
from elmed.events.models import EventListing
from elmed.webhooks import message
from elmed.webhooks.deliver import LEASE
from elmed.webhooks.endpoints import lock, takes
from elmed.webhooks.models import Delivery, Endpoint, State
from elmed.webhooks.schedule import KEPT

MOST = 10_000  # deliveries in one request; ask again for the rest


@transaction.atomic
def resend(actor: Actor, endpoint_id: int, delivery_id: int) -> Delivery:
    """Send one again, at once, with all its tries before it. Raises NotVisible, NotAllowed, NotNow (`endpoint_off`)."""
    endpoint = _on(actor, endpoint_id)
    row = Delivery.objects.select_for_update().filter(pk=delivery_id, endpoint=endpoint).first()
    if row is None:
        raise NotVisible("delivery")
    now = real_now()
    row.state, row.due_at, row.attempts, row.done_at, row.resent = State.WAITING, now, 0, None, row.resent + 1
    row.save(update_fields=["state", "due_at", "attempts", "done_at", "resent"])
    return row


@transaction.atomic
def resend_since(actor: Actor, endpoint_id: int, since: datetime, *, delivered_too: bool = False) -> int:
    """Send what happened since then and was not delivered, also what nobody was told while it was off.

    Returns how many will be sent, 10,000 at most, the oldest first. Raises NotVisible, NotAllowed, Invalid (older than
    30 days, or in the future), NotNow (`endpoint_off`).
    """
    endpoint, now = _on(actor, endpoint_id), real_now()
    if not now - KEPT <= since <= now:
        raise Invalid.field("/since", "out_of_range", _("A moment of the last 30 days."))
    _make_missing(endpoint, since, now)
    rows = Delivery.objects.filter(endpoint=endpoint, event__recorded_at__gte=since)
    # What waits for its next try does not wait any longer; what a worker has in hand right now is left to it.
    rows.filter(state=State.WAITING, attempts__gt=0, due_at__gt=now + LEASE).update(due_at=now)
    wanted = rows.exclude(state=State.WAITING) if delivered_too else rows.filter(state=State.FAILED)
    chosen = list(wanted.order_by("sequence").values_list("pk", flat=True)[:MOST])
    Delivery.objects.filter(pk__in=chosen).update(
        state=State.WAITING, due_at=now, attempts=0, done_at=None, resent=F("resent") + 1
    )
    return Delivery.objects.filter(endpoint=endpoint, state=State.WAITING).count()


@transaction.atomic
def send_test(actor: Actor, endpoint_id: int) -> Delivery:
    """Send a message of the type `webhook.test`, with no event behind it. Raises NotVisible, NotAllowed, NotNow."""
    endpoint, now = _on(actor, endpoint_id), real_now()
    return Delivery.objects.create(endpoint=endpoint, type=message.TEST, created_at=now, due_at=now)


def _on(actor: Actor, endpoint_id: int) -> Endpoint:
    endpoint = lock(actor, endpoint_id)
    if endpoint.off:
        raise NotNow("endpoint_off", _("The endpoint is switched off. Switch it on first."))
    return endpoint


def _make_missing(endpoint: Endpoint, since: datetime, now: datetime) -> None:
    """Deliveries of events that were never made into any, such as those from while it was off."""
    rows = EventListing.objects.filter(
        account_id=endpoint.account_id, world_id=endpoint.world_id, sequence__lte=endpoint.position,
        event__recorded_at__gte=since, event__type__in=[one for one in EVENT_TYPES if takes(endpoint, one)],
    ).exclude(event__in=Delivery.objects.filter(endpoint=endpoint, event__isnull=False).values("event_id"))  # fmt: skip
    found = rows.order_by("sequence").values("sequence", "event_id", type=F("event__type"))[:MOST]
    Delivery.objects.bulk_create(
        [Delivery(endpoint=endpoint, **row, created_at=now, due_at=now) for row in found],
        ignore_conflicts=True,
    )
