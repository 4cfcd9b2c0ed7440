"""A brake on signing: more signatures than a doctor can mean, in ten minutes or in a day, are refused, and staff are told.

A stolen session or a script that signs is slowed down before it has done much. Counted in the live world only.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

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

    title = gettext_noop("Too many signatures")


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
        local = until.astimezone(jurisdiction().zone)
        words = (
            _(
                "%(count)s prescriptions were signed within ten minutes. Signing goes on at %(time)s on %(day)s; "
                "drafts are kept. ELMED's staff are told."
            )
            if window == SHORT
            else _(
                "%(count)s prescriptions were signed within 24 hours. Signing goes on at %(time)s on %(day)s; "
                "drafts are kept. ELMED's staff are told."
            )
        )
        refusal = TooManySignatures(
            "signing_paused",
            words % {"count": most, "time": f"{local:%H:%M}", "day": f"{local:%d-%b-%Y}"},
            until=rfc3339(until),
        )
        refusal.leaves = partial(tell_staff, rx.prescriber_id)
        raise refusal


def tell_staff(account_id: int) -> None:
    """Mail ELMED's staff, once a day and doctor."""
    now = real_now()
    with transaction.atomic():
        told.tell_staff("signing_paused", at=now, once=f"signing:{account_id}:{now:%Y-%m-%d}", id=account_id)
