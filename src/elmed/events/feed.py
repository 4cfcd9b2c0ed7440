"""An account's list of events, read in its order: what `GET /events` answers and what webhooks go through.

The list has no gaps, and numbers are given under lock until the commit (record.py): whoever has read up to a number
has missed nothing before it. Who may read which type says catalogue.py. Entries are kept 90 days; the events
themselves stay, as the prescription's history.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from elmed.core.clock import rfc3339
from elmed.events.models import EventListing
from elmed.events.queries import last_number

KEPT = timedelta(days=90)
PURGED_AT_ONCE = 1_000  # lists looked at in one statement


class Expired(Exception):
    """Some of what follows that number is not kept any more."""


class Ahead(Exception):
    """A number that was not given yet; `last` is the newest."""

    def __init__(self, last: int) -> None:
        """Keep it."""
        super().__init__(last)
        self.last = last


@dataclass(frozen=True)
class Entry:
    """One event as an account's list has it."""

    sequence: int
    event_id: int
    type: str
    created_at: datetime
    prescription_id: int | None
    version: int | None

    def shown(self, mode: str) -> dict[str, Any]:
        """As it is told: by the feed, and by webhooks."""
        return {
            "id": self.event_id,
            "sequence": self.sequence,
            "type": self.type,
            "created_at": rfc3339(self.created_at),
            "mode": mode,
            "prescription_id": self.prescription_id,
            "version": self.version,
        }


@dataclass(frozen=True)
class Page:
    """Some entries in their order. `last` is the number to go on after."""

    entries: list[Entry]
    has_more: bool
    last: int


def page(account_id: int, world_id: int, *, after: int | None, limit: int) -> Page:
    """The entries after a number, or from the oldest that is kept. One statement, two or three where there are none.

    Raises Expired where some between are gone, Ahead for a number that was not given yet.
    """
    entries = _entries(account_id, world_id, after=after, limit=limit)
    if not entries:
        last = last_number(account_id, world_id)
        if after is not None and after > last:
            raise Ahead(last)
        if after is None or after == last:
            return Page([], has_more=False, last=last)
        # Something happened between the two looks, or all of it is gone.
        entries = _entries(account_id, world_id, after=after, limit=limit)
        if not entries:
            raise Expired
    if after is not None and entries[0].sequence != after + 1:
        raise Expired
    kept = entries[:limit]
    return Page(kept, has_more=len(entries) > limit, last=kept[-1].sequence)


def _entries(account_id: int, world_id: int, *, after: int | None, limit: int) -> list[Entry]:
    rows = EventListing.objects.filter(account_id=account_id, world_id=world_id, sequence__gt=after or 0)
    values = rows.order_by("sequence").values_list(
        "sequence", "event_id", "event__type", "event__created_at", "event__prescription_id", "event__version"
    )
    return [Entry(*row) for row in values[: limit + 1]]


def purge(now: datetime) -> int:
    """Take what is older than 90 days out of the lists, of each list everything up to the newest such.

    Returns how many lists it shortened. Age is real time: a test world's clock does not move it.
    """
    old = EventListing.objects.filter(event__recorded_at__lt=now - KEPT)
    shortened = 0
    while lists := list(
        old.order_by().values("account_id", "world_id").annotate(upto=Max("sequence"))[:PURGED_AT_ONCE]
    ):
        for one in lists:
            rows = EventListing.objects.filter(account_id=one["account_id"], world_id=one["world_id"])
            rows.filter(sequence__lte=one["upto"]).delete()
        shortened += len(lists)
    return shortened
