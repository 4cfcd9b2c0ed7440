"""A doctor's favourites: a line to begin from, kept under a name. No patient is in it, and nothing is signed by it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.core.refusals import Invalid, NotVisible
from elmed.medications.models import Medicine
from elmed.prescriptions.actions.written import typed_of
from elmed.prescriptions.models import Favourite, Prescription, PrescriptionLine

MOST = 200
MAX_NAME = 80


def own_lines(actor: Actor, line_ids: Sequence[int]) -> list[PrescriptionLine]:
    """Lines of prescriptions that the actor sees, with their medicines, in this order. Raises NotVisible. One statement."""
    mine = visibility.visible(actor, Prescription)
    rows = PrescriptionLine.objects.filter(pk__in=line_ids, prescription__in=mine)
    found = {line.pk: line for line in rows.select_related("prescription__patient", "medicine__source")}
    if set(line_ids) - set(found):
        raise NotVisible("line")
    return [found[pk] for pk in dict.fromkeys(line_ids)]


def own_line(actor: Actor, line_id: int) -> tuple[PrescriptionLine, Medicine | None]:
    """One of them, with its medicine. Raises NotVisible."""
    line = own_lines(actor, [line_id])[0]
    return line, line.medicine


def listed(actor: Actor, words: str = "") -> QuerySet[Favourite]:
    """The doctor's own, by name; those with these words in name or medicine."""
    rows = Favourite.objects.filter(world_id=actor.world_id, doctor_id=actor.acting_account_id)
    if words:
        rows = rows.filter(Q(name__icontains=words) | Q(line__medication_text__icontains=words))
    return rows.select_related("medicine__source").order_by("name", "pk")


@transaction.atomic
def add(actor: Actor, line_id: int, *, name: str, now: datetime) -> Favourite:
    """Keep a line under a name; the same name again is kept anew. Raises NotAllowed, NotVisible, Invalid."""
    policy.require(actor, Permission.PRESCRIPTION_DRAFT)
    line, medicine = own_line(actor, line_id)
    name = " ".join(name.split())
    if not name:
        raise Invalid.field("/name", "required", _("Give it a name."))
    if len(name) > MAX_NAME:
        raise Invalid.field("/name", "too_long", _("At most %(most)s characters.") % {"most": MAX_NAME})
    mine = Favourite.objects.filter(world_id=actor.world_id, doctor_id=actor.acting_account_id)
    if mine.exclude(name=name).count() >= MOST:
        raise Invalid.field("/name", "too_many", _("You have %(most)s favourites: remove one first.") % {"most": MOST})
    row, _made = Favourite.objects.update_or_create(
        world_id=actor.world_id, doctor_id=actor.acting_account_id, name=name,
        defaults={"medicine": medicine, "line": typed_of(line, medicine), "created_at": now},
    )  # fmt: skip
    return row


@transaction.atomic
def remove(actor: Actor, favourite_id: int) -> None:
    """Forget one. Raises NotAllowed, NotVisible."""
    policy.require(actor, Permission.PRESCRIPTION_DRAFT)
    if not listed(actor).filter(pk=favourite_id).delete()[0]:
        raise NotVisible("favourite")
