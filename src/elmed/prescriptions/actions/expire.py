"""expire: time ends what is overdue. The worker calls it each minute; acts on an overdue row do not wait for it."""

from datetime import datetime

from elmed.access import actors
from elmed.core.models import Mode
from elmed.prescriptions.actions.legal import expire_overdue
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import OPEN


def expire_due(now: datetime, *, world_id: int, mode: Mode = Mode.LIVE, most: int = 1000) -> int:
    """Expire up to `most` overdue prescriptions of a world, each in a transaction of its own. Returns how many."""
    overdue = Prescription.objects.filter(world_id=world_id, status__in=OPEN, expires_at__lte=now).order_by(
        "expires_at"
    )
    clock = actors.clock(world_id, mode)
    return sum(expire_overdue(pk, clock, now) for pk in overdue.values_list("pk", flat=True)[:most])
