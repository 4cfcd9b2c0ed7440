"""From locked rows to what the table looks at: Subject, its Facts, and who the caller is to it.

Called by actions/legal.py for an act and by queries.py for one page's buttons. The API's hot read builds
the same Facts from one statement (api/v1/prescription_read.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.db import connection

from elmed.access.actors import Actor
from elmed.accounts.models import AccountKind, AccountState, Membership
from elmed.core.clock import end_of_day
from elmed.core.compiled import Compiled, stand_in
from elmed.prescriptions.guards import Caller, Facts, HoldFacts, Pause
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import (
    DispenseLine,
    Hold,
    Prescription,
    PrescriptionLine,
    Reservation,
    ReservationLine,
)
from elmed.prescriptions.vocabulary import (
    LATE_SOURCES,
    OPEN,
    REVERSAL_WINDOW,
    Act,
    HoldKind,
    ReversalReason,
    Side,
    Status,
)


class Supplied(NamedTuple):
    """One dispensed line, as far as the guards care."""

    dispense_id: int
    pharmacy_id: int
    issue_number: int
    recorded_at: datetime
    handed_over_at: datetime
    void: bool  # the whole dispense was an error or never left
    reversed: bool  # a reversal of it exists
    counts: bool  # some of this line was really supplied, now or once
    net: int  # thousandths that count against the issue


@dataclass
class Subject:
    """A prescription with all that an act on it needs. Locked, when an act holds it."""

    rx: Prescription
    lines: list[PrescriptionLine]
    supplied: list[Supplied]
    holds: list[Hold]  # open ones, the topmost last
    predecessor: Prescription | None
    waited: timedelta = timedelta(0)  # how long its lock was waited for
    claimed: Reservation | None = None  # what the act supplies from
    claimed_lines: list[ReservationLine] = field(default_factory=list)
    loaded_as: str = ""  # its status then
    step: tuple[str, int | None, int] = ("", None, 0)  # as `step_of` it, when its `step_since` was right
    every_hold: list[Hold] | None = None  # as it was loaded; None where they were not read

    @property
    def hold(self) -> Hold | None:
        """The topmost open hold."""
        return self.holds[-1] if self.holds else None

    @property
    def newest_issue(self) -> int | None:
        """The newest issue of which something counts as supplied."""
        return max((row.issue_number for row in self.supplied if not row.void), default=None)

    @property
    def supplied_ever(self) -> bool:
        """Whether anything was really supplied at any time."""
        return any(row.counts for row in self.supplied)

    def available(self, line: PrescriptionLine) -> int:
        """Thousandths of the line that this act may supply: what nobody else reserved."""
        own = sum(row.quantity_milli for row in self.claimed_lines if row.line_id == line.pk)
        kept = self.claimed is not None and self.claimed.is_open
        return line.available_milli + (own if kept else 0)

    def supplier(self, pharmacy_id: int | None) -> bool:
        """Whether that pharmacy really supplied some of it."""
        return any(row.counts and row.pharmacy_id == pharmacy_id for row in self.supplied)


def step_of(rx: Prescription) -> tuple[str, int | None, int]:
    """Where somebody waits: status, pharmacy, issue. Where one of them changes, the waiting begins anew."""
    return str(rx.status), rx.pharmacy_id, rx.issue_number


def load(
    rx: Prescription, predecessor: Prescription | None, *, supplied: Sequence[DispenseLine] | None = None
) -> Subject:
    """Gather what belongs to it: three statements, four while it is on hold or where a supply may be reported late.

    `supplied`: every dispensed line of it with its dispense and reversal, where the caller has them: one statement less.
    """
    paused = rx.status == Status.ON_HOLD or rx.status in LATE_SOURCES
    holds = list(Hold.objects.filter(prescription=rx).order_by("pk")) if paused else None
    return Subject(
        rx=rx,
        lines=_lines(connection.vendor).rows(rx=rx.pk),
        supplied=_supplied(rx.pk) if supplied is None else [_of_line(row) for row in supplied],
        holds=[hold for hold in holds or () if hold.ended_at is None] if rx.status == Status.ON_HOLD else [],
        every_hold=holds,
        loaded_as=rx.status,
        step=step_of(rx),
        predecessor=predecessor,
    )


_RX = stand_in(1)


@lru_cache(maxsize=2)
def _lines(_vendor: str) -> Compiled[PrescriptionLine]:
    return Compiled(PrescriptionLine.objects.filter(prescription_id=_RX).order_by("position"), {"rx": _RX})


@lru_cache(maxsize=2)
def _dispensed_lines(_vendor: str) -> Compiled[DispenseLine]:
    rows = DispenseLine.objects.filter(dispense__prescription_id=_RX).values_list(
        "dispense_id", "dispense__pharmacy_id", "dispense__issue_number", "dispense__created_at",
        "dispense__handed_over_at", "dispense__void", "dispense__reversal__reason_code",
        "quantity_milli", "reversed_milli", "restored_milli",
    )  # fmt: skip
    return Compiled(rows, {"rx": _RX})


def _supplied(prescription_id: int) -> list[Supplied]:
    return [_counted(*row) for row in _dispensed_lines(connection.vendor).tuples(rx=prescription_id)]


def _of_line(row: DispenseLine) -> Supplied:
    made = row.dispense
    reversal = getattr(made, "reversal", None)
    return _counted(
        made.pk, made.pharmacy_id, made.issue_number, made.created_at, made.handed_over_at, made.void,
        reversal.reason_code if reversal else None, row.quantity_milli, row.reversed_milli, row.restored_milli,
    )  # fmt: skip


def _counted(  # noqa: PLR0917 - one row of a statement
    dispense: int, pharmacy: int, issue: int, recorded: datetime, handed: datetime, void: bool, reason: str | None,
    quantity: int, back: int, restored: int,
) -> Supplied:  # fmt: skip
    counts = quantity > (back if reason and ReversalReason(reason).voids else 0)
    return Supplied(dispense, pharmacy, issue, recorded, handed, void, reason is not None, counts, quantity - restored)


def facts(
    subject: Subject,
    actor: Actor,
    now: datetime,
    *,
    dispense_id: int | None = None,
    complete: bool = True,
    handed_over_at: datetime | None = None,
) -> Facts:
    """What the guards look at; `dispense_id` narrows *reversible* to that dispense.

    `handed_over_at`: the moment of a supply that is reported; the pauses it may lie in are read only for that.
    """
    rx, hold = subject.rx, subject.hold
    cancellation = next((h for h in subject.holds if h.kind == HoldKind.CANCELLATION), None) or _last_cancellation(
        subject
    )
    return Facts(
        status=Status(rx.status),
        is_controlled=rx.is_controlled,
        valid_from_at=first_moment(rx.valid_from),
        expires_at=rx.expires_at,
        complete=complete,
        supplied_ever=subject.supplied_ever,
        supplied_in_issue=any(line.supplied_milli for line in subject.lines),
        anything_available=any(subject.available(line) > 0 for line in subject.lines),
        next_dispense_at=rx.next_dispense_at,
        replaced_at=rx.replaced_at,
        predecessor_open=subject.predecessor is not None and subject.predecessor.status in OPEN,
        pharmacy_active=_pharmacy_active(rx, actor),
        verified_at=rx.verified_at,
        ended_at=rx.ended_at,
        ended_by_clock=cancellation is not None and cancellation.outcome == "unanswered",
        cancel_requested_at=cancellation.placed_at if cancellation else None,
        reversible=any(
            _reversible(subject, row, actor, now) for row in subject.supplied if dispense_id in (None, row.dispense_id)
        ),
        hold=HoldFacts(HoldKind(hold.kind), Side(hold.side), Status(hold.return_to), hold.placed_at) if hold else None,
        replacement_supplied=rx.replaced_at is not None and _replacement_supplied(rx),
        pauses=_pauses(subject) if handed_over_at is not None else (),
    )


def first_moment(day: date) -> datetime:
    """The first moment of a day in the jurisdiction's time zone."""
    return datetime(day.year, day.month, day.day, tzinfo=jurisdiction().zone)


