"""The frame of every act: lock, look, judge by the table, write, record, in one transaction.

`legal` opens it and yields the locked Subject; `finish` writes the new status and the one event. The acts
beside this file say only what is particular to them.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, Subquery

from elmed.access import actors, policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import visible_prescription
from elmed.accounts.models import AccountKind, AccountState
from elmed.core.compiled import Compiled, stand_in
from elmed.core.models import Mode
from elmed.core.refusals import NotAllowed, NotNow, NotVisible, Refusal, require_version
from elmed.events.record import record, together
from elmed.prescriptions import facts as facts_
from elmed.prescriptions.actions import reserved, swept
from elmed.prescriptions.actions.broken_seal import SealBroken, tell_staff
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.guards import Caller, Facts
from elmed.prescriptions.models import FormerSupplier, Freed, Hold, Prescription, Sweep
from elmed.prescriptions.states import TRANSITIONS, Verdict, allowed, judge
from elmed.prescriptions.vocabulary import OPEN, Act, HoldKind, Side, Status


def lock(actor: Actor, prescription_id: int, *, proven: bool = False) -> Subject:
    """Lock a visible prescription, the one it replaces and the open ones that replace it, in id order. Raises NotVisible.

    One statement: every act takes prescriptions before event lists, also one that first expires what it found overdue.

    `proven`: somebody showed reference and date of birth, so that it need not be visible yet; only its world counts.
    """
    if prescription_id > BIGGEST:  # no row has such a number, and no database takes it
        raise NotVisible("prescription")
    locking = _locking(connection.vendor, actor.account_kind, actor.by_key, actor.permissions, proven)
    found = locking.rows(id=prescription_id, account=actor.account_id, world=actor.world_id)
    rows = {row.pk: row for row in found}
    rx = rows.get(prescription_id)
    if rx is None:
        raise NotVisible("prescription")
    return facts_.load(rx, rows.get(rx.replaces_id) if rx.replaces_id else None)


BIGGEST = 2**63 - 1
_ID, _ACCOUNT, _WORLD = stand_in(1), stand_in(2), stand_in(3)


@lru_cache(maxsize=256)
def _locking(
    _vendor: str, kind: AccountKind | None, by_key: bool, permissions: frozenset[Permission], proven: bool
) -> Compiled[Prescription]:
    """The locking statement for a kind of actor; visibility depends on nothing else but its account and world."""
    actor = Actor(
        _ACCOUNT, kind, AccountState.VERIFIED, permissions, "clock", key_id=1 if by_key else None, world_id=_WORLD
    )
    own = Prescription.objects.filter(pk=_ID)
    seen = Q(world_id=_WORLD) if proven else visible_prescription(actor)
    rows = (
        Prescription.objects.select_for_update(of=("self",))
        .select_related("patient", "prescriber")
        .filter((Q(pk=_ID) & seen) | Q(pk=Subquery(own.values("replaces_id"))) | Q(replaces_id=_ID, status__in=OPEN))
        .order_by("pk")
    )
    return Compiled(rows, {"id": _ID, "account": _ACCOUNT, "world": _WORLD})


@contextmanager
def legal(
    actor: Actor,
    act: Act,
    prescription_id: int,
    *,
    now: datetime,
    expected_version: int | None = None,
    proven: bool = False,
    validate: Callable[[Subject], None] | None = None,
    handed_over_at: datetime | None = None,
    dispense_id: int | None = None,
    reservation_id: int | None = None,
    extra_sides: Sequence[Side] = (),
) -> Iterator[Subject]:
    """Yield the locked subject of a legal act; everything inside commits together or not at all.

    An overdue prescription is expired first, and one of a doctor suspended for fraud is put on hold; where the act is then
    refused, that is the one change that stays. Raises NotVisible (404), NotAllowed (403), Invalid (422, from `validate`),
    NotNow (409), VersionConflict (412).
    """
    policy.require(actor, TRANSITIONS[act].permission)
    settled, began = False, time.monotonic()
    try:
        with transaction.atomic(), together():
            subject = lock(actor, prescription_id, proven=proven)
            subject.waited = timedelta(seconds=time.monotonic() - began)
            settled = act is not Act.EXPIRE and settle(subject, now)
            free_overdue(subject, now)
            unclaimed = reserved.claim(subject, actor, reservation_id, now) if reservation_id is not None else None
            caller = facts_.caller(subject, actor, handed_over_at=handed_over_at, extra_sides=extra_sides)
            found = facts_.facts(subject, actor, now, dispense_id=dispense_id, handed_over_at=handed_over_at)
            no = judge(act, found, caller, now)
            if no and no.verdict is Verdict.NOT_ALLOWED:
                raise NotAllowed(no.code, no.detail)
            try:
                if validate:
                    validate(subject)
                if unclaimed:
                    raise unclaimed
                if no:
                    raise NotNow(no.code, no.detail)
                require_version(expected_version, subject.rx.version)
                yield subject
            except NotNow as refusal:
                refusal.extra = {**refusal.extra, **_as_it_is(found, caller, now)}
                raise
    except Refusal as refusal:
        if settled:
            refusal.leaves = partial(settle_again, prescription_id, actor, now)
        elif isinstance(refusal, SealBroken):
            refusal.leaves = partial(tell_staff, refusal)
        if refusal.leaves:
            refusal.leaves()
        raise


def _as_it_is(found: Facts, caller: Caller, now: datetime) -> dict[str, Any]:
    """What every 409 says: the status it was found in, and what the caller can do instead, as a read shows it."""
    acts = [act.value for act in allowed(found, caller._replace(handed_over_at=None), now)]
    return {"current_status": found.status.value, "allowed_actions": acts}


def is_overdue(rx: Prescription, now: datetime) -> bool:
    """Whether its end has passed while it is still open."""
    return rx.status in OPEN and now >= rx.expires_at


def expire_locked(subject: Subject, now: datetime) -> None:
    """Expire a locked, overdue prescription: it ended when its validity did, not when somebody noticed."""
    clock = actors.clock(subject.rx.world_id, Mode(subject.rx.world.mode))
    finish(subject, clock, Act.EXPIRE, Status.EXPIRED, now=now, reason="", ended_at=subject.rx.expires_at)


def settle(subject: Subject, now: datetime) -> bool:
    """What is due before anybody acts on a locked prescription: its end, or staff's hold of all that a doctor signed.

    Whether anything was.
    """
    if is_overdue(subject.rx, now):
        expire_locked(subject, now)
        return True
    order = swept.due(subject)
    if order is not None:
        hold_swept(subject, order, now)
    return order is not None


def hold_swept(subject: Subject, order: Sweep, now: datetime) -> None:
    """Put a locked prescription on hold as a sweep for fraud says, in the name of who ordered it."""
    now = max(now, order.started_at)
    swept.place(subject, HoldKind.FRAUD, Side.STAFF, reason=order.reason, now=now, person_id=order.by_person_id)
    data = {"kind": HoldKind.FRAUD.value}
    finish(subject, swept.actor(order), Act.HOLD, Status.ON_HOLD, now=now, reason=order.reason, data=data)


def settle_again(prescription_id: int, actor: Actor, now: datetime) -> bool:
    """The same in a transaction of its own. For what a refusal leaves behind."""
    clock = actors.clock(actor.world_id, actor.mode)
    with transaction.atomic(), together():
        return settle(lock(clock, prescription_id), now)


def expire_overdue(prescription_id: int, actor: Actor, now: datetime) -> bool:
    """Expire one prescription in a transaction of its own, where it is overdue."""
    clock = actors.clock(actor.world_id, actor.mode)
    with transaction.atomic(), together():
        subject = lock(clock, prescription_id)
        if not is_overdue(subject.rx, now):
            return False
        expire_locked(subject, now)
        return True


def free_overdue(subject: Subject, now: datetime) -> int:
    """Free the reservations whose time is over, before anything is judged by what is left. Returns how many."""
    rows = reserved.overdue(subject, now)
    if rows:
        clock = actors.clock(subject.rx.world_id, Mode(subject.rx.world.mode))
        for row in rows:
            reserved.free(subject, row, Freed.TIMED_OUT, clock, now=now)
    return len(rows)


def finish(
    subject: Subject,
    actor: Actor,
    act: Act,
    to: Status,
    *,
    now: datetime,
    reason: str | None = None,
    ended_at: datetime | None = None,
    changed: Sequence[str] = (),
    pharmacy_before: int | None = None,
    data: dict[str, Any] | None = None,
    notify: Sequence[int] = (),
) -> None:
    """Write the status an act led to, one version on, with the act's one event.

    `changed` names further fields of the prescription that the act set; `reason` replaces `status_reason`;
    `notify` lists further accounts concerned.
    """
    rx = subject.rx
    leaves_hold = rx.status == Status.ON_HOLD and to is not Status.ON_HOLD
    if leaves_hold:
        end_holds(subject.holds, now, outcome=act.value)
        subject.holds = []
    if to not in OPEN and to is not Status.DRAFT:
        rx.ended_at = rx.ended_at or ended_at or now
    else:
        rx.ended_at = None
    rx.status = to
    rx.version += 1
    # Not the moment the request began: whoever polls by change must not be past it already when it is committed.
    rx.updated_at = max(now + subject.waited, rx.updated_at)
    if facts_.step_of(rx) != subject.step:
        rx.step_since, subject.step = rx.updated_at, facts_.step_of(rx)
    if reason is not None:
        rx.status_reason = reason
    rx.save(update_fields=["status", "version", "updated_at", "step_since", "status_reason", "ended_at", *changed])
    for row, why in reserved.left_behind(subject, act, to):
        reserved.free(subject, row, why, actor, now=now)
    record(
        actor,
        TRANSITIONS[act].event,
        accounts=[rx.prescriber_id, rx.pharmacy_id, pharmacy_before, rx.patient.owner_id, *notify],
        at=now,
        prescription_id=rx.pk,
        version=rx.version,
        data={"status": to.value} | (data or {}),
        late=partial(stamp_again, rx),
    )


def stamp_again(rx: Prescription, seconds: float) -> None:
    """It waited for somebody's list of events: the change is as old as its commit, for whoever polls by change."""
    came_by_it = rx.step_since == rx.updated_at
    rx.updated_at += timedelta(seconds=seconds)
    if came_by_it:
        rx.step_since = rx.updated_at
    rx.save(update_fields=["updated_at", "step_since"])


def end_holds(holds: Sequence[Hold], now: datetime, *, outcome: str) -> None:
    """End these open holds."""
    for hold in holds:
        hold.ended_at, hold.outcome = now, outcome
        hold.save(update_fields=["ended_at", "outcome"])


def let_go(subject: Subject) -> int | None:
    """Take the prescription from its pharmacy, which keeps reading it if it supplied some. Returns that pharmacy."""
    rx = subject.rx
    before = rx.pharmacy_id
    if before is not None and subject.supplier(before):
        FormerSupplier.objects.get_or_create(prescription=rx, pharmacy_id=before)
    rx.pharmacy, rx.verified_at = None, None
    return before
