"""Webhook endpoints, what was sent to them, and what arrives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from elmed_client.models.base import Model


@dataclass(frozen=True, kw_only=True, repr=False)
class WebhookEndpoint(Model):
    """An address of yours that is told of events."""

    id: int
    url: str
    description: str
    event_types: tuple[str, ...]
    mode: str
    version: int
    enabled: bool
    off_reason: str | None
    off_since: datetime | None
    failing_since: datetime | None
    old_secret_until: datetime | None
    created_by_key_id: int | None
    """The key that made it; None where a person did."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, repr=False)
class WebhookEndpointList(Model):
    """All of the key's world."""

    data: tuple[WebhookEndpoint, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class WebhookEndpointWithSecret(WebhookEndpoint):
    """The same with its secret, which is shown this once."""

    secret: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Attempt(Model):
    """One try: the status that was answered, or the `error`."""

    at: datetime
    milliseconds: int
    status: int | None
    error: str | None


@dataclass(frozen=True, kw_only=True, repr=False)
class WebhookDelivery(Model):
    """A message to one endpoint; `state` is waiting, delivered or failed."""

    id: int
    webhook_id: str
    type: str
    sequence: int | None
    state: str
    created_at: datetime
    next_try_at: datetime | None
    done_at: datetime | None
    resent: int
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class Resent(Model):
    """How many deliveries will be sent now."""

    waiting: int


@dataclass(frozen=True, kw_only=True, repr=False)
class WebhookEvent(Model):
    """The event that a message is about, as the feed has it. A `webhook.test` has no `id` and no `sequence`."""

    id: int | None
    sequence: int | None
    type: str
    created_at: datetime
    mode: str
    prescription_id: int | None
    version: int | None


@dataclass(frozen=True, kw_only=True, repr=False)
class WebhookMessage(Model):
    """What arrives. The same event has the same `id` at every try: keep those that you have seen."""

    type: str
    timestamp: datetime
    data: WebhookEvent
    id: str = ""