def expires_at(rx: Prescription) -> datetime:
    """The end of `valid_until` in the jurisdiction's time zone."""
    return end_of_day(rx.valid_until, jurisdiction().zone)


def _last_cancellation(subject: Subject) -> Hold | None:
    """The request that was not withdrawn before it ended: from that moment nothing was to be handed over."""
    if subject.rx.status not in LATE_SOURCES:
        return None
    requests = [
        hold
        for hold in _every_hold(subject)
        if hold.kind == HoldKind.CANCELLATION and hold.outcome != Act.WITHDRAW_CANCEL.value
    ]
    return requests[-1] if requests else None


def _pauses(subject: Subject) -> tuple[Pause, ...]:
    return tuple(Pause(hold.placed_at, hold.ended_at) for hold in _every_hold(subject))


def _every_hold(subject: Subject) -> list[Hold]:
    """Those that were loaded with it, where its status has not changed since; else those of now."""
    if subject.every_hold is not None and subject.loaded_as == subject.rx.status:
        return subject.every_hold
    return list(Hold.objects.filter(prescription=subject.rx).order_by("pk"))


def _replacement_supplied(rx: Prescription) -> bool:
    supplied = (_supplied(pk) for pk in Prescription.objects.filter(replaces=rx).values_list("pk", flat=True))
    return any(row.counts for rows in supplied for row in rows)


