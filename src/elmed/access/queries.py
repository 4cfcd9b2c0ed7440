"""Reads of API keys for Settings → API Keys and for ELMED's staff. Making and revoking them is keys.py."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from elmed.access.actors import Actor
from elmed.access.models import ApiKey, LimitRequest
from elmed.access.permissions import Permission
from elmed.accounts.models import AccountState
from elmed.core.clock import real_now
from elmed.core.models import LIVE_WORLD_ID
from elmed.core.refusals import NotVisible


def keys_of(actor: Actor) -> QuerySet[ApiKey]:
    """The keys of the actor's account, newest first, with who made them and when they were last used."""
    return _shown(ApiKey.objects.filter(account_id=actor.account_id or 0))


def for_staff(actor: Actor, account_id: int) -> QuerySet[ApiKey]:
    """The keys of any account of the live world, for who may limit them; else none."""
    if Permission.KEY_LIMIT not in actor.permissions or actor.by_key:
        return ApiKey.objects.none()
    return _shown(ApiKey.objects.filter(account_id=account_id, account__world_id=LIVE_WORLD_ID))


def usable(now: datetime) -> Q:
    """Keys that work: neither revoked nor expired."""
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))


def made_by(actor: Actor, person_id: int, now: datetime) -> list[ApiKey]:
    """The working keys of the actor's account that this person made, and so may know. At most 50."""
    return list(keys_of(actor).filter(usable(now), created_by_id=person_id)[:50])


def still_usable(key_id: int) -> bool:
    """Whether a key opens anything yet: for a request that waited since it was looked up. One statement."""
    keys = ApiKey.objects.filter(usable(real_now()), pk=key_id)
    return keys.exclude(account__state=AccountState.SUSPENDED).exists()


def _shown(keys: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
    asked = LimitRequest.objects.filter(key=OuterRef("pk"), decided_at=None)
    found = keys.select_related("created_by", "revoked_by", "window", "replaced_by").annotate(limit_asked=Exists(asked))
    return found.order_by("revoked_at", "-created_at", "-pk")


def own_key(actor: Actor, key_id: int) -> ApiKey:
    """One key of the actor's account. Raises NotVisible."""
    key = keys_of(actor).filter(pk=key_id).first()
    if key is None:
        raise NotVisible("API key")
    return key
