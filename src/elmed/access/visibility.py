"""Which rows an actor sees. The only place that filters by world and by owner.

`visible` starts every read, `get` every look at one thing (404 whether it is absent or somebody else's).
The API's hot list takes `prescription_branches` one by one, so that each is a short index scan.
"""

from datetime import datetime, timedelta
from typing import TypeVar, cast

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.models import AccountKind
from elmed.core.clock import world_now
from elmed.core.refusals import NotVisible
from elmed.inventory.models import Batch, Movement, Product, Sale, ShopState
from elmed.patients.models import Allergy, Consultation, Patient
from elmed.prescriptions.models import Dispense, FormerSupplier, Prescription, Reservation
from elmed.prescriptions.vocabulary import Status

M = TypeVar("M", bound=Model)
RELATIONSHIP = timedelta(days=730)  # 24 months


def prescription_branches(actor: Actor) -> list[Q]:
    """The ways in which this actor comes to see a prescription; together they are all that it sees in its world."""
    if Permission.PRESCRIPTION_READ_ALL in actor.permissions:
        return [~Q(status=Status.DRAFT)]
    branches: list[Q] = []
    if actor.stands_as(AccountKind.DOCTOR):
        own = Q(prescriber_id=actor.account_id)
        branches.append(own & ~Q(status=Status.DRAFT) if actor.by_key else own)
    if actor.stands_as(AccountKind.PHARMACY):
        left = FormerSupplier.objects.filter(pharmacy_id=actor.account_id)
        branches += [Q(pharmacy_id=actor.account_id), Q(pk__in=left.values("prescription_id"))]
    if branches:
        return branches
    if actor.account_kind == AccountKind.PATIENT:
        # never what was not signed: a draft, or one that was cancelled
        return [Q(patient_id__in=_whole_record(actor), issued_at__isnull=False)]
    return []


def _whole_record(actor: Actor) -> QuerySet[Patient, int]:
    """The ids of a patient's own record and of those merged into it. Each half is an index scan of its own."""
    account_id = actor.acting_account_id
    own = Patient.objects.filter(account_id=account_id).order_by().values_list("pk", flat=True)
    merged = Patient.objects.filter(merged_into__account_id=account_id).order_by().values_list("pk", flat=True)
    return own.union(merged, all=True)


def _prescriptions(actor: Actor) -> QuerySet[Prescription]:
    return Prescription.objects.filter(visible_prescription(actor))


def visible_prescription(actor: Actor) -> Q:
    """The condition of all branches together, world included: for queries that join it with others."""
    every = Q(pk__in=[])
    for branch in prescription_branches(actor):
        every |= branch
    return every & Q(world_id=actor.world_id)


def _patients(actor: Actor, now: datetime | None = None) -> QuerySet[Patient]:
    everyone = Patient.objects.filter(world_id=actor.world_id)
    if Permission.PRESCRIPTION_READ_ALL in actor.permissions:
        return everyone
    if actor.account_kind == AccountKind.PATIENT:
        return everyone.filter(account_id=actor.acting_account_id)
    since = (now or world_now(actor.world_id)) - RELATIONSHIP
    related = Q(pk__in=[])
    for branch in prescription_branches(actor):
        related |= Q(
            Exists(
                Prescription.objects.filter(
                    branch, world_id=actor.world_id, patient_id=OuterRef("pk"), created_at__gte=since
                )
            )
        )
        related |= Q(
            Exists(
                Prescription.objects.filter(
                    branch, world_id=actor.world_id, patient__merged_into_id=OuterRef("pk"), created_at__gte=since
                )
            )
        )
    met = Consultation.objects.filter(doctor_id=actor.account_id, held_at__gte=since)
    related |= Q(Exists(met.filter(patient_id=OuterRef("pk"))))
    related |= Q(Exists(met.filter(patient__merged_into_id=OuterRef("pk"))))
    return everyone.filter(related)


