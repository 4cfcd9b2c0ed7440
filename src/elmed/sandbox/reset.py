"""Emptying an account's test world: everything that happened in it is deleted, and its clock shows real time again.

Kept are the synthetic accounts, webhook endpoints (they are settings) and the feed's counters: the numbers go on, so that a
cursor from before is told 410 and never shown something else under an old number.
"""

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.core.clock import real_now
from elmed.core.models import LIVE_WORLD_ID, Mode, World
from elmed.events.models import EventCounter
from elmed.events.record import record, together
from elmed.sandbox.people import require_test_world
from elmed.webhooks.models import Endpoint

# What is deleted, and the way from it to its world. What refers to something stands before it.
EMPTIED: dict[str, str] = {
    "webhooks.Attempt": "delivery__endpoint__world", "webhooks.Delivery": "endpoint__world",
    "inventory.Movement": "product__world", "inventory.ProductLink": "product__world",
    "inventory.SaleLine": "sale__world", "inventory.Sale": "world", "inventory.Batch": "product__world",
    "prescriptions.Reversal": "dispense__prescription__world", "prescriptions.DispenseLine": "dispense__prescription__world",
    "prescriptions.Dispense": "prescription__world",
    "prescriptions.ReservationLine": "reservation__prescription__world", "prescriptions.Reservation": "prescription__world",
    "prescriptions.LineClosure": "line__prescription__world", "prescriptions.WarningAnswer": "prescription__world",
    "prescriptions.Hold": "prescription__world", "prescriptions.FormerSupplier": "prescription__world",
    "prescriptions.PrescriptionLine": "prescription__world", "prescriptions.Prescription": "world",
    "prescriptions.Favourite": "world", "prescriptions.ProofTries": "world", "prescriptions.Sweep": "world",
    "inventory.Product": "world", "inventory.ShopState": "world",
    "patients.PatientInvitation": "patient__world", "patients.PatientCorrection": "patient__world",
    "patients.Allergy": "patient__world", "patients.Consultation": "world", "patients.Patient": "world",
    "events.AccessRecordPatient": "record__world", "events.AccessRecord": "world",
    "events.EventListing": "world", "events.Event": "world",
    "request_log.LoggedRequest": "world", "api.IdempotencyRecord": "world",
}  # fmt: skip
# Whatever else there is belongs to one of them, or is a trace that ends by itself.
HELD = ("prescriptions.Prescription", "patients.Patient", "inventory.Product")


def holding(worlds: QuerySet[World]) -> QuerySet[World]:
    """Of these worlds, those in which anything stands."""
    stands = Q()
    for label in HELD:
        stands |= Q(Exists(apps.get_model(label)._default_manager.filter(world=OuterRef("pk"))))
    return worlds.filter(stands)


def reset(actor: Actor) -> None:
    """Empty the actor's test world. Raises NotAllowed outside one, and for who does not manage it.

    Whoever writes into it at the same time is waited for, or fails as when the database is away.
    """
    require_test_world(actor, Permission.SANDBOX_MANAGE)
    with transaction.atomic(), together():
        # Not `no_key`: whoever refers to this world in an open transaction is waited for.
        world = World.objects.select_for_update().get(pk=actor.world_id, mode=actor.mode)
        empty(actor, world, actor.account_id)


def empty(actor: Actor, world: World, account_id: int | None) -> None:
    """The same in a transaction whose world is locked already, told to its account. Raises RuntimeError for the live one."""
    if world.pk == LIVE_WORLD_ID or world.mode != Mode.TEST:
        raise RuntimeError("The live world is never emptied.")
    for label, way in EMPTIED.items():
        _delete(apps.get_model(label), way, world)
    newest = EventCounter.objects.filter(account_id=OuterRef("account_id"), world_id=OuterRef("world_id"))
    Endpoint.objects.filter(world=world).update(
        position=Coalesce(Subquery(newest.values("last")), F("position")), failing_since=None
    )
    world.clock_offset_seconds = 0
    world.save(update_fields=["clock_offset_seconds"])
    record(actor, "sandbox.reset", accounts=[account_id], at=real_now())


def _delete(model: type[Model], way: str, world: World) -> None:
    """One statement, without Django's own look at what refers to it: the database looks at the end of the transaction."""
    rows = model._default_manager.filter(**{way: world})
    if model._meta.label == "api.IdempotencyRecord":
        rows = rows.exclude(status=None)  # of requests under way, this one among them
    model._default_manager.filter(pk__in=rows.order_by().values("pk"))._raw_delete(connection.alias)
