"""Reads of what happened and of who looked, for screens.

The caller has the prescription or the patient from access.visibility already: nothing here filters by owner.
"""

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any

from django.db.models import BooleanField, Case, Count, Max, Min, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import TruncDate

from elmed.accounts.models import Account, Person
from elmed.events.models import AccessRecord, AccessRecordPatient, Event, EventCounter, EventListing

LOOKER = ("actor_person_id", "actor_account_id", "by_key", "day")  # who looked through what, and on which day
Looker = tuple[Any, ...]  # its values
Look = tuple[str, str]  # what was looked at, and why


def of_prescription(prescription_id: int, world_id: int) -> list[Event]:
    """A prescription's history, the newest first, with `person_name` and `account_name` of who did it. One statement."""
    return list(_named(Event.objects.filter(prescription_id=prescription_id, world_id=world_id)).order_by("-pk"))


def of_prescriptions(prescription_ids: Iterable[int], world_id: int) -> list[Event]:
    """The same of several, the oldest first. One statement."""
    rows = Event.objects.filter(prescription_id__in=list(prescription_ids), world_id=world_id)
    return list(_named(rows).order_by("pk"))


def of_prescription_as_told(prescription_id: int, account_id: int, world_id: int) -> list[Event]:
    """The history with `sequence`, the number in that account's list; None where it was not told. One statement."""
    told = EventListing.objects.filter(event=OuterRef("pk"), account_id=account_id, world_id=world_id)
    rows = _named(Event.objects.filter(prescription_id=prescription_id, world_id=world_id))
    return list(rows.annotate(sequence=Subquery(told.values("sequence")[:1])).order_by("-pk"))


def _named(rows: QuerySet[Event]) -> QuerySet[Event]:
    return rows.annotate(
        person_name=Subquery(Person.objects.filter(pk=OuterRef("actor_person_id")).values("name")),
        account_name=Subquery(Account.objects.filter(pk=OuterRef("actor_account_id")).values("name")),
    )


def of_account(account_id: int, most: int = 100) -> list[Event]:
    """What happened to an account itself, the newest first."""
    return list(Event.objects.filter(subject_account_id=account_id).order_by("-pk")[:most])


def accesses_of(patient_ids: Iterable[int], world_id: int) -> QuerySet[AccessRecord]:
    """The requests that read the data of this patient, who may have several records' ids; the newest first."""
    named = AccessRecordPatient.objects.filter(patient_id__in=list(patient_ids)).values("record_id")
    return AccessRecord.objects.filter(pk__in=named, world_id=world_id).order_by("-pk")


def with_lookers(rows: QuerySet[AccessRecord], zone: tzinfo) -> QuerySet[AccessRecord]:
    """Such requests with what LOOKER names: days as the place counts them."""
    by_key = Case(When(actor_key_id__isnull=False, then=True), default=False, output_field=BooleanField())
    return rows.annotate(day=TruncDate("created_at", tzinfo=zone), by_key=by_key)


def lookers(rows: QuerySet[AccessRecord], zone: tzinfo) -> QuerySet[AccessRecord, dict[str, Any]]:
    """The same, a row for each person and day: how often (`times`), the first and the last moment. The last looked at first."""
    groups: QuerySet[AccessRecord, dict[str, Any]] = with_lookers(rows, zone).order_by().values(*LOOKER)
    groups = groups.annotate(times=Count("pk"), first=Min("created_at"), last=Max("created_at"))
    return groups.order_by("-last", *LOOKER)


def looked_at(rows: QuerySet[AccessRecord], groups: Sequence[dict[str, Any]], zone: tzinfo) -> dict[Looker, list[Look]]:
    """What each of these groups looked at and why, each once. One statement."""
    if not groups:
        return {}
    within = rows.filter(
        created_at__gte=min(group["first"] for group in groups), created_at__lte=max(group["last"] for group in groups)
    )
    found: dict[Looker, list[Look]] = {tuple(group[name] for name in LOOKER): [] for group in groups}
    seen = with_lookers(within, zone).order_by("action", "reason").values_list(*LOOKER, "action", "reason").distinct()
    for *looker, action, reason in seen:
        if tuple(looker) in found:
            found[tuple(looker)].append((action, reason))
    return found


def listed_for(account_id: int, world_id: int) -> QuerySet[Event]:
    """Every event in an account's list, the oldest first."""
    return Event.objects.filter(listings__account_id=account_id, listings__world_id=world_id).order_by("pk")


def last_number(account_id: int, world_id: int) -> int:
    """The number of the newest event in the account's list of that world, 0 where it has none. One statement."""
    rows = EventCounter.objects.filter(account_id=account_id, world_id=world_id)
    return rows.values_list("last", flat=True).first() or 0


def last_number_beside(account_id: int, world_id: int) -> Subquery:
    """The same as part of another statement, whose rows are then as old as the number; null where the list is empty."""
    rows = EventCounter.objects.filter(account_id=account_id, world_id=world_id)
    return Subquery(rows.values("last")[:1])


def last_numbers(lists: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """The newest number of each of these lists (account, world) that has one. One statement."""
    wanted = set(lists)
    rows = EventCounter.objects.filter(account_id__in={account_id for account_id, _ in wanted})
    found = rows.values_list("account_id", "world_id", "last")
    return {(account_id, world_id): last for account_id, world_id, last in found if (account_id, world_id) in wanted}
