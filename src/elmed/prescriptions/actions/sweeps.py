"""Sweeps: what staff ordered for all of an account's prescriptions, done one by one and by the clock.

Each prescription is a transaction of its own that also counts it: what is done stays done, nothing is half done, and
whoever goes on (the page at once, jobs/periodic.py for the rest) begins after the last one. Two at once do each once.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.models import AccountState
from elmed.core.clock import real_now
from elmed.core.refusals import NotNow, NotVisible
from elmed.events.record import together
from elmed.prescriptions.actions import swept
from elmed.prescriptions.actions.legal import hold_swept, is_overdue, lock, settle
from elmed.prescriptions.actions.transfer import held, transfer
from elmed.prescriptions.models import Prescription, Sweep, SweepEnd, SweepKind
from elmed.prescriptions.vocabulary import OPEN

AT_ONCE = 1.0  # seconds that a page goes on with it before it shows how far it is
log = logging.getLogger(__name__)


class _Way(NamedTuple):
    """How a kind of sweep goes on."""

    rows: Callable[[Sweep], QuerySet[Prescription]]
    one: Callable[[Sweep, int, datetime], bool]  # whether it was done; False: it stays as it is
    only_while: frozenset[AccountState]  # the account's states in which it goes on


def _release(order: Sweep, number: int, now: datetime) -> bool:
    try:
        transfer(swept.actor(order), number, reason=order.reason, now=now)
    except (NotNow, NotVisible):  # another side paused it; or it ended, or left the pharmacy, meanwhile
        return False
    return True


def _hold(order: Sweep, number: int, now: datetime) -> bool:
    with transaction.atomic(), together():
        subject = lock(swept.actor(order), number)
        if subject.rx.status not in OPEN or is_overdue(subject.rx, now):
            settle(subject, now)
            return False
        if not swept.held_by(order, subject):
            hold_swept(subject, order, now)
        return True


_GONE = frozenset({AccountState.SUSPENDED, AccountState.LAPSED, AccountState.REJECTED})
_WAYS: dict[str, _Way] = {
    SweepKind.RELEASE: _Way(lambda order: held(order.world_id, order.account_id), _release, _GONE),
    SweepKind.FRAUD: _Way(
        lambda order: Prescription.objects.filter(
            prescriber_id=order.account_id, world_id=order.world_id, status__in=OPEN, issued_at__lte=order.started_at
        ),
        _hold, frozenset({AccountState.SUSPENDED}),
    ),
}  # fmt: skip


def get(actor: Actor, pk: int) -> Sweep:
    """One sweep. Raises NotAllowed, NotVisible."""
    policy.require(actor, Permission.TRANSFER)
    row = Sweep.objects.select_related("account", "by_person").filter(pk=pk, world_id=actor.world_id).first()
    if row is None:
        raise NotVisible("sweep")
    return row


def of_account(actor: Actor, account_id: int) -> list[Sweep]:
    """The newest five of an account. Raises NotAllowed."""
    policy.require(actor, Permission.TRANSFER)
    return list(Sweep.objects.filter(account_id=account_id, world_id=actor.world_id).order_by("-pk")[:5])


def staying(actor: Actor, order: Sweep) -> QuerySet[Prescription]:
    """What a release has not changed: on hold by the doctor or by staff, or not reached yet."""
    rows = visibility.visible(actor, Prescription)
    return rows.filter(pk__in=_WAYS[order.kind].rows(order).values("pk"), pk__lte=order.last_id).order_by("pk")


def advance(pk: int, *, seconds: float) -> int:
    """Go on with one for about that long. Returns how many were looked at."""
    order = Sweep.objects.filter(pk=pk, finished_at=None).first()
    if order is None:
        return 0
    until, count = time.monotonic() + seconds, 0
    numbers = sorted(_WAYS[order.kind].rows(order).filter(pk__gt=order.last_id).values_list("pk", flat=True))
    for number in numbers:
        if time.monotonic() > until:
            return count
        if not _step(pk, number):
            return count
        count += 1
    _finish(pk)
    return count


def advance_all(seconds: float) -> int:
    """Go on with each that is not finished, the oldest first, for about that long together."""
    until, count = time.monotonic() + seconds, 0
    for pk in Sweep.objects.filter(finished_at=None).order_by("pk").values_list("pk", flat=True):
        count += advance(pk, seconds=max(0.0, until - time.monotonic()))
    return count


@transaction.atomic
def _step(pk: int, number: int) -> bool:
    """Do one, and count it. False where the sweep is over, or somebody else goes on with it at this moment."""
    order = _taken(pk)
    if order is None:
        return False
    if order.last_id >= number:  # somebody else did it
        return True
    way = _WAYS[order.kind]
    if order.account.state not in way.only_while:
        return _end(order, SweepEnd.ACTIVE_AGAIN)
    try:
        with transaction.atomic():
            done = way.one(order, number, real_now())
    except DatabaseError:
        raise  # the next run begins with it again
    except Exception:
        log.exception("sweep %s: prescription %s is left as it is", order.pk, number)
        done = False
    order.last_id, order.done, order.left = number, order.done + done, order.left + (not done)
    order.save(update_fields=["last_id", "done", "left"])
    return True


@transaction.atomic
def _finish(pk: int) -> None:
    order = _taken(pk)
    if order is not None:
        _end(order, SweepEnd.DONE)


def _taken(pk: int) -> Sweep | None:
    """An unfinished one, locked; None where it is over, or in somebody else's hands."""
    rows = Sweep.objects.select_for_update(
        of=("self",), skip_locked=connection.features.has_select_for_update_skip_locked
    )
    return rows.select_related("account").filter(pk=pk, finished_at=None).first()


def _end(order: Sweep, how: SweepEnd) -> bool:
    order.finished_at, order.ended_as = real_now(), how
    order.save(update_fields=["finished_at", "ended_as"])
    return False
