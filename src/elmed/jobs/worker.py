"""The worker: does what is due by PERIODIC. Any number may run; each period of each entry is done by one.

Called by `elmed worker`. A row's lease is taken under a lock (on PostgreSQL a locked row is skipped, not waited
for) and given back after the work, which runs outside that transaction: the acts open their own.
"""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Q

from elmed.core.clock import real_now
from elmed.jobs.models import PeriodicRun
from elmed.jobs.periodic import PERIODIC, Periodic

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=10)  # a worker that died is believed dead after this
PAUSE = 5.0  # seconds between two looks at the table


def take(work: Periodic, now: datetime) -> bool:
    """Take the lease of a piece of work that is due. False where it is not, or another worker has it."""
    known, _ = PeriodicRun.objects.get_or_create(name=work.name, defaults={"due_at": now})
    if known.due_at > now:  # most looks end here, without a lock
        return False
    with transaction.atomic():
        row = (
            PeriodicRun.objects.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
            .filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now), name=work.name, due_at__lte=now)
            .first()
        )
        if row is None:
            return False
        row.due_at, row.leased_until = now + work.every, now + LEASE
        row.save(update_fields=["due_at", "leased_until"])
        return True


def run_due(now: datetime, works: Sequence[Periodic] = PERIODIC) -> dict[str, int]:
    """Do everything that is due and not in other hands; returns how much each did. One failing keeps none from its turn."""
    done = {}
    for work in works:
        if not take(work, now):
            continue
        try:
            done[work.name] = work.run(now)
        except Exception:
            log.exception("periodic work failed: %s", work.name)
            outcome = {"failed_at": real_now()}
        else:
            outcome = {"finished_at": real_now()}
            if done[work.name]:
                log.info("%s: %d", work.name, done[work.name])
        PeriodicRun.objects.filter(name=work.name).update(leased_until=None, **outcome)
    return done


def run_forever(stop: threading.Event) -> None:
    """Look every few seconds until `stop` is set. A database that is away is waited for, not died of."""
    while not stop.is_set():
        try:
            run_due(real_now())
        except DatabaseError:
            log.warning("the database does not answer; trying again")
            connection.close()
        stop.wait(PAUSE)
