"""How long a test world is kept: untouched for 90 days it is emptied. How much it may hold says access/room.py."""

import logging
import time
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from elmed.access import actors
from elmed.access.models import RateWindow
from elmed.accounts.models import Account
from elmed.core.models import Mode, World
from elmed.events.models import AccessRecord, Event
from elmed.events.record import together
from elmed.request_log.models import LoggedRequest, ScopeUse
from elmed.sandbox.reset import empty, holding

log = logging.getLogger(__name__)
KEPT = timedelta(days=90)  # real time, whatever the world's clock shows


def forget_untouched(real: datetime, *, seconds: float) -> int:
    """Empty the test worlds that nobody touched for 90 days, as a reset does, for about that long. Returns how many.

    Touched: a request with one of the account's test keys, something that happened there, somebody who looked. In no order,
    so that those that take long, or cannot be emptied, keep no other from its turn for ever.
    """
    until, since, forgotten = time.monotonic() + seconds, real - KEPT, 0
    for number in list(_untouched(since).order_by("?").values_list("pk", flat=True)):
        if time.monotonic() > until:
            break  # the rest next time
        try:
            forgotten += _forget(number, since)
        except Exception:
            if not connection.is_usable():
                raise
            log.exception("test world %d was not emptied", number)
    return forgotten


def _untouched(since: datetime) -> QuerySet[World]:
    """Test worlds in which something stands, and that left no trace of anybody since then.

    A key's last use is told by its minute, which a crash or a restored copy may have lost; its requests and the days on
    which its scopes were needed are kept.
    """
    of_world, of_keys = {"world": OuterRef("pk")}, {"key__account__test_world": OuterRef("pk"), "key__mode": Mode.TEST}
    traces = (
        Event.objects.filter(**of_world, recorded_at__gte=since),
        AccessRecord.objects.filter(**of_world, created_at__gte=since),
        LoggedRequest.objects.filter(**of_world, at__gte=since),
        RateWindow.objects.filter(**of_keys, last_used_at__gte=since),
        ScopeUse.objects.filter(**of_keys, last_used_on__gte=since.date()),
    )
    worlds = World.objects.filter(mode=Mode.TEST, created_at__lt=since)
    for trace in traces:
        worlds = worlds.exclude(Exists(trace))
    return holding(worlds)


@transaction.atomic
def _forget(world_id: int, since: datetime) -> bool:
    """Look again once it is locked."""
    world = World.objects.select_for_update().get(pk=world_id, mode=Mode.TEST)
    if not _untouched(since).filter(pk=world_id).exists():
        return False
    owner = Account.objects.filter(test_world=world).first()
    with together():
        empty(actors.clock(world_id, Mode.TEST), world, owner.pk if owner else None)
    return True
