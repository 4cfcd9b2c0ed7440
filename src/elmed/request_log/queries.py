"""Reads of the request log for Settings → Request log and → API Keys. Nobody sees another account's, or another world's.

The list goes back in time from a place (`Place`), not by page number: a busy key leaves millions of rows, and nothing
here counts them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.models import ApiKey
from elmed.access.permissions import Permission
from elmed.accounts.models import Account
from elmed.core.models import Mode
from elmed.core.refusals import NotVisible
from elmed.request_log.models import LoggedRequest, ScopeUse
from elmed.request_log.write import KEPT
from elmed.webhooks.models import Attempt, Delivery, Endpoint, State

COUNTED = 10_000  # of the newest errors
REQUESTS, WEBHOOKS = "requests", "webhooks"
ERRORS = "errors"
CLASSES = {"2xx": (200, 299), "3xx": (300, 399), "4xx": (400, 499), "5xx": (500, 599), ERRORS: (400, 599)}


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty: all of it."""

    since: datetime
    mode: Mode
    kind: str = ""
    key_id: int | None = None
    status: str = ""
    method: str = ""
    path: str = ""
    code: str = ""
    request_id: str = ""

    @property
    def of_requests_only(self) -> bool:
        """Whether no webhook can be meant: they have none of these."""
        return bool(self.key_id or self.method or self.code or self.request_id or self.status == "3xx")


@dataclass(frozen=True, order=True)
class Place:
    """Where an entry stands: by its time; of two at the same one, requests come first when one reads backwards."""

    at: datetime
    is_request: bool
    pk: int

    def __str__(self) -> str:
        """For an address."""
        return f"{self.at.astimezone(UTC):%Y%m%dT%H%M%S.%f}{'r' if self.is_request else 'w'}{self.pk}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """Back from an address; None for anything else."""
        try:
            at = datetime.strptime(text[:22], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
            number = int(text[23:]) if text[23:].isascii() and text[23:].isdigit() and len(text) < 43 else -1
        except ValueError:
            return None
        return cls(at, text[22] == "r", number) if number >= 0 and text[22] in "rw" else None


@dataclass(frozen=True, order=True)
class Entry:
    """One line: a request, or a delivery."""

    place: Place
    request: LoggedRequest | None = field(default=None, compare=False)
    delivery: Delivery | None = field(default=None, compare=False)


def timeline(actor: Actor, wanted: Wanted, *, before: Place | None, most: int) -> tuple[list[Entry], Place | None]:
    """Requests and webhook deliveries together, the newest first; and where the next part begins. Three statements at most."""
    found: list[Entry] = []
    if wanted.kind != WEBHOOKS:
        found += [
            Entry(Place(row.at, True, row.pk), request=row) for row in _requests(actor, wanted, before)[: most + 1]
        ]
    if wanted.kind != REQUESTS and not wanted.of_requests_only:
        rows = _deliveries(actor, wanted, before)[: most + 1]
        found += [Entry(Place(row.created_at, False, row.pk), delivery=row) for row in rows]
    found.sort(reverse=True)
    shown = found[:most]
    return shown, shown[-1].place if len(found) > most else None


def errors_by_code(actor: Actor, wanted: Wanted) -> list[dict[str, Any]]:
    """How often each error came, of the newest ten thousand: code, how many, when last. One statement."""
    rows = LoggedRequest.objects.filter(_worlds(actor, wanted.mode), at__gte=wanted.since, status__gte=400)
    if wanted.key_id:
        rows = rows.filter(key_id=wanted.key_id)
    newest = rows.order_by("-at", "-pk").values("pk")[:COUNTED]
    counted = LoggedRequest.objects.filter(pk__in=newest).values("code", "status")
    return [dict(row) for row in counted.annotate(number=Count("pk"), last=Max("at")).order_by("-number", "code")]


def keys_of(actor: Actor) -> list[ApiKey]:
    """The account's keys of the environments that the actor may look into, the newest first, for the choice of one. At most 200."""
    policy.require_unverified(actor, Permission.KEY_READ)
    rows = ApiKey.objects.filter(account_id=actor.acting_account_id, mode__in=modes_of(actor))
    return list(rows.order_by("revoked_at", "-created_at")[:200])


