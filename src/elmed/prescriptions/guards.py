"""The conditions of the legal acts: pure functions of (facts, caller, moment) that answer None or a No.

Read from the table in states.py. Facts are gathered in facts.py; nothing here touches the database. What the law
of the place fixes comes from jurisdiction.py.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext_noop as _

from elmed.access.permissions import Permission
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.vocabulary import CANCELLATION_ANSWER, CLOCK_SKEW, LATE_REPORT, LATE_SOURCES, HoldKind, Side
from elmed.prescriptions.vocabulary import Status as S


class HoldFacts(NamedTuple):
    """The topmost open hold."""

    kind: HoldKind
    side: Side
    return_to: S
    placed_at: datetime


class Pause(NamedTuple):
    """A time during which it was on hold. An open one has no end."""

    began: datetime
    ended: datetime | None


class Facts(NamedTuple):
    """What the guards look at. Built from locked rows for an act, from one statement for `allowed_actions`."""

    status: S
    is_controlled: bool
    valid_from_at: datetime
    expires_at: datetime
    complete: bool  # lines, diagnosis and the rest that issue demands
    supplied_ever: bool
    supplied_in_issue: bool
    anything_available: bool
    next_dispense_at: datetime | None
    replaced_at: datetime | None
    predecessor_open: bool  # it replaces one that is still open
    pharmacy_active: bool
    verified_at: datetime | None
    ended_at: datetime | None
    ended_by_clock: bool  # a cancellation that the pharmacy did not answer
    cancel_requested_at: datetime | None
    reversible: bool  # the caller's pharmacy made a dispense of the newest issue, not reversed, inside the window
    hold: HoldFacts | None
    replacement_supplied: bool = False  # something of what replaced it was supplied
    pauses: tuple[Pause, ...] = ()  # read only where a supply is reported for an earlier moment


class Caller(NamedTuple):
    """Who asks, as far as the table cares."""

    permissions: frozenset[Permission]
    sides: frozenset[Side]
    by_key: bool
    self_dealing: bool  # they prescribed it, or it is prescribed to them
    handed_over_at: datetime | None = None  # a supply that is reported: when it was handed over


class No(NamedTuple):
    """A guard's answer when it refuses: a stable code, and words that say what to do."""

    code: str
    detail: str


Guard = Callable[[Facts, Caller, datetime], No | None]
# Also what the proof meets at a pharmacy that has checked it, where the status alone would refuse (actions/bring.py).
HELD_ELSEWHERE = No("held_elsewhere", _("A pharmacy holds it already: the patient or the doctor can move it."))


def nothing_supplied(facts: Facts, _caller: Caller, _now: datetime) -> No | None:
    """Nothing was ever supplied (a supply recorded in error, or that never left, does not count)."""
    if not facts.supplied_ever:
        return None
    return No("already_supplied", _("Something of it was supplied. Stop it, or return it, instead."))


def something_supplied(facts: Facts, _caller: Caller, _now: datetime) -> No | None:
    """Something was supplied at some time."""
    return None if facts.supplied_ever else No("nothing_supplied", _("Nothing of it was supplied. Cancel it instead."))


def something_supplied_in_issue(facts: Facts, _caller: Caller, _now: datetime) -> No | None:
    """Something of the current issue was supplied."""
    if facts.supplied_in_issue:
        return None
    return No("nothing_supplied", _("Nothing of this issue was supplied yet. Close the prescription instead."))


def complete(facts: Facts, _caller: Caller, _now: datetime) -> No | None:
    """A draft says all that a prescription must say."""
    return None if facts.complete else No("incomplete", _("It lacks a diagnosis or a line."))


def not_self(_facts: Facts, caller: Caller, _now: datetime) -> No | None:
    """Nobody verifies or dispenses what they prescribed, or what is prescribed to them."""
    if not caller.self_dealing:
        return None
    return No("own_prescription", _("Nobody verifies or dispenses what they prescribed or what is prescribed to them."))


def held_by_nobody_else(facts: Facts, caller: Caller, _now: datetime) -> No | None:
    """The proof alone brings a prescription to a pharmacy only while no other holds it."""
    if facts.status is S.ISSUED or caller.sides & {Side.DOCTOR, Side.PATIENT}:
        return None
    return HELD_ELSEWHERE


