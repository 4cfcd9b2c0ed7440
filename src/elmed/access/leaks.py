"""A key that was found where it should not be: whoever holds it may revoke it, for it is its own proof.

Nobody is told whether a key was known: what is reported twice, was revoked, has ended or never was looks alike.
"""

from django.db import transaction

from elmed.access import keys
from elmed.access.actors import Actor
from elmed.access.models import ApiKey
from elmed.access.queries import usable
from elmed.accounts.models import AccountState
from elmed.accounts.told import tell
from elmed.core.clock import real_now
from elmed.events.record import record


@transaction.atomic
def report(secret: str, *, request_id: str = "", stop: keys.Stop | None = None) -> ApiKey | None:
    """Revoke the key at once, and tell by mail who manages its account and who made it. None: there is no such key.

    `stop`: switches off what else the key left behind, and says what that was. That is done, and told, for a key that
    had ended before too: nobody knew then that it had leaked.
    """
    if not keys.well_formed(secret):
        return None
    now = real_now()
    locked = ApiKey.objects.select_for_update(no_key=True, of=("self",)).select_related("account")
    key = locked.filter(digest=keys.digest(secret)).first()
    if key is None:
        return None
    finder, worked = _finder(request_id), ApiKey.objects.filter(usable(now), pk=key.pk).exists()
    if worked:
        keys.end(key, at=now, by=None)
    stopped = stop(key, finder, now) if stop else []
    if not worked and not stopped:
        return key
    record(finder, "key.revoked", accounts=[key.account_id], at=now, data={"key_id": key.pk, "reason": keys.LEAK})
    tell(
        key.account, "key_leaked", at=now, key=key.name, hint=key.hint, also=[key.created_by_id],
        webhooks=", ".join(stopped),
    )  # fmt: skip
    return key


def _finder(request_id: str) -> Actor:
    """Somebody who found a key: nobody that is known, and who may nothing else."""
    return Actor(
        account_id=None,
        account_kind=None,
        account_state=AccountState.VERIFIED,
        permissions=frozenset(),
        source="leak",
        request_id=request_id,
    )
