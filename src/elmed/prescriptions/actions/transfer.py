"""transfer: staff release what a suspended or closed pharmacy holds, so that the patients can go elsewhere.

`release_all` orders it for everything that pharmacy holds: sweeps.py does each in a transaction of its own. The patients
are told by a mail that names nothing medical.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.models import Account, AccountKind, AccountState
from elmed.accounts.told import managers
from elmed.core.clock import real_now
from elmed.core.refusals import NotNow, NotVisible
from elmed.events.record import record
from elmed.notifications import mail
from elmed.prescriptions.actions.return_ import give_up
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.models import Prescription, Sweep, SweepKind
from elmed.prescriptions.vocabulary import OPEN, Act, Status

_RELEASED_FROM = sorted(set(OPEN) - {Status.ISSUED})


def transfer(
    actor: Actor, prescription_id: int, *, reason: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """Take it from its pharmacy, and tell the patient. A pause that the doctor or staff placed refuses it."""
    return give_up(
        actor, Act.TRANSFER, prescription_id, reason=reason, now=now, expected_version=expected_version, tell=_tell
    )


def held(world_id: int, pharmacy_id: int) -> QuerySet[Prescription]:
    """The open prescriptions that a pharmacy holds in a world. For acts and counts: whoever shows them asks visibility."""
    return Prescription.objects.filter(world_id=world_id, pharmacy_id=pharmacy_id, status__in=_RELEASED_FROM)


def held_by(actor: Actor, pharmacy_id: int) -> int:
    """How many open prescriptions that pharmacy holds in the actor's world. Raises NotAllowed."""
    policy.require(actor, Permission.TRANSFER)
    return held(actor.world_id, pharmacy_id).count()


@transaction.atomic
def release_all(actor: Actor, pharmacy_id: int, *, reason: str, now: datetime) -> Sweep:
    """Order the release of everything that pharmacy holds; `sweeps.advance` does it. One that goes on already is that one.

    Raises NotAllowed, NotVisible, NotNow (`pharmacy_active`), Invalid (no reason).
    """
    policy.require(actor, Permission.TRANSFER)
    reason = required(reason, "/reason")
    pharmacies = Account.objects.select_for_update(no_key=True)
    pharmacy = pharmacies.filter(pk=pharmacy_id, kind=AccountKind.PHARMACY, world_id=actor.world_id).first()
    if pharmacy is None:
        raise NotVisible("pharmacy")
    if pharmacy.state == AccountState.VERIFIED:
        raise NotNow("pharmacy_active", _("The pharmacy is active: it can return the prescriptions itself."))
    going_on = Sweep.objects.filter(account=pharmacy, kind=SweepKind.RELEASE, finished_at=None).first()
    if going_on is not None:
        return going_on
    count = held(actor.world_id, pharmacy_id).count()
    record(
        actor, "account.prescriptions_released", accounts=[pharmacy.pk], at=now, subject_account_id=pharmacy.pk,
        data={"count": count},
    )  # fmt: skip
    return Sweep.objects.create(
        world_id=actor.world_id, kind=SweepKind.RELEASE, account=pharmacy, reason=reason, by_account_id=actor.account_id,
        by_person_id=actor.person_id, started_at=now, total=count,
    )  # fmt: skip


def _tell(rx: Prescription, pharmacy_id: int | None) -> None:
    """One mail a patient and day, whatever the number of prescriptions."""
    if pharmacy_id is None:  # on hold, and no pharmacy had it
        return
    pharmacy = Account.objects.get(pk=pharmacy_id)
    patient = rx.patient.merged_into or rx.patient
    at = real_now()
    words = {"pharmacy": pharmacy.name, "name": patient.name}
    key = f"transferred:{pharmacy.pk}:{patient.pk}:{at:%Y-%m-%d}"
    people = managers(patient.account) if patient.account is not None else []
    for person in people:
        mail.queue(
            to=person.email, template="pharmacy_closed", language=person.language, at=at, context=words,
            dedupe_key=f"{key}:{person.pk}",
        )  # fmt: skip
    if not people and patient.email:
        mail.queue(to=patient.email, template="pharmacy_closed", at=at, context=words, dedupe_key=key)
