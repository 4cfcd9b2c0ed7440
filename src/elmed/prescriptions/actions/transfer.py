"""transfer: staff release what a suspended or closed pharmacy holds, so that the patients can go elsewhere.

`release_all` takes everything that pharmacy holds, a bounded number a call and each in a transaction of its own: what is
done stays done, and whoever calls again goes on. The patients are told by a mail that names nothing medical.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.models import Account, AccountKind, AccountState
from elmed.accounts.told import managers
from elmed.core.clock import real_now
from elmed.core.refusals import NotNow, NotVisible
from elmed.notifications import mail
from elmed.prescriptions.actions.return_ import give_up
from elmed.prescriptions.actions.words import required
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import OPEN, Act, Status

AT_ONCE = 50
_RELEASED_FROM = sorted(set(OPEN) - {Status.ISSUED})


@dataclass
class Released:
    """What one call did. `left`: how many come after the last one looked at; `refused`: those that stay, by number."""

    released: int = 0
    refused: list[int] = field(default_factory=list)
    last: int = 0
    left: int = 0


def transfer(
    actor: Actor, prescription_id: int, *, reason: str, now: datetime, expected_version: int | None = None
) -> Prescription:
    """Take it from its pharmacy, and tell the patient. A pause that the doctor or staff placed refuses it."""
    return give_up(
        actor, Act.TRANSFER, prescription_id, reason=reason, now=now, expected_version=expected_version, tell=_tell
    )


def held_by(actor: Actor, pharmacy_id: int) -> int:
    """How many open prescriptions that pharmacy holds in the actor's world."""
    return _held(actor, pharmacy_id).count()


def release_all(actor: Actor, pharmacy_id: int, *, reason: str, now: datetime, after: int = 0) -> Released:
    """Release the next ones above the number `after`, at most 50.

    Raises NotAllowed, NotVisible, NotNow (`pharmacy_active`), Invalid (no reason) before anything is changed.
    """
    policy.require(actor, Permission.TRANSFER)
    reason = required(reason, "/reason")
    pharmacy = Account.objects.filter(pk=pharmacy_id, kind=AccountKind.PHARMACY, world_id=actor.world_id).first()
    if pharmacy is None:
        raise NotVisible("pharmacy")
    if pharmacy.state == AccountState.VERIFIED:
        raise NotNow("pharmacy_active", _("The pharmacy is active: it can return the prescriptions itself."))
    done = Released(last=after)
    waiting = _held(actor, pharmacy_id)
    for number in list(waiting.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        done.last = number
        try:
            transfer(actor, number, reason=reason, now=now)
            done.released += 1
        except NotVisible:  # gone meanwhile
            continue
        except NotNow as refusal:
            if not refusal.leaves:  # one that was overdue has ended, in a transaction of its own
                done.refused.append(number)
    done.left = waiting.filter(pk__gt=done.last).count()
    return done


def _held(actor: Actor, pharmacy_id: int) -> QuerySet[Prescription]:
    return visibility.visible(actor, Prescription).filter(pharmacy_id=pharmacy_id, status__in=_RELEASED_FROM)


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
