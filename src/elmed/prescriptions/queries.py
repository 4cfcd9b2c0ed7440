"""Reads of prescriptions for screens and lists. Every one starts from access.visibility.

Called by the portals; the API's hot reads have a path of their own. What a button may do is decided by the
table in states.py: `acts_now` asks it with the same facts that the act itself will look at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects

from elmed.access import visibility
from elmed.access.actors import Actor
from elmed.access.policy import account_active
from elmed.accounts.models import Membership
from elmed.core.refusals import NotVisible
from elmed.patients.models import Patient
from elmed.prescriptions import facts
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import (
    Dispense,
    DispenseLine,
    Hold,
    Prescription,
    PrescriptionLine,
    Reservation,
    ReservationLine,
    WarningAnswer,
)
from elmed.prescriptions.states import TRANSITIONS, allowed
from elmed.prescriptions.vocabulary import LATE_SOURCES, OPEN, Act, HoldKind, Status

LONGEST = timedelta(days=367)  # what a line's days can be (actions/draft.py), and one for the time zone


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


def of_record(actor: Actor, patient: Patient) -> QuerySet[Prescription]:
    """What the actor sees of that person, whichever record it is on, newest first: for the person's own page.

    With pharmacy and lines, without who the patient and the prescriber are and without what was signed.
    """
    rows = visibility.visible(actor, Prescription).filter(patient__in=patient.everywhere())
    rows = rows.select_related("pharmacy").only(
        "status", "issued_at", "created_at", "patient_id", "pharmacy__name", "pharmacy__kind"
    )
    return rows.prefetch_related("lines").order_by("-pk")


def drafts_of(actor: Actor, patient_id: int) -> QuerySet[Prescription]:
    """The basket: the doctor's own drafts for a patient, the oldest first."""
    rows = visibility.visible(actor, Prescription).filter(patient_id=patient_id, status=Status.DRAFT)
    return rows.select_related("patient", "replaces").order_by("pk")


def drafts_with_lines(actor: Actor, patient_id: int) -> QuerySet[Prescription]:
    """The same with their lines and medicines. Two statements."""
    return drafts_of(actor, patient_id).prefetch_related(_with_medicines())


def drafts_beside(actor: Actor, prescription_id: int) -> QuerySet[Prescription]:
    """That draft and the others of its patient, as the basket has them. Two statements."""
    this = visibility.visible(actor, Prescription).filter(pk=prescription_id, status=Status.DRAFT)
    rows = visibility.visible(actor, Prescription).filter(patient_id__in=this.values("patient_id"), status=Status.DRAFT)
    return rows.select_related("patient", "replaces").prefetch_related(_with_medicines()).order_by("pk")


def with_drafts_beside(actor: Actor, prescription_id: int) -> QuerySet[Prescription]:
    """That prescription, whatever its status, and the drafts of its patient, as the basket has them. Two statements."""
    rows = visibility.visible(actor, Prescription)
    patient = rows.filter(pk=prescription_id).values("patient_id")
    rows = rows.filter(Q(pk=prescription_id) | Q(patient_id__in=patient, status=Status.DRAFT))
    return rows.select_related("patient", "replaces").prefetch_related(_with_medicines()).order_by("pk")


def with_lines(rows: Sequence[Prescription]) -> None:
    """Fetch the lines of these prescriptions with their medicines. One statement."""
    prefetch_related_objects(rows, _with_medicines())


def _with_medicines() -> "Prefetch[Any, Any, Any]":
    return Prefetch("lines", PrescriptionLine.objects.select_related("medicine__source"))


def with_current(rows: QuerySet[Prescription], now: datetime) -> QuerySet[Prescription]:
    """Those of them that can hold what the patient takes now (`medication` says which lines do), and the drafts."""
    lasting = Q(status=Status.DISPENSED, issued_at__gte=now - LONGEST)
    return rows.filter(Q(status__in=[Status.DRAFT, *OPEN]) | lasting)


def with_past(rows: QuerySet[Prescription]) -> QuerySet[Prescription]:
    """Those of them that can hold what was taken before."""
    return rows.filter(issued_at__isnull=False).exclude(status__in=[*OPEN, Status.ENTERED_IN_ERROR, Status.CANCELLED])


def medication(rows: Iterable[Prescription], today: date) -> tuple[list[PrescriptionLine], list[PrescriptionLine]]:
    """The lines of these prescriptions (with `lines` fetched): what the patient takes now, and what was signed before.

    Now: of an open prescription, or supplied for days that are not over, counted from the signature.
    """
    current: list[PrescriptionLine] = []
    past: list[PrescriptionLine] = []
    for rx in rows:
        if rx.issued_at is None or rx.status in (Status.ENTERED_IN_ERROR, Status.CANCELLED):
            continue
        signed = jurisdiction().day(rx.issued_at)
        for line in rx.lines.all():
            line.prescription = rx
            until = signed + timedelta(days=line.days_supply or 0)
            lasts = rx.status in OPEN or (rx.status == Status.DISPENSED and until >= today)
            (current if lasts else past).append(line)
    return current, past


def with_open_holds(rows: QuerySet[Prescription]) -> QuerySet[Prescription]:
    """The same rows with `open_holds`, the topmost first."""
    return rows.prefetch_related(
        Prefetch("holds", Hold.objects.filter(ended_at__isnull=True).order_by("-pk"), "open_holds")
    )


