"""The life of a shop's reservation after it was made: looked at, confirmed with the order, released, freed, timed out.

Called by the API (a shop), the portal (a pharmacist frees one) and the worker. check.py makes them, dispensing uses them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from django.db import transaction

from elmed.access import actors, policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.access.visibility import get
from elmed.core.models import Mode
from elmed.core.refusals import NotNow, Refusal
from elmed.events.record import together
from elmed.prescriptions import facts as facts_
from elmed.prescriptions.actions import reserved
from elmed.prescriptions.actions.check import CheckedLine, Reason, standing
from elmed.prescriptions.actions.legal import free_overdue, is_overdue, lock, settle, settle_again
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Freed, Reservation, ReservationLine
from elmed.prescriptions.vocabulary import OPEN

CONFIRMED_FOR = timedelta(days=14)
TAKEN_AGAIN_WITHIN = timedelta(hours=72)  # a slow payment, or ELMED away when the order was placed


class State(StrEnum):
    """Where a reservation stands, as a shop sees it."""

    WAITING = "waiting"
    READY = "ready"
    USED = "used"
    FREED = "freed"


@dataclass(frozen=True)
class Looked:
    """A reservation and what it means for the order now."""

    reservation: Reservation
    patient_id: int
    state: State
    reason: str | None
    lines: list[CheckedLine]


def look(actor: Actor, reservation_id: int, *, now: datetime) -> Looked:
    """Read one: this is how the shop learns of the pharmacist's answer. Raises NotVisible."""
    policy.require(actor, Permission.RESERVATION_READ)
    row = get(actor, Reservation, reservation_id)
    rx = row.prescription
    subject = facts_.load(rx, rx.replaces)
    return _looked(row, subject, actor, now)


def _looked(row: Reservation, subject: Subject, actor: Actor, now: datetime) -> Looked:
    kept = reserved.lines_of(row)
    state, reason = _state(row, subject, kept, actor, now)
    lines = [
        CheckedLine(
            line.product_sku,
            line.packs_milli,
            line.line_id,
            ok=state in (State.READY, State.USED),
            reason=_line_reason(state, reason),
            quantity_milli=line.quantity_milli,
        )
        for line in kept
    ]
    return Looked(row, subject.rx.patient_id, state, reason, lines)


def _state(
    row: Reservation, subject: Subject, kept: list[ReservationLine], actor: Actor, now: datetime
) -> tuple[State, str | None]:
    """What it is now, also where the worker has not written yet that its time is over."""
    if row.used_at is not None:
        return State.USED, None
    if row.freed_at is not None:
        return State.FREED, row.freed_reason
    if is_overdue(subject.rx, now):
        return State.FREED, Freed.ENDED
    if now >= row.reserved_until:
        return State.FREED, Freed.TIMED_OUT
    subject.claimed, subject.claimed_lines = row, kept
    against = standing(subject, actor, now, pharmacy_id=row.pharmacy_id)
    return (State.READY, None) if against is None else (State.WAITING, against.value)


def _line_reason(state: State, reason: str | None) -> Reason | None:
    if state in (State.READY, State.USED):
        return None
    if state is State.WAITING and reason is not None:
        return Reason(reason)
    return Reason.EXPIRED if reason == Freed.TIMED_OUT else Reason.NOT_ACTIVE