def _pharmacy_active(rx: Prescription, actor: Actor) -> bool:
    """Only staff's transfer asks; for everybody else, and where a page has read the pharmacy already, the statement is spared."""
    if actor.account_kind != AccountKind.STAFF or rx.pharmacy is None:
        return True
    return rx.pharmacy.state == AccountState.VERIFIED


def _reversible(subject: Subject, row: Supplied, actor: Actor, now: datetime) -> bool:
    if row.reversed or row.issue_number != subject.newest_issue:
        return False
    return actor.account_kind == AccountKind.STAFF or (
        row.pharmacy_id == actor.account_id and now <= row.recorded_at + REVERSAL_WINDOW
    )


def caller(
    subject: Subject,
    actor: Actor,
    *,
    handed_over_at: datetime | None = None,
    extra_sides: Sequence[Side] = (),
    of_the_patient: bool | None = None,
) -> Caller:
    """Who the actor is to this prescription.

    `of_the_patient`: whether the person belongs to the patient's account, where it is known; else it is looked up.
    """
    rx = subject.rx
    own = _self_dealing(rx, actor, of_the_patient)
    sides = set(extra_sides)
    if actor.account_kind is None:
        sides.add(Side.CLOCK)
    elif actor.account_kind == AccountKind.STAFF:
        sides.add(Side.STAFF)
    elif actor.account_id == rx.prescriber_id:
        sides.add(Side.DOCTOR)
    elif actor.account_kind == AccountKind.PATIENT and actor.account_id == rx.patient.owner_id:
        sides.add(Side.PATIENT)
    if actor.stands_as(AccountKind.PHARMACY) and actor.account_id == rx.pharmacy_id:
        sides.add(Side.PHARMACY)
    if any(row.pharmacy_id == actor.account_id for row in subject.supplied):
        sides.add(Side.SUPPLIER)
    return Caller(actor.permissions, frozenset(sides), actor.by_key, own, handed_over_at)


def _self_dealing(rx: Prescription, actor: Actor, of_the_patient: bool | None) -> bool:
    """Whether the person prescribed it, or it is prescribed to them. A key is no person: a pharmacist verified."""
    if actor.person_id is None:
        return False
    if actor.person_id == rx.prescriber_person_id:
        return True
    if of_the_patient is not None:
        return of_the_patient
    patient_account = rx.patient.owner_id
    return (
        patient_account is not None
        and Membership.objects.filter(account_id=patient_account, person_id=actor.person_id).exists()
    )
