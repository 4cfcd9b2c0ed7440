"""/webhook-endpoints: where an account is told of its events, and how that went. What is sent says webhooks/message.py."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from pydantic import Field

from elmed.access.permissions import Permission
from elmed.api import cursors
from elmed.api.bodies import Body, Digits, Moment, NoBody, Query, ShortText, Text
from elmed.api.conditions import versioned
from elmed.api.endpoint import Call, endpoint
from elmed.api.idempotency import once, written
from elmed.api.v1.webhook_shapes import (
    DELIVERIES,
    DELIVERY_ANSWER,
    ENDPOINT_ANSWER,
    LIST_ANSWER,
    RESEND_ANSWER,
    SECRET_ANSWER,
    delivery_shown,
    shown,
)  # fmt: skip
from elmed.webhooks import endpoints, queries, resend, sealed
from elmed.webhooks.address import MAX_LENGTH
from elmed.webhooks.endpoints import EVERYTHING, Change, Wanted
from elmed.webhooks.models import Delivery, Endpoint

READ, MANAGE = Permission.WEBHOOK_READ, Permission.WEBHOOK_MANAGE
_ONCE = ("request_in_progress", "idempotency_key_reused")
Url = Annotated[
    str,
    Field(min_length=1, max_length=MAX_LENGTH, description="https://, in the public internet; redirects are failures."),
]
Types = Annotated[
    list[ShortText],
    Field(
        min_length=1, max_length=100, description='Types of the catalogue, or `["*"]` for all that the key may read.'
    ),
]
Description = Annotated[Text, Field(max_length=120, description="For people: what it is for.")]


class EndpointBody(Body):
    """Where, and of what."""

    url: Url
    event_types: Types = [EVERYTHING]
    description: Description = ""


class ChangeBody(Body):
    """What is to be different; the rest stays."""

    url: Url | None = None
    event_types: Types | None = None
    description: Description | None = None
    enabled: bool | None = Field(
        None, description="Off: nothing is sent. What happens meanwhile is sent only if you ask (`/resend`)."
    )


@endpoint("GET", "/webhook-endpoints", permission=READ, answer=LIST_ANSWER, tag="Webhooks")
def list_webhook_endpoints(call: Call) -> HttpResponse:
    """List your webhook endpoints of the key's world."""
    return _json({"data": [shown(row) for row in queries.endpoints_of(call.actor)]})


@endpoint(
    "POST", "/webhook-endpoints", permission=MANAGE, body=EndpointBody, answer=SECRET_ANSWER, tag="Webhooks",
    creates=True, codes=("too_many_endpoints", *_ONCE),
)  # fmt: skip
def create_webhook_endpoint(call: Call) -> HttpResponse:
    """Make an endpoint; it is told of what happens from now on. The secret is shown in this answer."""
    body = call.body(EndpointBody)
    wanted = Wanted(body.url, tuple(body.event_types), body.description)
    endpoints.require_reachable(body.url)
    return _with_secret(call, lambda: endpoints.make(call.actor, wanted))


@endpoint("GET", "/webhook-endpoints/{id}", permission=READ, answer=ENDPOINT_ANSWER, tag="Webhooks", tagged=True)
def read_webhook_endpoint(call: Call) -> HttpResponse:
    """Read one endpoint."""
    row = _own(call)
    return versioned(call.request, row.version, json.dumps(shown(row)))


@endpoint(
    "PATCH", "/webhook-endpoints/{id}", permission=MANAGE, body=ChangeBody, answer=ENDPOINT_ANSWER, tag="Webhooks",
    codes=("version_conflict",),
)  # fmt: skip
def change_webhook_endpoint(call: Call) -> HttpResponse:
    """Change where and of what it tells, or switch it off and on."""
    row = _own(call)
    body = call.body(ChangeBody)
    types = None if body.event_types is None else tuple(body.event_types)
    new = Change(body.url, types, body.description, body.enabled)
    if body.url is not None and body.url != row.url:
        endpoints.require_reachable(body.url)

    def act() -> str:
        endpoints.change(call.actor, row.pk, new, expected_version=call.expected_version)
        return json.dumps(shown(queries.endpoint(call.actor, row.pk)))

    return written(call, act)


@endpoint(
    "POST", "/webhook-endpoints/{id}/roll-secret", permission=MANAGE, body=NoBody, answer=SECRET_ANSWER, tag="Webhooks",
    codes=("version_conflict", *_ONCE),
)  # fmt: skip
def roll_webhook_secret(call: Call) -> HttpResponse:
    """Give it a new secret, shown in this answer; the old one signs besides for 24 hours."""
    number = _own(call).pk
    call.body(NoBody)
    return _with_secret(call, lambda: endpoints.roll(call.actor, number, expected_version=call.expected_version))


class DeliveriesQuery(Query):
    """Which, and which page."""

    state: Literal["waiting", "delivered", "failed"] | None = Field(None, description="Only these.")
    limit: Annotated[int, Field(ge=1, le=100), Digits] = Field(20, description="How many at most.")
    cursor: str | None = Field(None, description="`next_cursor` of the page before.")