def confirm(actor: Actor, reservation_id: int, *, external_reference: str, now: datetime) -> Looked:
    """The order is placed: keep it until it is dispensed or freed, at most 14 days and never past the validity.

    The same reference again changes nothing. One whose 15 minutes ran out while the shopper paid is taken again
    where nobody else took the quantity. Raises NotVisible, NotNow (`reservation_used`, `_freed`, `_confirmed`).
    """
    with _held(actor, Permission.RESERVE, reservation_id, now) as (row, subject):
        if row.used_at is not None:
            raise reserved.used(row)
        if row.confirmed_at is not None and row.external_reference != external_reference:
            raise NotNow("reservation_confirmed", "It was confirmed for another order.")
        if row.freed_at is not None and not _take_again(row, subject, now):
            raise reserved.freed(row)
        if row.confirmed_at is None:
            row.confirmed_at, row.external_reference = now, external_reference
            row.reserved_until = min(now + CONFIRMED_FOR, subject.rx.expires_at)
            row.save(
                update_fields=[
                    "confirmed_at", "external_reference", "reserved_until", "freed_at", "freed_reason", "freed_by",
                ]
            )  # fmt: skip
            reserved.tell(subject, row, "reservation.confirmed", actor, now)
        return _looked(row, subject, actor, now)


def _take_again(row: Reservation, subject: Subject, now: datetime) -> bool:
    """Whether a reservation that ran out before its order was placed could be kept once more; if so it is counted."""
    rx = subject.rx
    here = rx.status in OPEN and rx.pharmacy_id == row.pharmacy_id and rx.issue_number == row.issue_number
    ran_out = row.freed_reason == Freed.TIMED_OUT and row.confirmed_at is None
    if not (here and ran_out and now <= row.reserved_until + TAKEN_AGAIN_WITHIN):
        return False
    totals = reserved.quantities_of(reserved.lines_of(row))
    if any(totals.get(line.pk, 0) > line.available_milli for line in subject.lines):
        return False
    reserved.keep(subject, totals)
    row.freed_at, row.freed_reason, row.freed_by = None, "", None
    return True


def release(actor: Actor, reservation_id: int, *, now: datetime) -> None:
    """The order is off: give the quantity back. One that is freed already stays so. Raises NotVisible, NotNow (used)."""
    with _held(actor, Permission.RESERVE, reservation_id, now) as (row, subject):
        if row.used_at is not None:
            raise reserved.used(row)
        if row.is_open:
            reserved.free(subject, row, Freed.RELEASED, actor, now=now)


def free(actor: Actor, reservation_id: int, *, reason: str, now: datetime) -> None:
    """Somebody at the pharmacy gives the quantity back, with words. Raises NotVisible, Invalid, NotNow."""
    note = required(reason, "/reason")
    with _held(actor, Permission.RESERVATION_FREE, reservation_id, now) as (row, subject):
        if row.used_at is not None:
            raise reserved.used(row)
        if row.freed_at is not None:
            raise reserved.freed(row)
        reserved.free(subject, row, Freed.FREED_BY_PHARMACY, actor, now=now, note=note)


@contextmanager
def _held(
    actor: Actor, permission: Permission, reservation_id: int, now: datetime
) -> Iterator[tuple[Reservation, Subject]]:
    """The frame of these acts: the reservation of a locked prescription, everything overdue ended first."""
    policy.require(actor, permission)
    prescription_id, settled = get(actor, Reservation, reservation_id).prescription_id, False
    try:
        with transaction.atomic(), together():
            subject = lock(actor, prescription_id, proven=True)
            settled = settle(subject, now)
            free_overdue(subject, now)
            yield get(actor, Reservation, reservation_id), subject
    except Refusal as refusal:
        if settled:
            refusal.leaves = partial(settle_again, prescription_id, actor, now)
            refusal.leaves()
        raise


def free_due(now: datetime, *, world_id: int) -> int:
    """Free what was kept too long, in that world. Returns how many; for the worker."""
    due = Reservation.objects.filter(
        used_at__isnull=True, freed_at__isnull=True, reserved_until__lte=now, prescription__world_id=world_id
    ).select_related("prescription__world")
    return sum(_free_one(row, now) for row in due)


def _free_one(row: Reservation, now: datetime) -> int:
    rx = row.prescription
    clock = actors.clock(rx.world_id, Mode(rx.world.mode))
    with transaction.atomic(), together():
        return free_overdue(lock(clock, rx.pk, proven=True), now)