def not_replaced(facts: Facts, _caller: Caller, _now: datetime) -> No | None:
    """One replacement at a time: two of them would both become dispensable."""
    return None if facts.replaced_at is None else No("replaced", _("It is replaced already. Cancel the new one first."))


def unanswered_for_the_clock(facts: Facts, caller: Caller, now: datetime) -> No | None:
    """The clock answers for the pharmacy only when its 24 hours are over."""
    if Side.CLOCK not in caller.sides or facts.hold is None or now >= facts.hold.placed_at + CANCELLATION_ANSWER:
        return None
    return No("not_overdue", _("The pharmacy still has time to answer."))


def hold_is(kind: HoldKind) -> Guard:
    """The topmost hold is of that kind."""

    def guard(facts: Facts, _caller: Caller, _now: datetime) -> No | None:
        if facts.hold and facts.hold.kind is kind:
            return None
        return No("no_such_hold", _("It is not on hold for that reason."))

    return guard


def hold_not_mine_to_place(facts: Facts, caller: Caller, _now: datetime) -> No | None:
    """Only staff pause what no pharmacy holds yet."""
    if facts.status is not S.ISSUED or Side.STAFF in caller.sides:
        return None
    return No("not_routed", _("No pharmacy holds it yet: only ELMED's staff can pause it. Cancel it instead."))


def placed_by_my_side(facts: Facts, caller: Caller, _now: datetime) -> No | None:
    """A hold is ended by the side that placed it; a cancellation request has acts of its own."""
    if facts.hold is None or facts.hold.kind is HoldKind.CANCELLATION:
        return No(
            "cancellation_pending",
            _("The doctor asked to cancel it: confirm, answer that it was handed over, or withdraw."),
        )
    ok = facts.hold.side in caller.sides
    return None if ok else No("hold_of_another_side", facts.hold.side.ends_its_hold)


def pharmacys_own_hold(facts: Facts, _caller: Caller, _now: datetime) -> No | None:
    """From on_hold only where the pharmacy itself placed it."""
    ok = facts.status is not S.ON_HOLD or (facts.hold is not None and facts.hold.kind is HoldKind.PHARMACY)
    return None if ok else No("hold_of_another_side", _("The pharmacy did not place this hold."))


def cancellable_hold(facts: Facts, _caller: Caller, _now: datetime) -> No | None:
    """From on_hold: only before the pharmacist's check, or where the doctor must decide on a replacement."""
    if facts.status is not S.ON_HOLD or facts.hold is None:
        return None
    if facts.hold.return_to in (S.ISSUED, S.PENDING_REVIEW) or facts.hold.kind is HoldKind.REPLACEMENT:
        return None
    return No("ask_the_pharmacy", _("The pharmacy has checked it: request the cancellation instead."))


def requestable_hold(facts: Facts, _caller: Caller, _now: datetime) -> No | None:
    """A cancellation is requested once, of what the pharmacy has checked."""
    if facts.status is not S.ON_HOLD or facts.hold is None:
        return None
    if facts.hold.kind is HoldKind.CANCELLATION:
        return No("cancellation_pending", _("The cancellation is requested already."))
    if facts.hold.return_to in (S.VERIFIED, S.PARTIALLY_DISPENSED):
        return None
    return No("cancel_instead", _("Cancel it: no pharmacist has checked it."))


def overdue(facts: Facts, _caller: Caller, now: datetime) -> No | None:
    """The clock expires only what is past its end."""
    return None if now >= facts.expires_at else No("not_overdue", _("It is still valid."))


def pharmacy_gone(facts: Facts, _caller: Caller, _now: datetime) -> No | None:
    """Staff take it from a pharmacy only where that pharmacy cannot act any more, and no other side paused it."""
    if facts.pharmacy_active:
        return No("pharmacy_active", _("The pharmacy is active: it can return the prescription itself."))
    return pharmacys_own_hold(facts, Caller(frozenset(), frozenset(), False, False), _now)


