"""Who reads: the newest key of the account they chose, by its hint, so that an example says which key it means."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from elmed.access.permissions import Permission
from elmed.access.queries import keys_of
from elmed.accounts.models import Person
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.core.refusals import NotAllowed
from elmed.portals.page import actor_of


@dataclass(frozen=True)
class KeyHint:
    """What Settings → API Keys shows of a key too; never the key."""

    name: str
    hint: str
    test: bool

    def __str__(self) -> str:
        """`elm_…3f2a`."""
        return f"elm_{'test_' if self.test else ''}…{self.hint}"


def newest_key(request: HttpRequest) -> KeyHint | None:
    """The newest key that still works; None without one, signed out, or for somebody who may not see keys."""
    account: Any = getattr(request, "account", None)
    if account is None or not isinstance(request.user, Person):
        return None
    try:
        actor = actor_of(request, account)
    except NotAllowed:
        return None
    if Permission.KEY_READ not in actor.permissions:
        return None
    working = Q(expires_at__isnull=True) | Q(expires_at__gt=real_now())
    key = keys_of(actor).filter(working, revoked_at__isnull=True).first()
    return KeyHint(key.name, key.hint, key.mode == Mode.TEST) if key else None
