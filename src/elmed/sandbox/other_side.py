"""Acts of the people in a test world whom a developer's software waits for: the doctor, and the pharmacist at the counter.

Each is the real act, by a synthetic person of the account whose side it is: the table of legal acts judges it as any other
(prescriptions/states.py). Acts of ELMED's staff are not played; time is moved by clock.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.access.room import require_room
from elmed.access.visibility import get, visible
from elmed.accounts.models import Account, AccountKind
from elmed.core.refusals import Invalid, NotNow
from elmed.events.record import together
from elmed.prescriptions.actions import answered, cancel, hold, reject, return_, reverse, route, stop, verify
from elmed.prescriptions.actions.close import close
from elmed.prescriptions.actions.close_line import close_line
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.models import Dispense, Prescription
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import NOT_DISPENSED_REASONS, Act, ReversalReason, Side, Status
from elmed.sandbox import plays
from elmed.sandbox.people import acting, present, require_test_world, synthetic

ANSWER = "answer_question"  # no act of the table: the status stays
NOT_PLAYED: dict[Act, str] = {
    Act.ISSUE: "scenarios sign", Act.EXPIRE: "the clock does it", Act.TRANSFER: "ELMED's staff", Act.CORRECT: "ELMED's staff",
}  # fmt: skip
KIND = {Side.DOCTOR: AccountKind.DOCTOR, Side.PHARMACY: AccountKind.PHARMACY}
BEFORE = timedelta(minutes=1)  # before a request to cancel: when the pharmacy answers that it handed it over


@dataclass(frozen=True)
class Wanted:
    """What a request says of an act. None: left out, a default stands for it."""

    act: str
    by: str | None = None
    reason: str | None = None
    question: str | None = None
    answer: str | None = None
    reason_code: str | None = None
    lines: tuple[tuple[int, int], ...] | None = None  # (line, thousandths)
    medication_id: int | None = None
    handed_over_at: datetime | None = None


@dataclass(frozen=True)
class Playing:
    """An act in progress: who asked for it, who does it, to what, when, and what was said of it."""

    caller: Actor
    who: Actor
    rx: Prescription
    now: datetime
    said: Wanted
    expected_version: int | None

    @property
    def frame(self) -> dict[str, Any]:
        """What the frame of every act takes: when it is, and the version that was read."""
        return {"now": self.now, "expected_version": self.expected_version}

    @property
    def reason(self) -> str:
        """Why."""
        return self.said.reason or plays.PLAYED

    @property
    def supply(self) -> Supply:
        """What is handed over: these lines, or all that is left."""
        lines = tuple(SupplyLine(line, quantity) for line, quantity in self.said.lines) if self.said.lines else None
        return Supply(lines=lines, handed_over_at=self.said.handed_over_at or self.now, receiver="Patient")


@dataclass(frozen=True)
class Played:
    """How an act is played, by whom, and what of a request it takes besides `act` and `by`."""

    do: Callable[[Playing], object]
    sides: tuple[Side, ...]
    takes: tuple[str, ...] = ()
    what: str = ""


def _route(at: Playing) -> object:
    own = Account.objects.get(test_world_id=at.who.world_id)
    to = synthetic(at.who.world_id, AccountKind.PHARMACY, at.now) if own.pk == at.rx.prescriber_id else own
    return route.route(at.who, at.rx.pk, pharmacy_id=to.pk, **at.frame)


def _answer_handed_over(at: Playing) -> object:
    asked = at.rx.holds.filter(ended_at=None).aggregate(last=Max("placed_at"))["last"] or at.now
    before = at.said.handed_over_at or asked - BEFORE
    what = Supply(lines=at.supply.lines, handed_over_at=before, receiver="Patient")
    return cancel.answer_handed_over(at.who, at.rx.pk, what, source="portal", **at.frame)


def _reverse(at: Playing) -> object:
    made = visible(at.who, Dispense).filter(prescription=at.rx, reversal=None).order_by("-pk").first()
    if made is None:
        raise NotNow("nothing_supplied", _("Nothing of it was supplied that could be taken back."))
    reason = ReversalReason(at.said.reason_code or ReversalReason.RECORDED_IN_ERROR)
    return reverse.reverse(at.who, made.pk, reason=reason, **at.frame)


def _replace(at: Playing) -> Prescription:
    require_room(at.caller)
    pharmacist = acting(at.caller, at.rx.pharmacy, AccountKind.PHARMACY) if at.rx.pharmacy else None
    return plays.in_its_place(at.who, at.rx, pharmacist=pharmacist, reason=at.reason, **at.frame)[0]


def _close_line(at: Playing) -> object:
    line = at.said.medication_id or at.rx.lines.order_by("position").values_list("pk", flat=True)[0]
    return close_line(at.who, at.rx.pk, line_id=line, reason=at.reason, **at.frame)


D, P = Side.DOCTOR, Side.PHARMACY
# fmt: off
ACTS: dict[str, Played] = {
    Act.VERIFY: Played(lambda at: verify.verify(at.who, at.rx.pk, **at.frame), (P,), (), "The pharmacist's check: ready."),
    Act.REJECT: Played(lambda at: reject.reject(at.who, at.rx.pk, reason=at.reason, **at.frame), (P,), ("reason",), "The pharmacist does not accept it."),
    Act.RETURN: Played(lambda at: return_.return_(at.who, at.rx.pk, reason=at.reason, **at.frame), (P,), ("reason",), "The pharmacy gives it back."),
    Act.CLOSE: Played(lambda at: close(at.who, at.rx.pk, reason_code=at.said.reason_code or "0010", **at.frame), (P,), ("reason_code",), "The pharmacist closes what nobody collected."),
    Act.CLOSE_LINE: Played(_close_line, (P,), ("reason", "medication_id"), "The pharmacist ends the rest of a line."),
    Act.DISPENSE: Played(lambda at: dispense(at.who, at.rx.pk, at.supply, source="portal", **at.frame), (P,), ("lines", "handed_over_at"), "Handed over at the counter: all that is left, or `lines`."),
    Act.REVERSE: Played(_reverse, (P,), ("reason_code",), "The newest dispense is taken back at the counter."),
    Act.CONFIRM_CANCEL: Played(lambda at: cancel.confirm_cancel(at.who, at.rx.pk, **at.frame), (P,), (), "The pharmacy confirms: nothing was handed over."),
    Act.ANSWER_HANDED_OVER: Played(_answer_handed_over, (P,), ("lines", "handed_over_at"), "The pharmacy answers: it was handed over before."),
    Act.HOLD: Played(lambda at: hold.hold(at.who, at.rx.pk, reason=at.reason, question=at.said.question or "", **at.frame), (P, D), ("reason", "question"), "A pause, by the pharmacist (with a `question`) or the doctor."),
    Act.RESUME: Played(lambda at: hold.resume(at.who, at.rx.pk, **at.frame), (P, D), (), "The side that paused it ends the pause."),
    Act.CANCEL: Played(lambda at: cancel.cancel(at.who, at.rx.pk, reason=at.reason, **at.frame), (D,), ("reason",), "The doctor takes back what no pharmacist has checked."),
    Act.REQUEST_CANCEL: Played(lambda at: cancel.request_cancel(at.who, at.rx.pk, reason=at.reason, **at.frame), (D,), ("reason",), "The doctor asks the pharmacy to cancel."),
    Act.WITHDRAW_CANCEL: Played(lambda at: cancel.withdraw_cancel(at.who, at.rx.pk, **at.frame), (D,), (), "The doctor takes that request back."),
    Act.STOP: Played(lambda at: stop.stop(at.who, at.rx.pk, reason=at.reason, **at.frame), (D,), ("reason",), "The doctor stops what was supplied in part."),
    Act.REPLACE: Played(_replace, (D,), ("reason",), "The doctor signs another medicine in its place, and keeps it where the checks warn; the answer names it."),
    Act.ROUTE: Played(_route, (D,), (), "The doctor sends it to your pharmacy, or to the synthetic one."),
    ANSWER: Played(lambda at: answered.answer_question(at.who, at.rx.pk, words=at.said.answer or "Yes, as written.", **at.frame), (D,), ("answer",), "The doctor answers the pharmacist's question; the pharmacist resumes it."),
}
# fmt: on


@dataclass(frozen=True)
class Outcome:
    """The prescription as it then is, whose side acted, when, and what was signed in its place."""

    rx: Prescription
    side: Side
    now: datetime
    replacement: Prescription | None


def act(actor: Actor, prescription_id: int, wanted: Wanted, *, expected_version: int | None = None) -> Outcome:
    """Let one of the people in the test world act.

    Raises NotAllowed, NotVisible, Invalid (no such act, not that side's, a field that it does not take), and what the act raises:
    VersionConflict, under its lock, where this prescription is not as it was when it was read.
    """
    require_test_world(actor)
    with transaction.atomic(), together():
        now = present(actor)
        rx = get(actor, Prescription, prescription_id)  # as it is now that nobody else plays: it may have moved on
        played = ACTS.get(wanted.act)
        if played is None:
            raise Invalid.field("/act", "unknown_act", f"There is no such act here. There are: {', '.join(ACTS)}.")
        side = _side(actor, rx, wanted, played)
        _require_fields(wanted, played)
        who = _person(actor, rx, side)
        done = played.do(Playing(actor, who, rx, now, wanted, expected_version))
        rx.refresh_from_db()
    return Outcome(rx, side, now, done if wanted.act == Act.REPLACE and isinstance(done, Prescription) else None)


def _side(actor: Actor, rx: Prescription, wanted: Wanted, played: Played) -> Side:
    """Whose act it is: as asked; else the side that placed the pause, or the one that the account has not."""
    if wanted.by is not None and wanted.by not in played.sides:
        sides = " or ".join(f"`{side}`" for side in played.sides)
        raise Invalid.field("/by", "not_its_act", f"`{wanted.act}` is an act of: {sides}.")
    if wanted.by is not None or len(played.sides) == 1:
        return Side(wanted.by or played.sides[0])
    if wanted.act == Act.RESUME:
        placed = rx.holds.filter(ended_at=None).order_by("-pk").values_list("side", flat=True).first()
        return Side(placed) if placed in played.sides else played.sides[0]
    own_doctor = rx.prescriber_id == actor.account_id
    return Side.PHARMACY if own_doctor else Side.DOCTOR


def _require_fields(wanted: Wanted, played: Played) -> None:
    """Raise Invalid for what the act does not take, and for codes that there are not."""
    given: Mapping[str, Any] = {
        name: value for name, value in vars(wanted).items() if name not in ("act", "by") and value is not None
    }
    errors = [
        {"pointer": f"/{name}", "code": "not_for_this_act", "detail": f"`{wanted.act}` does not take it."}
        for name in given
        if name not in played.takes
    ]
    codes = {Act.CLOSE: set(NOT_DISPENSED_REASONS), Act.REVERSE: {one.value for one in ReversalReason}}.get(
        wanted.act, set()
    )  # type: ignore[call-overload]
    if "reason_code" in given and codes and given["reason_code"] not in codes:
        detail = f"One of: {', '.join(sorted(codes))}."
        errors.append({"pointer": "/reason_code", "code": "unknown_reason", "detail": detail})
    if errors:
        raise Invalid(errors)


def _person(actor: Actor, rx: Prescription, side: Side) -> Actor:
    """Who acts: of the account that wrote it, or of the pharmacy that holds it. Raises NotNow where none does."""
    account = rx.prescriber if side is Side.DOCTOR else rx.pharmacy
    if account is None:
        raise NotNow("not_routed", _("No pharmacy holds it."), current_status=Status(rx.status).value)
    return acting(actor, account, KIND[side])


def legal_sides(name: str) -> frozenset[Side]:
    """The sides that the table of legal acts gives an act, of those that are played."""
    row = TRANSITIONS.get(Act(name)) if name != ANSWER else None
    return frozenset(KIND) & (row.sides if row else frozenset({Side.DOCTOR}))