def online_allowed(facts: Facts, caller: Caller, _now: datetime) -> No | None:
    """Where the jurisdiction says so, controlled medicines are dispensed in the portal only."""
    return (
        No("controlled_portal_only", _("Controlled medicines are dispensed in the pharmacy portal only."))
        if facts.is_controlled and caller.by_key and jurisdiction().controlled_portal_only
        else None
    )


def never_both(facts: Facts, caller: Caller, now: datetime) -> No | None:
    """Never is both supplied, an old one and what replaced it."""
    moment = caller.handed_over_at or now
    if facts.predecessor_open:
        return No(
            "predecessor_open",
            _("It replaces a prescription that is still open. Wait until that one is cancelled or stopped."),
        )
    if facts.replaced_at is not None and moment >= facts.replaced_at:
        return No("replaced", _("The doctor replaced it by another prescription."))
    if facts.replacement_supplied:
        return No("replacement_supplied", _("The prescription that replaced it was supplied. Call the prescriber."))
    return None


def supply_due(facts: Facts, caller: Caller, now: datetime) -> No | None:
    """A supply's moment: inside the validity, and not before the interval since the last issue has passed."""
    moment = caller.handed_over_at or now
    if moment < facts.valid_from_at:
        return No("not_yet_valid", _("Its validity has not begun."))
    if moment >= facts.expires_at:
        return No("expired", _("Its validity has ended."))
    if facts.next_dispense_at is not None and moment < facts.next_dispense_at:
        return No("too_early", _("The minimum interval since the last issue has not passed; see `next_dispense_at`."))
    return None


def checked_by_then(facts: Facts, caller: Caller, _now: datetime) -> No | None:
    """Nothing is handed over before a pharmacist of the holding pharmacy has checked it."""
    moment, checked = caller.handed_over_at, facts.verified_at
    if moment is None or checked is None or moment + CLOCK_SKEW >= checked:
        return None
    return No("handed_over_before_check", _("It was checked only after that moment: a hand-over follows the check."))


def not_on_hold_then(facts: Facts, caller: Caller, _now: datetime) -> No | None:
    """Nothing is handed over while it is on hold; what is reported later is judged by the moment it left."""
    moment = caller.handed_over_at
    if moment is None:
        return None
    for pause in facts.pauses:
        if pause.began <= moment and (pause.ended is None or moment + CLOCK_SKEW < pause.ended):
            return No("handed_over_on_hold", _("It was on hold at that moment: nothing of it was to be handed over."))
    return None


def something_left(facts: Facts, _caller: Caller, _now: datetime) -> No | None:
    """Something of the current issue is left that nobody else reserved."""
    if facts.anything_available:
        return None
    return No("quantity_unavailable", _("Nothing of the current issue is left that is not reserved."))


def late_report(facts: Facts, caller: Caller, now: datetime) -> No | None:
    """After the end: only a hand-over from before it, of what a pharmacist had checked, reported within 72 h."""
    if facts.status not in LATE_SOURCES:
        return None
    refusal = No(facts.status.value if facts.status is S.EXPIRED else "not_dispensable", f"It is {facts.status.value}.")
    if facts.ended_at is None or facts.verified_at is None or caller.handed_over_at is None:
        return refusal
    if facts.status is S.CANCELLED and not facts.ended_by_clock:
        return refusal
    limit = min(filter(None, (facts.ended_at, facts.cancel_requested_at)))
    if caller.handed_over_at >= limit:
        return refusal
    return (
        No("reported_too_late", _("A hand-over from before the end is reported within 72 hours after it."))
        if now > facts.ended_at + LATE_REPORT
        else None
    )


def handed_over_before_request(facts: Facts, caller: Caller, _now: datetime) -> No | None:
    """The answer *handed over* is about a supply from before the request."""
    if facts.hold is not None and caller.handed_over_at is not None and caller.handed_over_at < facts.hold.placed_at:
        return None
    return No("handed_over_after_request", _("`handed_over_at` must lie before the doctor's request to cancel."))


def reversible(facts: Facts, _caller: Caller, _now: datetime) -> No | None:
    """The pharmacy's own dispense of the newest issue, within 72 h of the record; staff later."""
    if facts.reversible:
        return None
    return No(
        "not_reversible",
        _(
            "Only an own dispense of the newest issue, not reversed, and within 72 hours of its record. Ask ELMED's staff."
        ),
    )
