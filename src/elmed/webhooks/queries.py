"""Reads of webhook endpoints and of their log, for the API and the portal. Nobody sees another account's, or another world's."""

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.models import ApiKey
from elmed.access.permissions import Permission
from elmed.accounts.models import AccountState
from elmed.core.refusals import NotVisible
from elmed.webhooks.address import host_of
from elmed.webhooks.models import Delivery, Endpoint, State, Why


def told(rows: QuerySet[Endpoint] | None = None) -> QuerySet[Endpoint]:
    """Those of the endpoints that are told now: switched on, and of an account that is not suspended."""
    every = Endpoint.objects.all() if rows is None else rows
    return every.filter(off=Why.ON).exclude(account__state=AccountState.SUSPENDED)


def endpoints_of(actor: Actor) -> QuerySet[Endpoint]:
    """The account's endpoints in the actor's world, the oldest first, with what waits and what last arrived."""
    policy.require_to_end(actor, Permission.WEBHOOK_READ)
    rows = Endpoint.objects.filter(account_id=actor.acting_account_id, world_id=actor.world_id)
    return rows.select_related("world", "created_by", "created_by_key").order_by("pk")


def made_by(key: ApiKey) -> list[str]:
    """The addresses' hosts of the endpoints that this key made and that are told now, each once."""
    urls = Endpoint.objects.filter(by_keys=key, off=Why.ON).order_by("pk").values_list("url", flat=True)
    return list(dict.fromkeys(host_of(url) for url in urls))


def with_counts(rows: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
    """With `waiting` and `delivered_at`, for the portal's list: a look into an index each, however long the log is."""
    own = Delivery.objects.filter(endpoint=OuterRef("pk"))
    waiting = own.filter(state=State.WAITING).order_by().values("endpoint").annotate(many=Count("pk")).values("many")
    newest = own.filter(state=State.DELIVERED).order_by("-pk").values("done_at")[:1]
    return rows.annotate(waiting=Coalesce(Subquery(waiting), 0), delivered_at=Subquery(newest))


def endpoint(actor: Actor, endpoint_id: int) -> Endpoint:
    """One of them. Raises NotVisible, NotAllowed."""
    row = endpoints_of(actor).filter(pk=endpoint_id).first()
    if row is None:
        raise NotVisible("webhook endpoint")
    return row


def deliveries_of(row: Endpoint, state: str = "") -> QuerySet[Delivery]:
    """An endpoint's log, the newest first, each with its tries."""
    rows = Delivery.objects.filter(endpoint=row, **({"state": state} if state else {}))
    return rows.prefetch_related("tries").select_related("event").order_by("-pk")


def delivery(row: Endpoint, delivery_id: int) -> Delivery:
    """One of the log. Raises NotVisible."""
    found = deliveries_of(row).filter(pk=delivery_id).first()
    if found is None:
        raise NotVisible("delivery")
    return found
