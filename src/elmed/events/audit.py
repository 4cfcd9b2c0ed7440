"""ELMED's staff search what happened and who looked. The search is itself an event.

Bounded by a period, paged by id: a statement never walks through the whole table.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.core.refusals import Invalid
from elmed.events.models import AccessRecord, Event
from elmed.events.record import record, record_access
from elmed.prescriptions.models import Prescription

PAGE_SIZE = 50
MOST_PRESCRIPTIONS = 500  # of one patient, the newest
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Wanted:
    """What is searched: in which of the two lists, and what each row has to fit. None and empty: whatever it is."""

    since: datetime
    until: datetime
    looks: bool = False  # who looked, instead of what happened
    account_id: int | None = None
    person_id: int | None = None
    patient_id: int | None = None
    prescription_id: int | None = None
    type: str = ""


@dataclass(frozen=True)
class Found:
    """A page of rows, newest first, and the id to go on before; None where that was all."""

    rows: Sequence[Event | AccessRecord]
    before: int | None


@transaction.atomic
def search(actor: Actor, wanted: Wanted, *, before: int | None = None, now: datetime) -> Found:
    """One page. Raises NotAllowed, Invalid (an empty or a too long period; looks are not filed by prescription)."""
    policy.require(actor, Permission.AUDIT_READ)
    if not timedelta(0) < wanted.until - wanted.since <= LONGEST:
        raise Invalid.field("/until", "out_of_range", _("Search a period of at most 366 days, the first day first."))
    if wanted.looks and wanted.prescription_id is not None:
        words = _("Looks are filed by patient: give the patient’s number instead.")
        raise Invalid.field("/prescription_id", "not_possible", words)
    rows: QuerySet[Any] = _looks(actor, wanted) if wanted.looks else _events(actor, wanted)
    page = list((rows.filter(pk__lt=before) if before else rows).order_by("-pk")[: PAGE_SIZE + 1])
    asked = {name: value for name, value in asdict(wanted).items() if value and name not in ("since", "until")}
    period = {"since": wanted.since.isoformat(), "until": wanted.until.isoformat()}
    record(actor, "audit.searched", accounts=[actor.account_id], at=now, data=asked | period)
    record_access(actor, "portal.audit", patient_ids=_about(actor, wanted))
    more = len(page) > PAGE_SIZE
    return Found(page[:PAGE_SIZE], page[PAGE_SIZE - 1].pk if more else None)


def _events(actor: Actor, wanted: Wanted) -> QuerySet[Event]:
    exact = {
        "actor_person_id": wanted.person_id, "prescription_id": wanted.prescription_id, "type": wanted.type or None,
    }  # fmt: skip
    rows = Event.objects.filter(_period(actor, wanted)).filter(
        **{name: value for name, value in exact.items() if value is not None}
    )
    if wanted.patient_id is not None:  # what names the patient, and what happened to the prescriptions of that record
        theirs = visibility.visible(actor, Prescription).filter(patient_id=wanted.patient_id).order_by("-pk")
        numbers = list(theirs.values_list("pk", flat=True)[:MOST_PRESCRIPTIONS])
        rows = rows.filter(Q(data__patient_id=wanted.patient_id) | Q(prescription_id__in=numbers))
    if wanted.account_id is not None:
        mine = rows.filter(actor_account_id=wanted.account_id)
        rows = mine | rows.filter(subject_account_id=wanted.account_id)
    return rows


def _looks(actor: Actor, wanted: Wanted) -> QuerySet[AccessRecord]:
    exact = {
        "actor_account_id": wanted.account_id, "actor_person_id": wanted.person_id,
        "patients__patient_id": wanted.patient_id, "action": wanted.type or None,
    }  # fmt: skip
    rows = AccessRecord.objects.filter(_period(actor, wanted)).prefetch_related("patients")
    return rows.filter(**{name: value for name, value in exact.items() if value is not None})


def _about(actor: Actor, wanted: Wanted) -> list[int]:
    """Whose record the search is about: the patient's, or that of the prescription's patient. They see it."""
    about = [wanted.patient_id] if wanted.patient_id is not None else []
    if wanted.prescription_id is not None:
        rows = visibility.visible(actor, Prescription).filter(pk=wanted.prescription_id)
        about += rows.values_list("patient_id", flat=True)
    return about


def _period(actor: Actor, wanted: Wanted) -> Q:
    return Q(world_id=actor.world_id, created_at__gte=wanted.since, created_at__lt=wanted.until)
