"""The one state machine: which act is legal, from where, for whom, under which guard, leading where.

Pure: no database, no request. The actions ask `step`, the API and the portals' buttons ask `allowed`,
the documented diagram, the permission table and the matrix test are generated from TRANSITIONS.
The status after a supply or its reversal is derived by `derive`, nowhere else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from elmed.access.permissions import Permission
from elmed.prescriptions import guards as g
from elmed.prescriptions.vocabulary import LATE_SOURCES, OPEN, Act, HoldKind, Side
from elmed.prescriptions.vocabulary import Status as S


@dataclass(frozen=True)
class Transition:
    """One row of the table. `to` names every status the act can lead to; the action derives or restores which."""

    act: Act
    sources: frozenset[S]
    sides: frozenset[Side]
    permission: Permission
    guards: tuple[g.Guard, ...]
    to: frozenset[S]
    event: str


def _row(act: Act, sources: Iterable[S], sides: set[Side], guards: tuple[g.Guard, ...], to: set[S]) -> Transition:
    event = f"prescription.{_PAST[act]}"
    return Transition(
        act, frozenset(sources), frozenset(sides), Permission(f"prescription.{act.value}"), guards, frozenset(to), event
    )


_PAST = {
    Act.ISSUE: "issued", Act.ROUTE: "routed", Act.VERIFY: "verified", Act.RETURN: "returned", Act.REJECT: "rejected",
    Act.HOLD: "held", Act.RESUME: "resumed", Act.DISPENSE: "dispensed", Act.CLOSE_LINE: "line_closed",
    Act.REVERSE: "dispense_reversed", Act.CLOSE: "not_dispensed", Act.CANCEL: "cancelled",
    Act.REQUEST_CANCEL: "cancellation_requested", Act.CONFIRM_CANCEL: "cancellation_confirmed",
    Act.ANSWER_HANDED_OVER: "cancellation_answered", Act.WITHDRAW_CANCEL: "cancellation_withdrawn", Act.STOP: "stopped",
    Act.REPLACE: "replaced", Act.EXPIRE: "expired", Act.TRANSFER: "transferred", Act.CORRECT: "entered_in_error",
}  # fmt: skip

_SUPPLY = (g.checked_by_then, g.not_self, g.online_allowed, g.never_both, g.supply_due)
_CHECKED = {S.VERIFIED, S.PARTIALLY_DISPENSED}

# fmt: off
TRANSITIONS: dict[Act, Transition] = {row.act: row for row in (
    _row(Act.ISSUE, {S.DRAFT}, {Side.DOCTOR}, (g.complete,), {S.ISSUED, S.PENDING_REVIEW}),
    _row(Act.ROUTE, {S.ISSUED, S.PENDING_REVIEW}, {Side.DOCTOR, Side.PATIENT, Side.BEARER}, (g.held_by_nobody_else,), {S.PENDING_REVIEW}),
    _row(Act.VERIFY, {S.PENDING_REVIEW}, {Side.PHARMACY}, (g.not_self,), {S.VERIFIED, S.PARTIALLY_DISPENSED}),
    _row(Act.RETURN, {S.PENDING_REVIEW, *_CHECKED}, {Side.PHARMACY}, (), {S.ISSUED}),
    _row(Act.REJECT, {S.PENDING_REVIEW, S.VERIFIED}, {Side.PHARMACY}, (g.nothing_supplied,), {S.REJECTED}),
    _row(Act.HOLD, {S.ISSUED, S.PENDING_REVIEW, *_CHECKED}, {Side.PHARMACY, Side.DOCTOR, Side.STAFF}, (g.hold_not_mine_to_place,), {S.ON_HOLD}),
    _row(Act.RESUME, {S.ON_HOLD}, {Side.PHARMACY, Side.DOCTOR, Side.STAFF}, (g.placed_by_my_side,), {S.ISSUED, S.PENDING_REVIEW, *_CHECKED, S.ON_HOLD}),
    _row(Act.DISPENSE, {*_CHECKED, *LATE_SOURCES}, {Side.PHARMACY}, (g.late_report, g.not_on_hold_then, *_SUPPLY, g.something_left),
         {S.PARTIALLY_DISPENSED, S.DISPENSED, S.VERIFIED, *LATE_SOURCES}),
    _row(Act.CLOSE_LINE, _CHECKED, {Side.PHARMACY}, (g.something_supplied_in_issue,), {*_CHECKED, S.DISPENSED}),
    _row(Act.REVERSE, set(S) - {S.DRAFT, S.ENTERED_IN_ERROR}, {Side.PHARMACY, Side.SUPPLIER, Side.STAFF}, (g.reversible,), set(S) - {S.DRAFT, S.ENTERED_IN_ERROR}),
    _row(Act.CLOSE, {S.PENDING_REVIEW, S.VERIFIED, S.ON_HOLD}, {Side.PHARMACY}, (g.nothing_supplied, g.pharmacys_own_hold), {S.NOT_DISPENSED}),
    _row(Act.CANCEL, {S.DRAFT, S.ISSUED, S.PENDING_REVIEW, S.ON_HOLD}, {Side.DOCTOR}, (g.nothing_supplied, g.cancellable_hold), {S.CANCELLED}),
    _row(Act.REQUEST_CANCEL, {S.VERIFIED, S.ON_HOLD}, {Side.DOCTOR}, (g.nothing_supplied, g.requestable_hold), {S.ON_HOLD}),
    _row(Act.CONFIRM_CANCEL, {S.ON_HOLD}, {Side.PHARMACY, Side.CLOCK}, (g.hold_is(HoldKind.CANCELLATION), g.unanswered_for_the_clock), {S.CANCELLED}),
    _row(Act.ANSWER_HANDED_OVER, {S.ON_HOLD}, {Side.PHARMACY}, (g.hold_is(HoldKind.CANCELLATION), g.handed_over_before_request, *_SUPPLY, g.something_left),
         {S.DISPENSED, S.STOPPED}),
    _row(Act.WITHDRAW_CANCEL, {S.ON_HOLD}, {Side.DOCTOR}, (g.hold_is(HoldKind.CANCELLATION),), {S.VERIFIED, S.PARTIALLY_DISPENSED, S.ON_HOLD}),
    _row(Act.STOP, OPEN, {Side.DOCTOR}, (g.something_supplied,), {S.STOPPED}),
    _row(Act.REPLACE, OPEN, {Side.DOCTOR}, (g.not_replaced,), {S.CANCELLED, S.ON_HOLD, S.STOPPED}),
    _row(Act.EXPIRE, OPEN, {Side.CLOCK}, (g.overdue,), {S.EXPIRED}),
    _row(Act.TRANSFER, {S.PENDING_REVIEW, *_CHECKED, S.ON_HOLD}, {Side.STAFF}, (g.pharmacy_gone,), {S.ISSUED}),
    _row(Act.CORRECT, set(S) - {S.ENTERED_IN_ERROR}, {Side.STAFF}, (), {S.ENTERED_IN_ERROR}),
)}
# fmt: on


class Verdict(StrEnum):
    """Why an act is refused."""

    NOT_ALLOWED = "not_allowed"
    NOT_NOW = "not_now"


class Refused(NamedTuple):
    """The table's no."""

    verdict: Verdict
    code: str
    detail: str