def with_kept(rows: QuerySet[Prescription]) -> QuerySet[Prescription]:
    """The same rows, each saying whether the doctor kept something in spite of a warning (`kept_warning`)."""
    return rows.annotate(kept_warning=Exists(WarningAnswer.objects.filter(prescription=OuterRef("pk"))))


def with_question(rows: QuerySet[Prescription]) -> QuerySet[Prescription]:
    """Those of them that an open hold puts a question about to the doctor."""
    asked = Hold.objects.filter(prescription=OuterRef("pk"), ended_at__isnull=True).exclude(question="")
    return rows.filter(Exists(asked))


def sheet(
    actor: Actor,
    prescription_id: int,
    now: datetime,
    *,
    answers: bool = True,
    acts: bool = True,
    noting: Exists | None = None,
) -> Sheet:
    """One prescription with everything its screen shows: four statements, five where pauses count. Raises NotVisible.

    `answers`: with the warnings that the doctor answered; without them it is one statement less. `acts`: with what the
    actor can do now. `noting`: a condition that the first of them answers besides, as `rx.noted`.
    """
    rows = visibility.visible(actor, Prescription).select_related(
        "patient", "pharmacy", "prescriber", "replaces", "consultation"
    )
    own = Membership.objects.filter(account_id=OuterRef("patient__account_id"), person_id=actor.person_id or 0)
    noted = {"noted": noting} if noting is not None else {}
    rx = rows.annotate(of_the_patient=Exists(own), **noted).filter(pk=prescription_id).first()
    if rx is None:
        raise NotVisible("prescription")
    given = _given(rx)
    subject = facts.load(rx, rx.replaces, supplied=given)
    return Sheet(
        rx=rx,
        subject=subject,
        dispenses=_dispenses(given),
        answers=list(WarningAnswer.objects.filter(prescription=rx).order_by("position", "pk")) if answers else [],
        acts=acts_now(actor, subject, now) if acts else [],
    )


def _given(rx: Prescription) -> list[DispenseLine]:
    """Every dispensed line with its dispense, the newest dispense first. One statement."""
    rows = DispenseLine.objects.filter(dispense__prescription=rx).select_related(
        "line", "dispense__pharmacy", "dispense__person", "dispense__key", "dispense__reversal"
    )
    return list(rows.order_by("-dispense_id", "line__position", "pk"))


def _dispenses(given: list[DispenseLine]) -> list[Dispense]:
    """The dispenses of these lines, each with its `lines` as if prefetched; none is without a line."""
    found: dict[int, tuple[Dispense, list[DispenseLine]]] = {}
    for row in given:
        found.setdefault(row.dispense_id, (row.dispense, []))[1].append(row)
    for dispense, lines in found.values():
        rows = DispenseLine.objects.none()
        rows._result_cache = lines
        dispense._prefetched_objects_cache = {"lines": rows}  # type: ignore[attr-defined]
    return [dispense for dispense, _ in found.values()]


def acts_now(actor: Actor, subject: Subject, now: datetime) -> list[Act]:
    """What the actor can do now, for buttons; a supply that can only be reported with an earlier moment included."""
    own: bool | None = getattr(subject.rx, "of_the_patient", None)
    found = facts.facts(subject, actor, now, complete=bool(subject.lines and subject.rx.diagnosis))
    acts = allowed(found, facts.caller(subject, actor, of_the_patient=own), now)
    if moment := _reportable(subject, now):
        earlier = facts.caller(subject, actor, handed_over_at=moment, of_the_patient=own)
        acts += [act for act in allowed(found, earlier, now, (Act.DISPENSE, Act.ANSWER_HANDED_OVER)) if act not in acts]
    return [act for act in acts if account_active(actor, TRANSITIONS[act].permission)]


def of_patient_here(actor: Actor, rx: Prescription) -> QuerySet[Prescription]:
    """The patient's other prescriptions that the actor sees, the newest first."""
    return listed(actor).filter(patient__in=rx.patient.everywhere()).exclude(pk=rx.pk).exclude(status=Status.DRAFT)


def first_from(actor: Actor, rx: Prescription) -> bool:
    """Whether the actor sees no earlier one of this prescriber. One statement."""
    earlier = visibility.visible(actor, Prescription).filter(prescriber_id=rx.prescriber_id, pk__lt=rx.pk)
    return not earlier.exists()


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
    return rx.status not in (Status.DRAFT, *LATE_SOURCES) and now >= rx.expires_at


def kept_for_shop(actor: Actor, rx: Prescription, now: datetime) -> list[tuple[Reservation, list[ReservationLine]]]:
    """The open reservations of it with their lines, the oldest first. One statement."""
    mine = visibility.visible(actor, Reservation).filter(
        prescription=rx, used_at__isnull=True, freed_at__isnull=True, reserved_until__gt=now
    )
    rows = ReservationLine.objects.filter(reservation__in=mine).select_related("reservation__key", "line")
    found: dict[int, tuple[Reservation, list[ReservationLine]]] = {}
    for row in rows.order_by("reservation_id", "pk"):
        found.setdefault(row.reservation_id, (row.reservation, []))[1].append(row)
    return list(found.values())
