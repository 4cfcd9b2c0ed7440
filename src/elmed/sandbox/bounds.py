"""How much a test world holds, and how long it is kept: full it takes no scenario more; untouched for 90 days it is emptied."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from elmed.access import actors
from elmed.access.actors import Actor
from elmed.access.models import RateWindow
from elmed.access.visibility import visible
from elmed.accounts.models import Account
from elmed.config.environment import environment
from elmed.core.models import Mode, World
from elmed.core.refusals import NotNow
from elmed.events.models import AccessRecord, Event
from elmed.events.record import together
from elmed.inventory.models import Product
from elmed.patients.models import Patient
from elmed.prescriptions.models import Prescription
from elmed.sandbox.reset import empty

KEPT = timedelta(days=90)  # real time, whatever the world's clock shows
_HELD = (
    Prescription,
    Patient,
    Product,
)  # whatever else there is belongs to one of them, or is a trace that ends by itself


def require_room(actor: Actor) -> None:
    """Raise NotNow (`test_world_full`) where the actor's test world, which is locked, holds as much as it may."""
    most = environment().test_world_prescriptions
    sees = actors.clock(actor.world_id, Mode.TEST)
    if any(visible(sees, model).order_by()[:most].count() >= most for model in (Prescription, Patient)):
        raise NotNow(
            "test_world_full",
            f"The test world holds {most} prescriptions or patients, as many as it may: reset the test world "
            "(`POST /sandbox/reset`, or its page in the portal), then play on.",
        )


def forget_untouched(real: datetime) -> int:
    """Empty the test worlds that nobody touched for 90 days, as a reset does. Returns how many.

    Touched: a request with one of the account's test keys, something that happened there, somebody who looked.
    """
    since = real - KEPT
    return sum(_forget(number, since) for number in _untouched(since))


def _untouched(since: datetime) -> list[int]:
    happened = Event.objects.filter(world=OuterRef("pk"), recorded_at__gte=since)
    looked = AccessRecord.objects.filter(world=OuterRef("pk"), created_at__gte=since)
    worlds = World.objects.filter(mode=Mode.TEST, created_at__lt=since)
    rows = worlds.exclude(Exists(happened)).exclude(Exists(looked)).order_by("pk")
    return [number for number in rows.values_list("pk", flat=True) if _holds(number)]


def _holds(world_id: int) -> bool:
    sees = actors.clock(world_id, Mode.TEST)
    return any(visible(sees, model).exists() for model in _HELD)


@transaction.atomic
def _forget(world_id: int, since: datetime) -> bool:
    """Look again once it is locked. A key's last use is told by its minute."""
    world = World.objects.select_for_update().get(pk=world_id, mode=Mode.TEST)
    owner = Account.objects.filter(test_world=world).first()
    used = RateWindow.objects.filter(key__account=owner, key__mode=Mode.TEST).aggregate(at=Max("last_used_at"))["at"]
    if (used is not None and used >= since) or world_id not in _untouched(since):
        return False
    with together():
        empty(actors.clock(world_id, Mode.TEST), world, owner.pk if owner else None)
    return True