def unused_scopes(keys: Iterable[ApiKey], now: datetime) -> dict[int, list[str]]:
    """Of each key, the scopes that it holds and that nothing it did in 30 days needed. One statement."""
    held = {key.pk: key.scopes for key in keys}
    day = (now - KEPT).date()
    uses = ScopeUse.objects.filter(key_id__in=held, last_used_on__gte=day).values_list("key_id", "scope")
    used = set(uses)
    return {pk: [scope for scope in scopes if (pk, scope) not in used] for pk, scopes in held.items()}


def modes_of(actor: Actor) -> list[Mode]:
    """The environments that the actor may look into: a person of the live world sees the account's own test keys too."""
    return [Mode.TEST] if actor.mode is Mode.TEST else [Mode.LIVE, Mode.TEST]


def _worlds(actor: Actor, mode: Mode) -> Q:
    """The one world of the account that is meant; for tables that have an account and a world."""
    policy.require_unverified(actor, Permission.KEY_READ)
    mine = Q(account_id=actor.acting_account_id)
    if mode is actor.mode:
        return mine & Q(world_id=actor.world_id)
    if mode not in modes_of(actor):
        raise NotVisible("request log")
    return mine & Q(world_id__in=Account.objects.filter(pk=actor.acting_account_id).values("test_world_id"))


def _requests(actor: Actor, wanted: Wanted, before: Place | None) -> QuerySet[LoggedRequest]:
    exact = {"key_id": wanted.key_id, "method": wanted.method, "code": wanted.code, "request_id": wanted.request_id}
    asked = {name: value for name, value in exact.items() if value}
    rows = LoggedRequest.objects.filter(_worlds(actor, wanted.mode), at__gte=wanted.since, **asked)
    if wanted.status in CLASSES:
        rows = rows.filter(status__gte=CLASSES[wanted.status][0], status__lte=CLASSES[wanted.status][1])
    if wanted.path:
        rows = rows.filter(path__contains=wanted.path)
    if before is not None:
        same = Q(at=before.at, pk__lt=before.pk) if before.is_request else Q()
        rows = rows.filter(Q(at__lt=before.at) | same if same else Q(at__lt=before.at))
    return rows.select_related("key").order_by("-at", "-pk")


def _deliveries(actor: Actor, wanted: Wanted, before: Place | None) -> QuerySet[Delivery]:
    endpoints = Endpoint.objects.filter(_worlds(actor, wanted.mode))
    rows = Delivery.objects.filter(endpoint__in=endpoints, created_at__gte=wanted.since)
    if wanted.status == "2xx":
        rows = rows.filter(state=State.DELIVERED)
    elif wanted.status == ERRORS:
        rows = rows.filter(attempts__gt=0).exclude(state=State.DELIVERED)
    elif wanted.status in CLASSES:
        first, last = CLASSES[wanted.status]
        rows = rows.filter(Exists(Attempt.objects.filter(delivery=OuterRef("pk"), status__range=(first, last))))
    if wanted.path:
        rows = rows.filter(Q(type__contains=wanted.path) | Q(endpoint__url__contains=wanted.path))
    if before is not None:
        same = Q(created_at=before.at) if before.is_request else Q(created_at=before.at, pk__lt=before.pk)
        rows = rows.filter(Q(created_at__lt=before.at) | same)
    return rows.select_related("endpoint", "event").prefetch_related("tries").order_by("-created_at", "-pk")


def since(now: datetime, span: timedelta) -> datetime:
    """The beginning of a span, never before what is kept."""
    return now - min(span, KEPT)
