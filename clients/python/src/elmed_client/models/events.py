"""What happened. Events hold ids only: what they stand for is read where it lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from elmed_client.models.base import Model

WITHHELD = "withheld"


@dataclass(frozen=True, kw_only=True, repr=False)
class Event(Model):
    """One event of the account's list. Of a withheld one only `sequence` is told: the key's scopes allow no more."""

    sequence: int
    """Its number in the list, without a gap: what to go on after."""
    type: str
    id: int | None = None
    created_at: datetime | None = None
    mode: str | None = None
    prescription_id: int | None = None
    version: int | None = None

    @property
    def withheld(self) -> bool:
        """Whether the key may not know what it was."""
        return self.type == WITHHELD


@dataclass(frozen=True, kw_only=True, repr=False)
class EventPage(Model):
    """Some events, oldest first."""

    data: tuple[Event, ...]
    has_more: bool


@dataclass(frozen=True, kw_only=True, repr=False)
class EventType(Model):
    """A type of event, and with which scopes one is told of it (empty: with any)."""

    type: str
    meaning: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class EventTypeList(Model):
    """All of them."""

    data: tuple[EventType, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class StatusInfo(Model):
    """A status, and whether anything can still happen from it."""

    status: str
    open: bool


@dataclass(frozen=True, kw_only=True, repr=False)
class ActInfo(Model):
    """A legal act: from which statuses to which, by whom, its event, and whether a key can do it."""

    act: str
    from_: tuple[str, ...]
    to: tuple[str, ...]
    by: tuple[str, ...]
    event: str
    by_api: bool


@dataclass(frozen=True, kw_only=True, repr=False)
class StateMachine(Model):
    """Every status and every legal act."""

    statuses: tuple[StatusInfo, ...]
    acts: tuple[ActInfo, ...]
