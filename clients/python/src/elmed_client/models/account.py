"""GET /me: whose key this is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from elmed_client.errors import UnexpectedAnswerError
from elmed_client.models.base import Model


@dataclass(frozen=True, kw_only=True, repr=False)
class Account(Model):
    """A doctor, a pharmacy, a developer or ELMED's staff (`kind`)."""

    id: int
    name: str
    kind: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Key(Model):
    """The key that was sent, without itself."""

    id: int
    name: str
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Limits(Model):
    """What the key may ask."""

    requests_per_minute: int


@dataclass(frozen=True, kw_only=True, repr=False)
class Feed(Model):
    """The account's events: the `sequence` of the newest, 0 where there is none."""

    newest: int


@dataclass(frozen=True, kw_only=True, repr=False)
class Me(Model):
    """The account, its key's scopes, its world (`mode`: live or test), `now`, the time of that world, and its events.

    `events` is None where ELMED is older than this client and does not tell it.
    """

    account: Account
    key: Key
    scopes: tuple[str, ...]
    mode: str
    limits: Limits
    now: datetime
    events: Feed | None = None

    @property
    def newest(self) -> int:
        """The `sequence` of the newest event. Raises UnexpectedAnswerError where this ELMED does not tell it yet."""
        if self.events is None:
            raise UnexpectedAnswerError(
                "This ELMED does not tell the number of its newest event: it is older than this client. "
                "Use a client as old as it is, or follow the events after a number that you know."
            )
        return self.events.newest
