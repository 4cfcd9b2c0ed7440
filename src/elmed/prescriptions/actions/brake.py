"""A brake on signing: more signatures than a doctor can mean, in ten minutes or in a day, are refused, and staff are told.

A stolen session or a script that signs is slowed down before it has done much. Counted in the live world only.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from elmed.accounts import told
from elmed.config.environment import environment
from elmed.core.clock import real_now, rfc3339
from elmed.core.models import LIVE_WORLD_ID
from elmed.prescriptions.actions.tries import TooManyTries
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription

SHORT, LONG = timedelta(minutes=10), timedelta(days=1)


class TooManySignatures(TooManyTries):
    """429: more were signed than one person reads."""

    title = "Too many signatures"


def require_unhurried(rx: Prescription, now: datetime) -> None:
    """Raise TooManySignatures where the account signed too much. Its row is locked: signatures come one after the other."""
    if rx.world_id != LIVE_WORLD_ID:
        return
    env = environment()
    for window, most in ((SHORT, env.signing_limit_ten_minutes), (LONG, env.signing_limit_day)):
        recent = Prescription.objects.filter(
            prescriber_id=rx.prescriber_id, issued_at__gt=now - window, issued_at__lte=now, world_id=rx.world_id
        )
        if recent.count() < most:
            continue
        first = recent.order_by("issued_at").values_list("issued_at", flat=True)[0]
        until = (first or now) + window
        span = "ten minutes" if window == SHORT else "24 hours"
        refusal = TooManySignatures(
            "signing_paused",
            f"{most} prescriptions were signed within {span}. Signing goes on at "
            f"{until.astimezone(jurisdiction().zone):%H:%M on %d-%b-%Y}; drafts are kept. ELMED's staff are told.",
            until=rfc3339(until),
        )
        refusal.leaves = partial(tell_staff, rx.prescriber_id)
        raise refusal


def tell_staff(account_id: int) -> None:
    """Mail ELMED's staff, once a day and doctor."""
    now = real_now()
    with transaction.atomic():
        told.tell_staff("signing_paused", at=now, once=f"signing:{account_id}:{now:%Y-%m-%d}", id=account_id)
