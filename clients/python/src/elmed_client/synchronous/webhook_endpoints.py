"""Webhook endpoints and what was sent to them. Scope `webhooks:manage`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from elmed_client import bodies
from elmed_client.bodies import IfMatch
from elmed_client.call import Call, given, once, tried
from elmed_client.decode import moment
from elmed_client.models import Resent, WebhookDelivery, WebhookEndpoint, WebhookEndpointList, WebhookEndpointWithSecret
from elmed_client.synchronous.pages import Pages
from elmed_client.synchronous.sending import Sender

_ONE = "/webhook-endpoints/{id}"


class WebhookEndpoints:
    """Addresses of yours that are told of events."""

    def __init__(self, sender: Sender) -> None:
        """Send through this."""
        self._sender = sender

    def list(self) -> tuple[WebhookEndpoint, ...]:
        """All of the key's world."""
        call = Call("list_webhook_endpoints", "GET", "/webhook-endpoints", WebhookEndpointList)
        return (self._sender.send(call)).data

    def create(
        self,
        *,
        url: str,
        event_types: Iterable[str] = ("*",),
        description: str = "",
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> WebhookEndpointWithSecret:
        """Make one; it is told of what happens from now on. Its `secret` is shown this once."""
        body = {"url": url, "event_types": list(event_types), "description": description}
        call = Call("create_webhook_endpoint", "POST", "/webhook-endpoints", WebhookEndpointWithSecret, body=body)
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))

    def get(self, id: int) -> WebhookEndpoint:
        """One. Raises NotFoundError."""
        return self._sender.send(Call("read_webhook_endpoint", "GET", _ONE, WebhookEndpoint, ids={"id": id}))

    def change(
        self,
        id: int,
        *,
        url: str | None = None,
        event_types: Iterable[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
        if_match: IfMatch = None,
        dry_run: bool = False,
    ) -> WebhookEndpoint:
        """Change what is given; `if_match` refuses where it changed since.

        Switched off nothing is sent; what happened meanwhile is sent only by `resend`.
        """
        types = None if event_types is None else list(event_types)
        body = given(url=url, event_types=types, description=description, enabled=enabled)
        call = Call(
            "change_webhook_endpoint", "PATCH", _ONE, WebhookEndpoint,
            ids={"id": id}, body=body, headers={"If-Match": bodies.if_match(if_match)}, repeatable=if_match is None,
        )  # fmt: skip
        return self._sender.send(tried(call, dry_run=dry_run))

    def delete(self, id: int, *, if_match: IfMatch = None, dry_run: bool = False) -> None:
        """Remove it with its log."""
        condition = {"If-Match": bodies.if_match(if_match)}
        call: Call[None] = Call("remove_webhook_endpoint", "DELETE", _ONE, None, ids={"id": id}, headers=condition)
        self._sender.send(tried(call, dry_run=dry_run))

    def roll_secret(
        self, id: int, *, if_match: IfMatch = None, idempotency_key: str | None = None, dry_run: bool = False
    ) -> WebhookEndpointWithSecret:
        """Give it a new secret; for 24 hours the old one signs too."""
        call = Call(
            "roll_webhook_secret", "POST", _ONE + "/roll-secret", WebhookEndpointWithSecret,
            ids={"id": id}, headers={"If-Match": bodies.if_match(if_match)},
        )  # fmt: skip
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))

    def test(self, id: int, *, idempotency_key: str | None = None, dry_run: bool = False) -> WebhookDelivery:
        """Send a message of the type `webhook.test`; `delivery` tells what came of it."""
        call = Call("test_webhook_endpoint", "POST", _ONE + "/test", WebhookDelivery, ids={"id": id})
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))

    def deliveries(
        self, id: int, *, state: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Pages[WebhookDelivery]:
        """What was sent in the last 30 days, newest first; `state` is waiting, delivered or failed."""
        query = {"state": state, "limit": limit, "cursor": cursor}
        call = Call("list_webhook_deliveries", "GET", _ONE + "/deliveries", object, ids={"id": id}, query=query)
        return Pages(self._sender, call, WebhookDelivery)

    def delivery(self, id: int, delivery_id: int) -> WebhookDelivery:
        """How one stands, with every try."""
        call = Call(
            "read_webhook_delivery", "GET", _ONE + "/deliveries/{delivery_id}", WebhookDelivery,
            ids={"id": id, "delivery_id": delivery_id},
        )  # fmt: skip
        return self._sender.send(call)

    def resend_delivery(
        self, id: int, delivery_id: int, *, idempotency_key: str | None = None, dry_run: bool = False
    ) -> WebhookDelivery:
        """Send one again at once; it keeps its `webhook-id`."""
        call = Call(
            "resend_webhook_delivery", "POST", _ONE + "/deliveries/{delivery_id}/resend", WebhookDelivery,
            ids={"id": id, "delivery_id": delivery_id},
        )  # fmt: skip
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))

    def resend(
        self,
        id: int,
        *,
        since: datetime | str,
        delivered_too: bool = False,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> Resent:
        """Send what happened since a moment, at most 30 days ago, and was not delivered."""
        body = {"since": moment(since), "delivered_too": delivered_too}
        call = Call("resend_webhooks", "POST", _ONE + "/resend", Resent, ids={"id": id}, body=body)
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))
