"""Writing what happened and who looked: the only code that writes events and access records.

`record` demands the open transaction of the fact itself: an event without its fact, or a fact without
its event, cannot be committed. Counters are locked last, and in account order.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from elmed.access.actors import Actor
from elmed.core.clock import real_now
from elmed.events.catalogue import EVENT_TYPES
from elmed.events.models import AccessRecord, AccessRecordPatient, Event


def record(
    actor: Actor,
    event_type: str,
    *,
    accounts: Iterable[int | None],
    at: datetime,
    prescription_id: int | None = None,
    version: int | None = None,
    subject_account_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> Event:
    """Write one event and list it for each account concerned, with that account's next number in the actor's world."""
    if not connection.in_atomic_block:
        raise RuntimeError("An event is recorded inside the transaction of its fact.")
    if event_type not in EVENT_TYPES:
        raise ValueError(f"Not in the catalogue: {event_type}")
    event = Event.objects.create(
        type=event_type,
        world_id=actor.world_id,
        prescription_id=prescription_id,
        version=version,
        subject_account_id=subject_account_id,
        data=data or {},
        actor_person_id=actor.person_id,
        actor_account_id=actor.account_id,
        actor_key_id=actor.key_id,
        source=actor.source,
        request_id=actor.request_id,
        created_at=at,
    )
    numbers = _next_numbers(sorted({account for account in accounts if account is not None}), actor.world_id)
    _list(event.pk, numbers, actor.world_id)
    return event


def _list(event_id: int, numbers: list[tuple[int, int]], world_id: int) -> None:
    """List the event for each account, under its number."""
    if not numbers:
        return
    rows = ", ".join(["(%s, %s, %s, %s)"] * len(numbers))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO events_eventlisting (event_id, account_id, world_id, sequence) VALUES {rows}",  # noqa: S608 - placeholders only
            [value for account_id, number in numbers for value in (event_id, account_id, world_id, number)],
        )


def _next_numbers(account_ids: list[int], world_id: int) -> list[tuple[int, int]]:
    """Each account's next number: gap-free, because the counters' rows stay locked to the end of the transaction."""
    if not account_ids:
        return []
    rows = ", ".join(["(%s, %s, 1)"] * len(account_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO events_eventcounter (account_id, world_id, last) VALUES {rows} "  # noqa: S608 - placeholders only
            "ON CONFLICT (account_id, world_id) DO UPDATE SET last = events_eventcounter.last + 1 "
            "RETURNING account_id, last",
            [value for account_id in account_ids for value in (account_id, world_id)],
        )
        return list(cursor.fetchall())


def lock_lists(accounts: Iterable[int | None], world_id: int) -> None:
    """Lock these accounts' counters in account order: for acts that record several events in one transaction."""
    account_ids = sorted({account for account in accounts if account is not None})
    rows = ", ".join(["(%s, %s, 0)"] * len(account_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO events_eventcounter (account_id, world_id, last) VALUES {rows} "  # noqa: S608 - placeholders only
            "ON CONFLICT (account_id, world_id) DO UPDATE SET last = events_eventcounter.last",
            [value for account_id in account_ids for value in (account_id, world_id)],
        )


def recorded_since(event_type: str, *, prescription_id: int, since: datetime) -> bool:
    """Whether such an event of that prescription was recorded at or after `since`."""
    return Event.objects.filter(type=event_type, prescription_id=prescription_id, created_at__gte=since).exists()


def record_access(actor: Actor, action: str, *, patient_ids: Iterable[int], reason: str = "") -> None:
    """Write that this request read these patients' data. Nothing is written where it read nobody's."""
    patients = sorted(set(patient_ids))
    if not patients:
        return
    row = AccessRecord.objects.create(
        world_id=actor.world_id,
        actor_person_id=actor.person_id,
        actor_account_id=actor.account_id,
        actor_key_id=actor.key_id,
        source=actor.source,
        action=action,
        reason=reason,
        request_id=actor.request_id,
        created_at=real_now(),
    )
    AccessRecordPatient.objects.bulk_create(
        [AccessRecordPatient(record=row, patient_id=patient_id) for patient_id in patients]
    )