def judge(act: Act, facts: g.Facts, caller: g.Caller, now: datetime) -> Refused | None:
    """None where the act is legal; else why not. Not allowed (403) comes before not now (409)."""
    row = TRANSITIONS[act]
    if row.permission not in caller.permissions:
        return Refused(
            Verdict.NOT_ALLOWED,
            "permission_denied",
            f"This account's role, or this key's scopes, do not include `{row.permission.value}`.",
        )
    if not row.sides & caller.sides:
        return Refused(
            Verdict.NOT_ALLOWED, "not_a_party", f"Only these sides can do this: {', '.join(sorted(row.sides))}."
        )
    if facts.status not in row.sources:
        return Refused(
            Verdict.NOT_NOW, "invalid_status", f"`{act.value}` is not possible while it is `{facts.status.value}`."
        )
    for guard in row.guards:
        if no := guard(facts, caller, now):
            verdict = Verdict.NOT_ALLOWED if no.code == "own_prescription" else Verdict.NOT_NOW
            return Refused(verdict, no.code, no.detail)
    return None


def allowed(facts: g.Facts, caller: g.Caller, now: datetime, acts: Iterable[Act] = tuple(Act)) -> list[Act]:
    """The acts of `acts` that are legal now, in the table's order. An overdue row allows what an expired one does."""
    if facts.status in OPEN and now >= facts.expires_at:
        facts = facts._replace(status=S.EXPIRED, ended_at=facts.expires_at, hold=None)
    return [act for act in acts if act is not Act.EXPIRE and judge(act, facts, caller, now) is None]


class LineState(NamedTuple):
    """What the current issue did with one line, in thousandths."""

    quantity: int
    supplied: int
    closed: int


def issue_complete(lines: Iterable[LineState]) -> bool:
    """Every line is supplied or closed."""
    return all(line.supplied + line.closed >= line.quantity for line in lines)


def derive(lines: Iterable[LineState], *, repeats_remain: bool) -> S:
    """The status of a checked prescription, from what its current issue supplied."""
    lines = list(lines)
    if issue_complete(lines):
        return S.VERIFIED if repeats_remain else S.DISPENSED
    return S.PARTIALLY_DISPENSED if any(line.supplied for line in lines) else S.VERIFIED