def patients_of(actor: Actor) -> QuerySet[Patient]:
    """The patients that `visible` gives, found from the actor's own prescriptions and consultations on.

    For lists: `visible` asks the same of each patient, which suits one of them and takes seconds for all.
    """
    everyone = Patient.objects.filter(world_id=actor.world_id)
    if Permission.PRESCRIPTION_READ_ALL in actor.permissions or actor.account_kind == AccountKind.PATIENT:
        return _patients(actor)
    since = world_now(actor.world_id) - RELATIONSHIP
    own = Prescription.objects.filter(world_id=actor.world_id, created_at__gte=since).order_by()
    met = Consultation.objects.filter(doctor_id=actor.account_id, held_at__gte=since).order_by()
    seen = [*(own.filter(branch) for branch in prescription_branches(actor)), met]
    first, *others = [
        *(rows.values_list("patient_id", flat=True) for rows in seen),
        *(
            rows.filter(patient__merged_into__isnull=False).values_list("patient__merged_into_id", flat=True)
            for rows in seen
        ),
    ]
    return everyone.filter(pk__in=first.union(*others, all=True))


def _dispenses(actor: Actor) -> QuerySet[Dispense]:
    if not actor.permissions & {Permission.PRESCRIPTION_READ, Permission.DISPENSE_UNRESERVED}:
        # a shop's key: what the shop itself supplied
        return Dispense.objects.filter(
            pharmacy_id=actor.account_id,
            prescription__world_id=actor.world_id,
            reservation__isnull=False,
            key__isnull=False,
        )
    of_visible = Dispense.objects.filter(prescription__in=_prescriptions(actor))
    return of_visible | own_dispenses(actor) if actor.stands_as(AccountKind.PHARMACY) else of_visible


def own_dispenses(actor: Actor) -> QuerySet[Dispense]:
    """What the actor's own pharmacy supplied: a part of what it sees, by one index."""
    return Dispense.objects.filter(pharmacy_id=actor.acting_account_id, prescription__world_id=actor.world_id)


def _consultations(actor: Actor) -> QuerySet[Consultation]:
    rows = Consultation.objects.filter(world_id=actor.world_id)
    if actor.account_kind == AccountKind.PATIENT:
        return rows.filter(patient_id__in=_whole_record(actor))
    return rows.filter(doctor_id=actor.account_id)


# By the pharmacy that owns the row; each carries its world, or what it belongs to does.
_OF_THE_PHARMACY: dict[type[Model], tuple[str, str]] = {
    Product: ("pharmacy_id", "world_id"),
    Batch: ("product__pharmacy_id", "product__world_id"),
    Movement: ("product__pharmacy_id", "product__world_id"),
    Sale: ("pharmacy_id", "world_id"),
    ShopState: ("pharmacy_id", "world_id"),
    Reservation: ("pharmacy_id", "prescription__world_id"),
}


def visible(actor: Actor, model: type[M]) -> QuerySet[M]:
    """The rows of `model` that the actor sees, in its world. Raises TypeError for a model without a rule."""
    rows: QuerySet[Model]
    if model is Prescription:
        rows = cast("QuerySet[Model]", _prescriptions(actor))
    elif model is Patient:
        rows = cast("QuerySet[Model]", _patients(actor))
    elif model is Dispense:
        rows = cast("QuerySet[Model]", _dispenses(actor))
    elif model is Consultation:
        rows = cast("QuerySet[Model]", _consultations(actor))
    elif model is Allergy:
        rows = cast("QuerySet[Model]", Allergy.objects.filter(patient__in=_patients(actor)))
    elif model in _OF_THE_PHARMACY:
        owner, world = _OF_THE_PHARMACY[model]
        own = {} if Permission.PRESCRIPTION_READ_ALL in actor.permissions else {owner: actor.account_id}
        rows = cast("QuerySet[Model]", model._default_manager.filter(**own, **{world: actor.world_id}))
    else:
        raise TypeError(f"No visibility rule for {model.__name__}")
    return cast("QuerySet[M]", rows)


def get(actor: Actor, model: type[M], pk: int, *, lock: bool = False) -> M:
    """One visible row, locked if asked (inside a transaction). Raises NotVisible, alike for absent and not yours."""
    rows = visible(actor, model).filter(pk=pk)
    if lock:
        rows = rows.select_for_update(of=("self",))
    row = rows.first()
    if row is None:
        raise NotVisible(model._meta.verbose_name or "resource")  # type: ignore[arg-type]
    return row
