"""route: send an issued prescription to a pharmacy, or move it before its pharmacist has checked it.

A pharmacy that brings it to itself with the proof alone is bring.py. Signing with a pharmacy chosen (issue.py,
replace.py) takes it from here which pharmacies there are.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.accounts.models import Account, AccountKind, AccountState
from elmed.core.models import LIVE_WORLD_ID
from elmed.core.refusals import Invalid
from elmed.prescriptions.actions.legal import finish, legal, let_go
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import FormerSupplier, Prescription
from elmed.prescriptions.vocabulary import Act, Status


def route(
    actor: Actor,
    prescription_id: int,
    *,
    pharmacy_id: int,
    now: datetime,
    expected_version: int | None = None,
) -> Prescription:
    """Bring it to that pharmacy's queue. The pharmacy it was routed to before does not see it any more.

    Raises Invalid where there is no such active pharmacy, or it is there already.
    """
    with legal(actor, Act.ROUTE, prescription_id, now=now, expected_version=expected_version) as subject:
        pharmacy = receiving_pharmacy(actor, pharmacy_id)
        if subject.rx.pharmacy_id == pharmacy.pk:
            raise Invalid.field("/pharmacy_id", "already_there", _("It is routed to this pharmacy already."))
        return send_to(subject, actor, pharmacy, now)


def send_to(subject: Subject, actor: Actor, pharmacy: Account, now: datetime) -> Prescription:
    """Inside the frame of the act: from its pharmacy, if it had one, to that pharmacy's queue."""
    before = let_go(subject)
    take_over(subject.rx, pharmacy)
    finish(
        subject, actor, Act.ROUTE, Status.PENDING_REVIEW, now=now, reason="", changed=("pharmacy", "verified_at"),
        pharmacy_before=before, data={"pharmacy_id": pharmacy.pk},
    )  # fmt: skip
    return subject.rx


def take_over(rx: Prescription, pharmacy: Account) -> None:
    """The pharmacy holds it from now on; it needs no row as a former supplier while it does."""
    rx.pharmacy = pharmacy
    FormerSupplier.objects.filter(prescription=rx, pharmacy=pharmacy).delete()


def receiving_pharmacy(actor: Actor, pharmacy_id: int) -> Account:
    """A pharmacy that can be chosen in the actor's world: verified ones; in a test world its own or a synthetic one."""
    pharmacies = Account.objects.filter(kind=AccountKind.PHARMACY, pk=pharmacy_id)
    if actor.world_id == LIVE_WORLD_ID:
        pharmacies = pharmacies.filter(state=AccountState.VERIFIED, world_id=LIVE_WORLD_ID)
    else:  # a developer's account is the pharmacy of its own test world too
        both = (AccountKind.PHARMACY, AccountKind.DEVELOPER)
        own = Account.objects.filter(kind__in=both, pk=pharmacy_id, test_world_id=actor.world_id)
        pharmacies = pharmacies.filter(world_id=actor.world_id) | own
    pharmacy = pharmacies.first()
    if pharmacy is None:
        raise Invalid.field(
            "/pharmacy_id", "unknown_pharmacy", _("There is no such pharmacy, or it cannot receive prescriptions now.")
        )
    return pharmacy
