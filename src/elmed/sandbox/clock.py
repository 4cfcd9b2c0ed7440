"""The clock of a test world: it goes forward when its account says so, and what became due meanwhile is done before the answer.

In its order: the clock stops at each moment at which something is due, so that a request to cancel that nobody answered ends
in a cancellation, although the validity ends later within the same step. The live world's work is jobs/periodic.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db import transaction
from django.db.models import Min

from elmed.access import actors
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import visible
from elmed.core.clock import end_of_day, real_now
from elmed.core.refusals import Invalid
from elmed.events.record import record, together
from elmed.inventory.expiry import quarantine_expired
from elmed.inventory.models import Batch
from elmed.prescriptions.actions.cancel import cancel_unanswered
from elmed.prescriptions.actions.expire import expire_due
from elmed.prescriptions.actions.reservations import free_due
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription, Reservation
from elmed.prescriptions.vocabulary import CANCELLATION_ANSWER, OPEN, HoldKind
from elmed.sandbox.people import lock, present, require_test_world

MOST_STOPS = 1_000  # in one step, which is one request and one transaction
FARTHEST = timedelta(days=3660)  # ahead of real time, altogether


@dataclass(frozen=True)
class Work:
    """Something that time does. `due`: the first moment after another at which there is some of it; by an actor that sees all."""

    name: str
    due: Callable[[Actor, datetime], datetime | None]
    run: Callable[[Actor, datetime], int]


def _first(rows: dict[str, datetime | None]) -> datetime | None:
    return rows["first"]


def _expiry(sees: Actor, after: datetime) -> datetime | None:
    rows = visible(sees, Prescription).filter(status__in=OPEN, expires_at__gt=after)
    return _first(rows.aggregate(first=Min("expires_at")))


def _silence(sees: Actor, after: datetime) -> datetime | None:
    rows = visible(sees, Prescription).filter(
        holds__kind=HoldKind.CANCELLATION, holds__ended_at=None, holds__placed_at__gt=after - CANCELLATION_ANSWER
    )
    placed = _first(rows.aggregate(first=Min("holds__placed_at")))
    return placed + CANCELLATION_ANSWER if placed else None


def _reservation(sees: Actor, after: datetime) -> datetime | None:
    rows = visible(sees, Reservation).filter(used_at=None, freed_at=None, reserved_until__gt=after)
    return _first(rows.aggregate(first=Min("reserved_until")))


def _batch(sees: Actor, after: datetime) -> datetime | None:
    day = jurisdiction().day(after)
    rows = visible(sees, Batch).filter(stock_milli__gt=0, expiry_date__gte=day)
    last = rows.aggregate(first=Min("expiry_date"))["first"]
    return end_of_day(last, jurisdiction().zone) if last else None


WORK: tuple[Work, ...] = (
    Work("requests to cancel that nobody answered", _silence, lambda sees, now: cancel_unanswered(now, world_id=sees.world_id)),
    Work("reservations that ended", _reservation, lambda sees, now: free_due(now, world_id=sees.world_id)),
    Work("prescriptions that expired", _expiry, lambda sees, now: expire_due(now, world_id=sees.world_id, mode=sees.mode)),
    Work("batches that expired", _batch, lambda sees, now: quarantine_expired(now, world_id=sees.world_id, mode=sees.mode)),
)  # fmt: skip


def next_due(actor: Actor, after: datetime) -> tuple[datetime, str] | None:
    """The first moment after that one at which something is due in the actor's test world, and the name of what it is.

    Raises NotAllowed outside a test world.
    """
    require_test_world(actor)
    sees = actors.clock(actor.world_id, actor.mode)
    coming = [(at, work.name) for work in WORK if (at := work.due(sees, after)) is not None]
    return min(coming) if coming else None


def advance_to_next(actor: Actor) -> datetime | None:
    """Move it to the next moment at which something is due, and do that. Returns its present; None where nothing is due.

    Raises as `advance`.
    """
    require_test_world(actor, Permission.SANDBOX_MANAGE)
    with transaction.atomic(), together():
        now = present(actor)
        due = next_due(actor, now)
        # Whole seconds: the clock knows no less.
        return advance(actor, timedelta(seconds=ceil((due[0] - now).total_seconds()))) if due else None


def advance(actor: Actor, by: timedelta) -> datetime:
    """Move the clock of the actor's test world forward, and do what became due. Returns its present.

    Raises NotAllowed outside a test world and for who does not manage it; Invalid: not forward, farther than ten years ahead of
    real time, too much on the way.
    """
    require_test_world(actor, Permission.SANDBOX_MANAGE)
    if by < timedelta(seconds=1):
        raise Invalid.field("/", "not_forward", "The clock only goes forward, by a second at least.")
    with transaction.atomic(), together():
        world = lock(actor)
        ahead = timedelta(seconds=world.clock_offset_seconds)
        if by > FARTHEST - ahead:
            detail = f"At most {FARTHEST.days} days ahead of real time; `POST /sandbox/reset` takes the clock back."
            raise Invalid.field("/", "too_far", detail)
        before = real_now() + ahead
        world.clock_offset_seconds += int(by.total_seconds())
        world.save(update_fields=["clock_offset_seconds"])
        do_due(actor, before, before + by)
        data = {"seconds": int(by.total_seconds())}
        record(actor, "sandbox.clock_advanced", accounts=[actor.account_id], at=before + by, data=data)
    return before + by


def do_due(actor: Actor, before: datetime, until: datetime) -> int:
    """Do what is due at `before`, and everything that becomes due up to `until`, in its order. Returns how much.

    Raises Invalid where that is too much for one step.
    """
    sees, moment, done = actors.clock(actor.world_id, actor.mode), before, 0
    for _ in range(MOST_STOPS):
        done += sum(work.run(sees, moment) for work in WORK)
        coming = [at for work in WORK if (at := work.due(sees, moment)) is not None]
        if not coming or min(coming) > until:
            break
        moment = min(coming)
    else:
        detail = (
            f"More than {MOST_STOPS} moments lie on the way at which something is due: move the clock in smaller steps."
        )
        raise Invalid.field("/", "too_much", detail)
    return done + (sum(work.run(sees, until) for work in WORK) if moment < until else 0)
