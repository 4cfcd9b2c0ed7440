"""Writing what happened and who looked: the only code that writes events and access records.

`record` demands the open transaction of the fact itself: an event without its fact, or a fact without
its event, cannot be committed. Counters are locked last, and in account order: `together` sees to it where an act
tells of several things.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from elmed.access.actors import Actor
from elmed.core.clock import real_now
from elmed.events.catalogue import EVENT_TYPES
from elmed.events.models import AccessRecord, AccessRecordPatient, Event


@dataclass(frozen=True)
class _Told:
    """An event that waits for the end of its act."""

    event: Event
    accounts: list[int]
    began: float  # time.monotonic()
    late: Callable[[float], None] | None


LATE = 1.0  # seconds waited for somebody's list, after which a change is stamped anew
_waiting: ContextVar[list[_Told] | None] = ContextVar("waiting", default=None)
_stamped: ContextVar[list[tuple[float, Callable[[], None]]]] = ContextVar("stamped")


@contextmanager
def together() -> Iterator[None]:
    """Write the events of what happens inside at its end, all lists locked first and in account order.

    For the frame of an act, directly inside its transaction: whatever else it locks comes before anybody's list, and
    several events of one act cannot take the lists in another order than somebody else's. What is refused inside, and
    caught by an outer act, tells nothing.
    """
    told = _waiting.get()
    if told is not None:  # inside another act: that one writes
        mark = len(told)
        try:
            yield
        except BaseException:
            del told[mark:]
            raise
        return
    told = []
    stamped: list[tuple[float, Callable[[], None]]] = []
    token, stamps = _waiting.set(told), _stamped.set(stamped)
    try:
        yield
    finally:
        _waiting.reset(token)
        _stamped.reset(stamps)
    if len(told) > 1:
        for world_id in sorted({one.event.world_id for one in told}):
            of_world = [one for one in told if one.event.world_id == world_id]
            lock_lists({account for one in of_world for account in one.accounts}, world_id)
    for one in told:
        _write(one)
    for began, again in stamped:
        if time.monotonic() - began > LATE:
            again()


def stamped_now(again: Callable[[], None]) -> None:
    """Something that others poll by change was given its moment: `again`, where the lists are then waited for too long.

    Outside `together` nothing is waited for: there the event is told before the moment is taken.
    """
    if _waiting.get() is not None:
        _stamped.get().append((time.monotonic(), again))


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
    late: Callable[[float], None] | None = None,
) -> None:
    """Write one event and list it for each account concerned, with that account's next number in the actor's world.

    Inside `together`, at its end. `late` is called with the seconds where that took so long that whoever polls by
    change could be past the moment that the fact was stamped with.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("An event is recorded inside the transaction of its fact.")
    if event_type not in EVENT_TYPES:
        raise ValueError(f"Not in the catalogue: {event_type}")
    event = Event(
        type=event_type,
        world_id=actor.world_id,
        prescription_id=prescription_id,
        version=version,
        subject_account_id=subject_account_id,
        data=data or {},
        actor_person_id=actor.person_id,
        actor_account_id=actor.account_id,
        actor_key_id=actor.recorded_key_id,
        source=actor.source,
        request_id=actor.request_id,
        created_at=at,
    )
    told = _Told(event, sorted({account for account in accounts if account is not None}), time.monotonic(), late)
    waiting = _waiting.get()
    if waiting is None:
        _write(told)
    else:
        waiting.append(told)


def _write(told: _Told) -> None:
    event = told.event
    event.save(force_insert=True)
    _list(event.pk, _next_numbers(told.accounts, event.world_id), event.world_id)
    waited = time.monotonic() - told.began
    if told.late is not None and waited > LATE:
        told.late(waited)


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
    if not account_ids:
        return
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
        actor_key_id=actor.recorded_key_id,
        source=actor.source,
        action=action,
        reason=reason,
        request_id=actor.request_id,
        created_at=real_now(),
    )
    AccessRecordPatient.objects.bulk_create(
        [AccessRecordPatient(record=row, patient_id=patient_id) for patient_id in patients]
    )


def record_access_once(actor: Actor, action: str, *, patient_id: int, within: timedelta) -> None:
    """The same for a page that asks again while somebody types: one reading is one record.

    Nothing is written where this person, for this account, left that record of the patient within that span.
    """
    same = AccessRecord.objects.filter(
        patients__patient_id=patient_id, action=action, created_at__gt=real_now() - within,
        actor_person_id=actor.person_id, actor_account_id=actor.account_id, actor_key_id=actor.recorded_key_id,
        world_id=actor.world_id,
    )  # fmt: skip
    if not same.exists():
        record_access(actor, action, patient_ids=[patient_id])
