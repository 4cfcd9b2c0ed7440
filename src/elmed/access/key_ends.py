"""Keys that end soon: who made one, and who manages its account, hear of it by mail 14, 3 and 1 days before.

Called by the clock (jobs/periodic.py).
"""

import math
from datetime import datetime, timedelta

from django.db import transaction

from elmed.access.models import ApiKey
from elmed.accounts.models import AccountState
from elmed.accounts.told import tell

WARNED = (14, 3, 1)  # days before a key's end, once each
IN_USE = timedelta(days=1)


def warn_due(now: datetime) -> int:
    """Warn of keys that end soon; a day that was missed is made up for. Returns how many mails were written.

    A key that was rotated is to end: only where something still uses it, its last day is told of.
    """
    soon = ApiKey.objects.filter(
        revoked_at=None, expires_at__gt=now, expires_at__lte=now + timedelta(days=max(WARNED)),
        account__state__in=[AccountState.VERIFIED, AccountState.LAPSED, AccountState.PENDING],
    )  # fmt: skip
    written = 0
    for key in soon.select_related("account", "window").order_by("pk").iterator():
        step = _step(key, now)
        if step is None or key.expires_at is None:
            continue
        with transaction.atomic():
            written += tell(
                key.account, "key_ends", at=now, once=f"key:{key.pk}:{key.expires_at:%Y%m%d%H%M}:{step}",
                key=key.name, hint=key.hint, days=math.ceil((key.expires_at - now) / timedelta(days=1)),
                used=_in_use(key, now), also=[key.created_by_id],
            )  # fmt: skip
    return written


def _step(key: ApiKey, now: datetime) -> int | None:
    """Which of the warnings is due; None for one that was given its end later than that warning."""
    if key.expires_at is None:
        return None
    step = min(days for days in WARNED if key.expires_at - now <= timedelta(days=days))
    if key.replaced_by_id is not None:
        return step if step == min(WARNED) and _in_use(key, now) else None
    return step if key.expires_at - key.created_at > timedelta(days=step) else None


def _in_use(key: ApiKey, now: datetime) -> bool:
    window = getattr(key, "window", None)
    return window is not None and now - window.last_used_at < IN_USE
