"""Reads of API keys for Settings → API Keys. Making and revoking them is keys.py."""

from django.db.models import QuerySet

from elmed.access.actors import Actor
from elmed.access.models import ApiKey
from elmed.core.refusals import NotVisible


def keys_of(actor: Actor) -> QuerySet[ApiKey]:
    """The keys of the actor's account, newest first, with who made them and when they were last used."""
    own = ApiKey.objects.filter(account_id=actor.account_id or 0)
    return own.select_related("created_by", "window").order_by("revoked_at", "-created_at", "-pk")


def own_key(actor: Actor, key_id: int) -> ApiKey:
    """One key of the actor's account. Raises NotVisible."""
    key = keys_of(actor).filter(pk=key_id).first()
    if key is None:
        raise NotVisible("API key")
    return key
