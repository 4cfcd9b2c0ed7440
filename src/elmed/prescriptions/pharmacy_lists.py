"""What lies at a pharmacy's counter: its queue by steps, what nobody collects, what was handed over; page by page.

Every one starts from access.visibility, as those of queries.py. Called by the pharmacy's portal.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from elmed.access import visibility
from elmed.access.actors import Actor
from elmed.events.catalogue import REMINDED
from elmed.events.models import Event
from elmed.patients.models import Patient
from elmed.prescriptions.models import Dispense, DispenseLine, Prescription
from elmed.prescriptions.queries import listed
from elmed.prescriptions.vocabulary import Status

S = Status
# The pharmacy's steps, in the order of its tabs.
STEPS: dict[str, tuple[Status, ...]] = {
    "pending_review": (S.PENDING_REVIEW,),
    "verified": (S.VERIFIED,),
    "partially_dispensed": (S.PARTIALLY_DISPENSED,),
    "on_hold": (S.ON_HOLD,),
    "done": (S.DISPENSED, S.NOT_DISPENSED, S.REJECTED, S.CANCELLED, S.STOPPED, S.EXPIRED, S.ENTERED_IN_ERROR, S.ISSUED),
}

Dress = Callable[[QuerySet[Prescription]], QuerySet[Prescription]]
# A repeat is ready when it is due, not when the supply before it was handed over.
READY_SINCE = Greatest("step_since", Coalesce("next_dispense_at", "step_since"))
_READY = (S.VERIFIED, S.PARTIALLY_DISPENSED)


def since(step: str) -> F | Greatest:
    """By which moment a step's list is in order: since when somebody waits. A repeat that is not due yet comes last."""
    return READY_SINCE if step == S.VERIFIED else F("step_since")


def place(rx: Prescription) -> datetime:
    """The same of a row that is there already: where it stands in the list of its own step."""
    due = rx.next_dispense_at if rx.status == S.VERIFIED else None
    return max(rx.step_since, due or rx.step_since)


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
        return rows.filter(ended).order_by("-step_since", "-pk")
    rows = rows.filter(status__in=STEPS[step], pharmacy_id=actor.account_id)
    return rows.order_by(since(step).asc(), "pk")


def part(
    rows: QuerySet[Prescription], start: int, end: int, dress: Dress, ways: Sequence[Q] = (), *, late: bool = False
) -> list[Prescription]:
    """`dress(rows)[start:end]`: which they are is asked first, and only these are joined with what the page shows of them.

    `ways`: the ways of seeing them (visibility.prescription_branches), each asked alone, since an index orders none but
    one way. One statement more than the rows take, or one for each way; none where it is the beginning and there are no ways,
    but for `late`: where no index has their order, all of them are looked through for each page.
    """
    if not ways and not start and not late:
        return list(dress(rows)[:end])
    narrow = rows.prefetch_related(None).values_list("pk", flat=True)
    found = [ids for way in ways if (ids := list(narrow.filter(way)[:end]))] if ways else [list(narrow[:end])]
    if len(found) == 1:
        ids, place = found[0][start:end], slice(None)
    else:
        ids, place = list(set().union(*found)), slice(start, end)
    # By number alone: with the conditions said again, PostgreSQL may look through all that meets them.
    these = dress(Prescription.objects.filter(pk__in=ids)).order_by(*rows.query.order_by)
    return list(these[place]) if ids else []


def people(by: Q, most: int) -> list[int]:
    """The ids of at most so many patients: to narrow a search among visible prescriptions, never to be shown. One statement."""
    return list(Patient.objects.filter(by).values_list("pk", flat=True)[:most])


def ready_at(actor: Actor, step: str, now: datetime) -> QuerySet[Prescription]:
    """The same list without what is checked and not due yet: nothing can be done with that."""
    return at_step(actor, step).exclude(status__in=_READY, next_dispense_at__gt=now)


def uncollected(actor: Actor, before: datetime) -> QuerySet[Prescription]:
    """What was ready here before that moment and still is, the oldest first."""
    rows = listed(actor).filter(status__in=_READY, pharmacy_id=actor.account_id, step_since__lt=before)
    return rows.annotate(ready_since=READY_SINCE).filter(ready_since__lt=before).order_by("ready_since", "pk")


def with_reminded(rows: QuerySet[Prescription], actor: Actor) -> QuerySet[Prescription]:
    """Such rows with patient, prescriber and lines: since when each is ready, and when the patient was last reminded."""
    reminded = Event.objects.filter(prescription_id=OuterRef("pk"), type=REMINDED, actor_account_id=actor.account_id)
    last = Subquery(reminded.order_by("-pk").values("created_at")[:1])
    rows = rows.select_related("patient", "pharmacy", "prescriber").prefetch_related(None).prefetch_related("lines")
    return rows.annotate(reminded_at=last, ready_since=READY_SINCE)


def handed_over(actor: Actor, began: datetime, ended: datetime) -> QuerySet[Dispense]:
    """This pharmacy's own dispenses of that time, the newest first, with their lines. Two statements."""
    rows = visibility.own_dispenses(actor).filter(handed_over_at__gte=began, handed_over_at__lt=ended)
    lines = Prefetch("lines", DispenseLine.objects.select_related("line").order_by("line__position", "pk"))
    rows = rows.select_related("prescription__patient", "prescription__prescriber", "person", "key", "pharmacy")
    return rows.prefetch_related(lines).order_by("-handed_over_at", "-pk")
