"""Reads of prescriptions for screens and lists. Every one starts from access.visibility.

Called by the portals; the API's hot reads have a path of their own. What a button may do is decided by the
table in states.py: `acts_now` asks it with the same facts that the act itself will look at.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from elmed.access import visibility
from elmed.access.actors import Actor
from elmed.access.policy import account_active
from elmed.core.refusals import NotVisible
from elmed.prescriptions import facts
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Dispense, DispenseLine, Hold, Prescription, WarningAnswer
from elmed.prescriptions.states import TRANSITIONS, allowed
from elmed.prescriptions.vocabulary import LATE_SOURCES, Act, HoldKind, Status

S = Status
# The pharmacy's steps, in the order of its tabs.
STEPS: dict[str, tuple[Status, ...]] = {
    "pending_review": (S.PENDING_REVIEW,),
    "verified": (S.VERIFIED,),
    "partially_dispensed": (S.PARTIALLY_DISPENSED,),
    "on_hold": (S.ON_HOLD,),
    "done": (S.DISPENSED, S.NOT_DISPENSED, S.REJECTED, S.CANCELLED, S.STOPPED, S.EXPIRED, S.ENTERED_IN_ERROR, S.ISSUED),
}


@dataclass
class Sheet:
    """Everything one prescription's screen shows."""

    rx: Prescription
    subject: Subject
    dispenses: list[Dispense]
    answers: list[WarningAnswer]
    acts: list[Act]


def listed(actor: Actor) -> QuerySet[Prescription]:
    """What the actor sees, newest first, with patient, pharmacy, prescriber and lines: three statements a page."""
    rows = visibility.visible(actor, Prescription).select_related("patient", "pharmacy", "prescriber")
    return rows.prefetch_related("lines").order_by("-pk")


def drafts_of(actor: Actor, patient_id: int) -> QuerySet[Prescription]:
    """The basket: the doctor's own drafts for a patient, the oldest first."""
    rows = visibility.visible(actor, Prescription).filter(patient_id=patient_id, status=Status.DRAFT)
    return rows.select_related("patient", "replaces").order_by("pk")


def step_counts(actor: Actor) -> dict[str, int]:
    """How many prescriptions wait at each of the pharmacy's steps. One statement; what is done is not counted."""
    waiting = {step: statuses for step, statuses in STEPS.items() if step != "done"}
    wanted: dict[str, Any] = {step: Count("pk", filter=Q(status__in=statuses)) for step, statuses in waiting.items()}
    every = [status for statuses in waiting.values() for status in statuses]
    held = visibility.visible(actor, Prescription).filter(pharmacy_id=actor.account_id, status__in=every)
    return held.aggregate(**wanted)


def at_step(actor: Actor, step: str) -> QuerySet[Prescription]:
    """The pharmacy's list at one step: the oldest first where somebody waits, the newest first when it is done.

    What it supplied some of and another pharmacy holds now is done here, whatever its status.
    """
    rows = listed(actor)
    if step == "done":
        ended = Q(status__in=STEPS[step]) | ~Q(pharmacy_id=actor.account_id)
        return rows.filter(ended).order_by("-updated_at", "-pk")
    return with_open_holds(rows.filter(status__in=STEPS[step], pharmacy_id=actor.account_id)).order_by(
        "updated_at", "pk"
    )


def with_open_holds(rows: QuerySet[Prescription]) -> QuerySet[Prescription]:
    """The same rows with `open_holds`, the topmost first."""
    return rows.prefetch_related(
        Prefetch("holds", Hold.objects.filter(ended_at__isnull=True).order_by("-pk"), "open_holds")
    )


def with_question(rows: QuerySet[Prescription]) -> QuerySet[Prescription]:
    """Those of them that an open hold puts a question about to the doctor."""
    asked = Hold.objects.filter(prescription=OuterRef("pk"), ended_at__isnull=True).exclude(question="")
    return rows.filter(Exists(asked))


def sheet(actor: Actor, prescription_id: int, now: datetime) -> Sheet:
    """One prescription with everything its screen shows. Raises NotVisible."""
    rows = visibility.visible(actor, Prescription).select_related(
        "patient", "pharmacy", "prescriber", "replaces", "consultation"
    )
    rx = rows.filter(pk=prescription_id).first()
    if rx is None:
        raise NotVisible("prescription")
    subject = facts.load(rx, rx.replaces)
    given = Prefetch("lines", DispenseLine.objects.select_related("line").order_by("line__position", "pk"))
    dispenses = Dispense.objects.filter(prescription=rx).select_related("pharmacy", "person", "key", "reversal")
    return Sheet(
        rx=rx,
        subject=subject,
        dispenses=list(dispenses.prefetch_related(given).order_by("-pk")),
        answers=list(WarningAnswer.objects.filter(prescription=rx).order_by("position", "pk")),
        acts=acts_now(actor, subject, now),
    )


def acts_now(actor: Actor, subject: Subject, now: datetime) -> list[Act]:
    """What the actor can do now, for buttons; a supply that can only be reported with an earlier moment included."""
    found = facts.facts(subject, actor, now, complete=bool(subject.lines and subject.rx.diagnosis))
    acts = allowed(found, facts.caller(subject, actor), now)
    if moment := _reportable(subject, now):
        earlier = facts.caller(subject, actor, handed_over_at=moment)
        acts += [act for act in allowed(found, earlier, now, (Act.DISPENSE, Act.ANSWER_HANDED_OVER)) if act not in acts]
    return [act for act in acts if account_active(actor, TRANSITIONS[act].permission)]


def _reportable(subject: Subject, now: datetime) -> datetime | None:
    """The last moment at which a hand-over could have taken place that is only reported now."""
    before = timedelta(seconds=1)
    if subject.hold is not None and subject.hold.kind == HoldKind.CANCELLATION:
        return subject.hold.placed_at - before
    rx = subject.rx
    if _overdue(rx, now):
        return rx.expires_at - before
    if rx.status in LATE_SOURCES and rx.ended_at is not None:
        return rx.ended_at - before
    return None


def _overdue(rx: Prescription, now: datetime) -> bool:
    """Whether its validity has ended, whether or not the clock has noted it yet."""
    return rx.status not in (S.DRAFT, *LATE_SOURCES) and now >= rx.expires_at
