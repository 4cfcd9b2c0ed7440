"""Sending what waits: taken by a lease, sent outside any transaction, marked after. At least once, and never lost.

A worker that dies leaves its lease, which ends by itself: another sends again what it may have sent. Any number of
workers take at the same time; on PostgreSQL a row that another one is taking is passed by.
"""

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Case, Exists, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from elmed.access.actors import clock
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.events.feed import Entry
from elmed.webhooks import message, sealed
from elmed.webhooks.client import SECONDS, Client, Outcome
from elmed.webhooks.endpoints import forget, pause
from elmed.webhooks.models import Attempt, Delivery, Endpoint, State, Why
from elmed.webhooks.queries import told
from elmed.webhooks.schedule import FAILING_PAUSES, KEPT, SLOW, next_wait
from elmed.webhooks.shares import Due

log = logging.getLogger(__name__)
PURGED_AT_ONCE = 5_000
LEASE = timedelta(seconds=4 * SECONDS)
GONE = 410
NOBODY = Q()


def due_endpoints(now: datetime, most: int, *, leaving_out: Q = NOBODY) -> list[Due]:
    """Endpoints for which something is due: those that answer well first, the live ones of them first, then who waits longest."""
    due = Delivery.objects.filter(endpoint=OuterRef("pk"), state=State.WAITING, due_at__lte=now)
    rows = told().filter(Exists(due)).exclude(leaving_out)
    rows = rows.annotate(
        is_slow=Case(When(Q(slow=True) | Q(failing_since__isnull=False), then=Value(True)), default=Value(False)),
        is_test=Case(When(world__mode=Mode.TEST, then=Value(True)), default=Value(False)),
        oldest=Subquery(due.order_by("due_at").values("due_at")[:1]),
    ).order_by("is_slow", "is_test", "oldest", "pk")
    return [Due(*row) for row in rows.values_list("pk", "account_id", "world_id", "is_test", "is_slow")[:most]]


@transaction.atomic
def take(endpoint_id: int, now: datetime, most: int) -> list[int]:
    """Lease what is due for an endpoint, in the order of the list: the ids of its deliveries."""
    rows = Delivery.objects.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    due = rows.filter(endpoint_id=endpoint_id, state=State.WAITING, due_at__lte=now).order_by("due_at", "pk")
    taken = list(due.values_list("pk", flat=True)[:most])
    Delivery.objects.filter(pk__in=taken).update(due_at=now + LEASE)
    return taken


def deliver(delivery_id: int, client: Client) -> Outcome | None:
    """Try one that was taken. None where it does not wait any more, or its endpoint is off or gone."""
    rows = Delivery.objects.select_related("endpoint__world", "event")
    row = rows.filter(pk=delivery_id, state=State.WAITING, endpoint__in=told()).first()
    if row is None:
        return None
    at = real_now()
    outcome = _tried(row, client, at)
    _mark(row, outcome, at)
    return outcome


def _tried(row: Delivery, client: Client, at: datetime) -> Outcome:
    """Send it. What goes wrong on our side is a try that failed, too: it is noted, and ends some day."""
    try:
        payload = message.body(_event(row))
        headers = message.headers(message_id(row), at, payload, _keys(row.endpoint, at))
        return client.post(row.endpoint.url, payload, headers)
    except Exception:
        log.exception("webhook delivery %s could not be sent", row.pk)
        return Outcome(None, "internal", 0)


def message_id(row: Delivery) -> str:
    """What a receiver tells repetitions by: the event's, however often it is sent."""
    return f"evt_{row.event_id}" if row.event_id else f"test_{row.pk}"


def purge(now: datetime) -> int:
    """Forget deliveries that ended and are older than 30 days. Returns how many."""
    old, gone = Delivery.objects.filter(created_at__lt=now - KEPT).exclude(state=State.WAITING), 0
    while some := list(old.values_list("pk", flat=True)[:PURGED_AT_ONCE]):
        with transaction.atomic():
            forget(some)
        gone += len(some)
    return gone


def _event(row: Delivery) -> dict[str, object]:
    mode = row.endpoint.world.mode
    if row.event is None:
        test = Entry(0, 0, row.type, row.created_at, None, None).shown(mode)
        return test | {"id": None, "sequence": None}
    event = row.event
    return Entry(row.sequence or 0, event.pk, event.type, event.created_at, event.prescription_id, event.version).shown(
        mode
    )


def _keys(endpoint: Endpoint, at: datetime) -> list[str]:
    keys = [endpoint.secret]
    if endpoint.old_secret is not None and endpoint.old_until is not None and endpoint.old_until > at:
        keys.append(endpoint.old_secret)
    return [sealed.told(key) for key in keys]


def _mark(row: Delivery, outcome: Outcome, at: datetime) -> None:
    """Note what came of a try, and what follows from it for the delivery and its endpoint."""
    now = real_now()
    with transaction.atomic():
        current = Delivery.objects.select_for_update().filter(pk=row.pk).first()
        if current is None:  # its endpoint was removed meanwhile
            return
        Attempt.objects.create(
            delivery=current, at=at, milliseconds=outcome.milliseconds, status=outcome.status, error=outcome.error
        )
        current.attempts += 1
        if outcome.delivered:
            current.state, current.done_at = State.DELIVERED, now
        elif current.state == State.WAITING:  # else another worker delivered it meanwhile, or nobody is to try any more
            wait = next_wait(current.attempts, outcome.retry_after)
            if wait is None:
                current.state, current.done_at = State.FAILED, now
            else:
                current.due_at = now + wait
        current.save(update_fields=["attempts", "state", "done_at", "due_at"])
    _judge(row.endpoint, outcome, now)


def _judge(endpoint: Endpoint, outcome: Outcome, now: datetime) -> None:
    """The endpoint's own state after a try: a success clears it, 410 and five days of failures switch it off."""
    slow = outcome.milliseconds > SLOW / timedelta(milliseconds=1)
    rows = Endpoint.objects.filter(pk=endpoint.pk)
    if outcome.delivered:
        rows.filter(Q(failing_since__isnull=False) | Q(slow=not slow)).update(failing_since=None, slow=slow)
        return
    actor = clock(endpoint.world_id, Mode(endpoint.world.mode))
    rows.filter(Q(failing_since=None) | Q(slow=not slow), url=endpoint.url).update(
        failing_since=Coalesce("failing_since", Value(now)), slow=slow
    )
    if outcome.status == GONE:
        pause(endpoint, Why.GONE, actor=actor, now=now)
    elif endpoint.failing_since is not None and now - endpoint.failing_since > FAILING_PAUSES:
        pause(endpoint, Why.FAILING, actor=actor, now=now)
