"""The counters behind reservations: what every act does to them while it holds the prescription's lock.

Called by the frame of the acts (legal.py), by supply.py and reverse.py, and by the shop's own acts (check.py,
reservations.py). Only this file and supply.py move a line's `reserved_milli`.
"""

from collections.abc import Iterable
from datetime import datetime

from elmed.access.actors import Actor
from elmed.core.refusals import Invalid, NotNow, Refusal
from elmed.events.record import record
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Dispense, Freed, PrescriptionLine, Reservation, ReservationLine
from elmed.prescriptions.vocabulary import LATE_REPORT, OPEN, Act, Status


def open_ones(subject: Subject) -> list[Reservation]:
    """The reservations that still keep something of it. No statement where nothing is reserved."""
    if not any(line.reserved_milli for line in subject.lines):
        return []
    rows = Reservation.objects.filter(prescription=subject.rx, used_at__isnull=True, freed_at__isnull=True)
    return list(rows.order_by("pk"))


def lines_of(reservation: Reservation) -> list[ReservationLine]:
    """What it keeps, in the order the shop asked."""
    return list(ReservationLine.objects.filter(reservation=reservation).order_by("pk"))


def quantities_of(lines: Iterable[ReservationLine]) -> dict[int, int]:
    """Thousandths by the prescription line's id."""
    totals: dict[int, int] = {}
    for line in lines:
        totals[line.line_id] = totals.get(line.line_id, 0) + line.quantity_milli
    return totals


def keep(subject: Subject, totals: dict[int, int]) -> None:
    """Count these quantities as reserved; the CHECK on the line refuses more than is there."""
    _count(subject, totals, 1)


def _count(subject: Subject, totals: dict[int, int], sign: int) -> None:
    for line in subject.lines:
        if quantity := totals.get(line.pk):
            line.reserved_milli += sign * quantity
            PrescriptionLine.objects.filter(pk=line.pk).update(reserved_milli=line.reserved_milli)


def free(
    subject: Subject, reservation: Reservation, why: Freed, actor: Actor, *, now: datetime, note: str = ""
) -> None:
    """End it without a supply and give its quantity back."""
    if reservation.issue_number == subject.rx.issue_number:
        _count(subject, quantities_of(lines_of(reservation)), -1)
    reservation.freed_at, reservation.freed_reason, reservation.freed_note = now, why, note
    reservation.freed_by_id = actor.person_id
    reservation.save(update_fields=["freed_at", "freed_reason", "freed_note", "freed_by"])
    tell(subject, reservation, "reservation.freed", actor, now)


def tell(subject: Subject, reservation: Reservation, event_type: str, actor: Actor, now: datetime) -> None:
    """Its event, listed for the pharmacy alone: it is the shop's business, not the doctor's."""
    record(
        actor,
        event_type,
        accounts=[reservation.pharmacy_id],
        at=now,
        prescription_id=subject.rx.pk,
        version=subject.rx.version,
        data={"reservation_id": reservation.pk},
    )


def overdue(subject: Subject, now: datetime) -> list[Reservation]:
    """Those whose time is over, whether or not the worker has been there yet."""
    return [row for row in open_ones(subject) if now >= row.reserved_until]


def left_behind(subject: Subject, act: Act, to: Status) -> list[tuple[Reservation, Freed]]:
    """Those that the act leaves without ground: it ended the prescription, or took it from their pharmacy."""
    if to not in OPEN:
        return [(row, Freed.ENDED) for row in open_ones(subject)]
    why = Freed.MOVED if act is Act.ROUTE else Freed.RETURNED
    return [(row, why) for row in open_ones(subject) if row.pharmacy_id != subject.rx.pharmacy_id]


def claim(subject: Subject, actor: Actor, reservation_id: int, now: datetime) -> Refusal | None:
    """Let the act supply what this reservation keeps. Returns why not, where it cannot."""
    row = Reservation.objects.filter(pk=reservation_id, prescription=subject.rx, pharmacy_id=actor.account_id).first()
    if row is None:
        return Invalid.field("/reservation_id", "unknown_reservation", "Not a reservation of this prescription.")
    if row.used_at is not None:
        return used(row)
    if row.issue_number != subject.rx.issue_number or not (row.is_open or _still_counts(row, subject, now)):
        return freed(row)
    subject.claimed, subject.claimed_lines = row, lines_of(row)
    return None


def _still_counts(row: Reservation, subject: Subject, now: datetime) -> bool:
    """Whether a supply may refer to it although the clock freed it: the parcel of a placed order that has left, has left.

    After the prescription's end the table's own rule of late reports holds. After the 14 days it is theirs likewise: 72
    hours, and only while the check it was sold on stands.
    """
    if row.freed_reason == Freed.ENDED:
        return True
    checked, at = subject.rx.verified_at, row.freed_at
    return (
        row.freed_reason == Freed.TIMED_OUT
        and row.confirmed_at is not None
        and at is not None
        and now <= at + LATE_REPORT
        and checked is not None
        and checked <= at
    )


def used(row: Reservation) -> NotNow:
    """It was dispensed; `dispense_id` says by which."""
    made = Dispense.objects.filter(reservation=row).order_by("pk").values_list("pk", flat=True).first()
    return NotNow("reservation_used", "What it kept was dispensed already.", dispense_id=made, reservation_id=row.pk)


def freed(row: Reservation) -> NotNow:
    """It ended without a supply."""
    return NotNow(
        "reservation_freed", "It does not keep anything any more; `reason` says why.", reason=row.freed_reason
    )


def use(subject: Subject, now: datetime) -> None:
    """A supply ends the claimed reservation; what it kept beyond that supply is free."""
    row = subject.claimed
    if row is None:
        return
    if row.is_open:
        _count(subject, quantities_of(subject.claimed_lines), -1)
    row.used_at, row.freed_at, row.freed_reason = now, None, ""
    row.save(update_fields=["used_at", "freed_at", "freed_reason"])
