"""What waits for a doctor today: one list a kind, counted, each with its newest rows. Three statements for all of them.

Called by the doctor's start page. A prescription stands in one list: the first of KINDS that it fits.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, Exists, OuterRef, Prefetch, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from elmed.access import visibility
from elmed.access.actors import Actor
from elmed.prescriptions.models import Hold, Prescription
from elmed.prescriptions.pharmacy_lists import READY_SINCE
from elmed.prescriptions.queries import listed
from elmed.prescriptions.vocabulary import OPEN, HoldKind, Status

S = Status
REFUSED_FOR = timedelta(days=30)  # how long a refusal stands on the page
NOT_COLLECTED = timedelta(days=7)
EXPIRING = timedelta(days=7)
MOST = 8
KINDS = ("question", "rejected", "not_dispensed", "paused", "not_collected", "expiring", "draft")


@dataclass
class Waiting:
    """One list."""

    kind: str
    count: int
    rows: list[Prescription] = field(default_factory=list)


def waiting(actor: Actor, now: datetime) -> list[Waiting]:
    """Every list that is not empty, in the order of KINDS."""
    # Which they are first: of the thousands that may wait only these few are joined with what the page shows.
    newest = _kinds(actor, now).annotate(
        place=Window(RowNumber(), partition_by="kind", order_by=["-updated_at", "-pk"]),
        many=Window(Count("pk"), partition_by="kind"),
    ).filter(place__lte=MOST)  # fmt: skip
    kinds, counts = {}, {}
    for pk, kind, many in newest.order_by().values_list("pk", "kind", "many"):
        kinds[pk], counts[kind] = kind, many
    found = {kind: Waiting(kind, counts[kind]) for kind in KINDS if kind in counts}
    open_holds = Hold.objects.filter(ended_at__isnull=True).order_by("-pk")
    rows = listed(actor).filter(pk__in=list(kinds)).annotate(ready_since=READY_SINCE).order_by("-updated_at", "-pk")
    for rx in rows.prefetch_related(Prefetch("holds", open_holds, to_attr="open_holds")) if found else ():
        found[kinds[rx.pk]].rows.append(rx)
    return list(found.values())


def of_kind(actor: Actor, kind: str, now: datetime) -> QuerySet[Prescription]:
    """All of one list, the latest changed first."""
    which = _kinds(actor, now).filter(kind=kind).values("pk")
    return listed(actor).filter(pk__in=which).order_by("-updated_at", "-pk")


def _kinds(actor: Actor, now: datetime) -> QuerySet[Any]:
    asked = Hold.objects.filter(prescription=OuterRef("pk"), ended_at__isnull=True, kind=HoldKind.PHARMACY)
    lately = Q(step_since__gte=now - REFUSED_FOR)
    held = Q(status__in=[S.PENDING_REVIEW, S.VERIFIED, S.PARTIALLY_DISPENSED])
    kind = Case(
        When(Q(Exists(asked.filter(answered_at__isnull=True)), status=S.ON_HOLD), then=Value("question")),
        When(lately & Q(status=S.REJECTED), then=Value("rejected")),
        When(lately & Q(status=S.NOT_DISPENSED), then=Value("not_dispensed")),
        When(status=S.ON_HOLD, then=Value("paused")),
        When(held & Q(ready_since__lt=now - NOT_COLLECTED), then=Value("not_collected")),
        When(Q(status__in=list(OPEN), expires_at__lt=now + EXPIRING), then=Value("expiring")),
        When(status=S.DRAFT, then=Value("draft")),
        default=Value(""),
        output_field=CharField(),
    )
    # Said once more without the cases, for an index: a doctor's tens of thousands of ended ones are not read.
    perhaps = Q(status__in=[*OPEN, S.DRAFT]) | (lately & Q(status__in=[S.REJECTED, S.NOT_DISPENSED]))
    rows = visibility.visible(actor, Prescription)
    # A repeat that is not due yet is not what nobody collects.
    return rows.filter(perhaps).alias(ready_since=READY_SINCE).annotate(kind=kind).exclude(kind="")