@endpoint(
    "GET", "/webhook-endpoints/{id}/deliveries", permission=READ, query=DeliveriesQuery, answer=DELIVERIES,
    tag="Webhooks", codes=("invalid_cursor",),
)  # fmt: skip
def list_webhook_deliveries(call: Call) -> HttpResponse:
    """List what was sent to it in the last 30 days, the newest first, with every try."""
    row, query = _own(call), call.params(DeliveriesQuery)
    rows = queries.deliveries_of(row, query.state or "")
    owner = f"deliveries/{row.pk}/{query.state or ''}"
    if query.cursor is not None:
        rows = rows.filter(pk__lt=cursors.read(query.cursor, owner=owner)[0])
    found = list(rows[: query.limit + 1])
    page, more = found[: query.limit], len(found) > query.limit
    following = cursors.make(owner=owner, position=[page[-1].pk]) if more else None
    data = [delivery_shown(one, call.actor.permissions) for one in page]
    return _json({"data": data, "has_more": more, "next_cursor": following})


@endpoint(
    "GET", "/webhook-endpoints/{id}/deliveries/{delivery_id}", permission=READ, answer=DELIVERY_ANSWER, tag="Webhooks",
)  # fmt: skip
def read_webhook_delivery(call: Call) -> HttpResponse:
    """Read how one delivery stands."""
    return _json(_shown(call, queries.delivery(_own(call), call.id("delivery_id", "delivery"))))


@endpoint(
    "POST", "/webhook-endpoints/{id}/deliveries/{delivery_id}/resend", permission=MANAGE, body=NoBody, answer=DELIVERY_ANSWER,
    tag="Webhooks", codes=("endpoint_off", *_ONCE),
)  # fmt: skip
def resend_webhook_delivery(call: Call) -> HttpResponse:
    """Send one again, at once, whatever became of it; it keeps its `webhook-id`."""
    row, number = _own(call), call.id("delivery_id", "delivery")
    call.body(NoBody)

    def act() -> str:
        resend.resend(call.actor, row.pk, number)
        return json.dumps(_shown(call, queries.delivery(row, number)))

    return once(call, act, replayed=lambda: None, shown=lambda text: text)


class ResendBody(Body):
    """From when on, and what."""

    since: Moment = Field(description="At most 30 days ago.")
    delivered_too: bool = Field(False, description="Also what was delivered.")


@endpoint(
    "POST", "/webhook-endpoints/{id}/resend", permission=MANAGE, body=ResendBody, answer=RESEND_ANSWER, tag="Webhooks",
    codes=("endpoint_off", *_ONCE),
)  # fmt: skip
def resend_webhooks(call: Call) -> HttpResponse:
    """Send what happened since a moment and was not delivered, also what happened while it was off."""
    number, body = _own(call).pk, call.body(ResendBody)

    def act() -> str:
        waiting = resend.resend_since(call.actor, number, body.since, delivered_too=body.delivered_too)
        return json.dumps({"waiting": waiting})

    return once(call, act, replayed=lambda: None, shown=lambda text: text)


@endpoint(
    "POST", "/webhook-endpoints/{id}/test", permission=MANAGE, body=NoBody, answer=DELIVERY_ANSWER, tag="Webhooks",
    codes=("endpoint_off", *_ONCE),
)  # fmt: skip
def test_webhook_endpoint(call: Call) -> HttpResponse:
    """Send a message of the type `webhook.test`; read the delivery to see what came of it."""
    row = _own(call)
    call.body(NoBody)

    def act() -> str:
        made = resend.send_test(call.actor, row.pk)
        return json.dumps(_shown(call, queries.delivery(row, made.pk)))

    return once(call, act, replayed=lambda: None, shown=lambda text: text)


@endpoint(
    "DELETE", "/webhook-endpoints/{id}", permission=MANAGE, answer={}, tag="Webhooks", codes=("version_conflict",),
)  # fmt: skip
def remove_webhook_endpoint(call: Call) -> HttpResponse:
    """Remove it, with its log."""
    number = _own(call).pk
    return written(call, lambda: endpoints.remove(call.actor, number, expected_version=call.expected_version))


def _shown(call: Call, row: Delivery) -> dict[str, Any]:
    return delivery_shown(row, call.actor.permissions)


def _own(call: Call) -> Endpoint:
    return queries.endpoint(call.actor, call.id("id", "webhook endpoint"))


def _with_secret(call: Call, make: Callable[[], tuple[Endpoint, str]]) -> HttpResponse:
    """The endpoint with its new secret. What is kept for a repeated request holds no secret: it is looked up again."""
    fresh: list[str] = []

    def act() -> str:
        made, secret = make()
        fresh.append(secret)
        return json.dumps(shown(queries.endpoint(call.actor, made.pk)))

    def with_secret(text: str) -> str:
        row = json.loads(text)
        secret = fresh[0] if fresh else sealed.told(queries.endpoint(call.actor, row["id"]).secret)
        return json.dumps(row | {"secret": secret})

    return once(call, act, replayed=lambda: None, shown=with_secret)


def _json(body: dict[str, Any]) -> HttpResponse:
    return HttpResponse(json.dumps(body), content_type="application/json")
