"""The proof a shopper shows to a web shop: reference and date of birth. Right, or one and the same no.

Wrong tries are counted by account, in real time: at one reference, whether or not it exists, and altogether. Called
by the API before check and route; the pharmacy's counter (bring.py) is never locked, for there a person stands.
"""

import hashlib
import logging
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.models import AccountKind, Membership, Role
from elmed.core.clock import real_now, rfc3339, world_now
from elmed.core.models import LIVE_WORLD_ID
from elmed.core.refusals import NotAllowed, NotVisible, Refusal
from elmed.events.record import record
from elmed.notifications import mail
from elmed.prescriptions import reference as references
from elmed.prescriptions.actions import tries
from elmed.prescriptions.actions.tries import Limit, TooManyTries
from elmed.prescriptions.models import Prescription, ProofTries

log = logging.getLogger(__name__)
COUNTED_FOR = timedelta(hours=24)  # at one reference
AT_ONE = Limit(most=5, window=COUNTED_FOR, locked=timedelta(minutes=15))
AN_HOUR = Limit(most=50, window=timedelta(hours=1), locked=timedelta(hours=1))
ALTOGETHER = ""


class NoMatch(NotVisible):
    """No such prescription, or not this date of birth; which of them is nobody's to know."""

    def __init__(self) -> None:
        """Always the same words, under a code of its own."""
        Refusal.__init__(
            self,
            "no_matching_prescription",
            gettext_noop(
                "No prescription matches this reference and date of birth together. "
                "Where the date of birth was corrected since the paper was printed, give the corrected one."
            ),
        )


def prove(
    actor: Actor, *, reference: str, date_of_birth: date, permission: Permission = Permission.CHECK_PROOF
) -> Prescription:
    """The prescription of the actor's world that the proof opens. Counts a wrong try in a transaction of its own.

    `permission` is that of what the proof is shown for. Raises NotAllowed, NoMatch, TooManyTries (`reference_locked`,
    `checks_paused`), the last also for a right answer.
    """
    policy.require(actor, permission)
    if not actor.stands_as(AccountKind.PHARMACY):
        raise NotAllowed("not_a_party", _("Only a pharmacy's shop is shown a proof."))
    whole = references.canonical(reference)
    found, refusal = _try(actor, whole, _digest(whole or reference), date_of_birth, real_now())
    if found is None:
        raise refusal or NoMatch()
    return found


def _try(
    actor: Actor, whole: str | None, digest: str, date_of_birth: date, now: datetime
) -> tuple[Prescription | None, Refusal | None]:
    """One try, one after the other for each account: tries at the same moment count like tries in a row."""
    with transaction.atomic():
        altogether = tries.row_of(actor, ALTOGETHER, now)
        at_one = ProofTries.objects.filter(
            account_id=actor.acting_account_id, world_id=actor.world_id, reference_digest=digest
        ).first()
        if until := tries.locked(altogether, now):
            return None, _too_many("checks_paused", until)
        if until := tries.locked(at_one, now):
            return None, _too_many("reference_locked", until)
        found = opened(actor, whole, date_of_birth)
        if found is None:
            tries.count(at_one or tries.row_of(actor, digest, now), now, AT_ONE)
            if tries.count(altogether, now, AN_HOUR):
                _tell_owner(actor)
        elif at_one is not None:
            at_one.delete()
        return found, None


def opened(actor: Actor, whole: str | None, date_of_birth: date) -> Prescription | None:
    """The prescription of the actor's world that a canonical reference and this date of birth open together."""
    if whole is None:  # asked for, it would find the drafts: they have none
        return None
    rows = Prescription.objects.filter(world_id=actor.world_id, reference=whole, patient__date_of_birth=date_of_birth)
    return rows.first()


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().upper().encode()).hexdigest()


def _too_many(code: str, until: datetime) -> TooManyTries:
    words = {
        "reference_locked": _("Wrong five times at this reference: it is locked for this account for 15 minutes."),
        "checks_paused": _("Wrong fifty times within an hour: this account's checks are paused for an hour."),
    }
    return TooManyTries(code, words[code], until=rfc3339(until))


def _tell_owner(actor: Actor) -> None:
    """Somebody tries out references at the shop: its owners are told, by event and by mail."""
    log.warning("checks_paused account=%s world=%s", actor.account_id, actor.world_id)
    record(
        actor,
        "account.checks_paused",
        accounts=[actor.account_id],
        at=world_now(actor.world_id),
        subject_account_id=actor.account_id,
    )
    if actor.world_id != LIVE_WORLD_ID:  # what happens in a test world is told by nobody's mail
        return
    owners = Membership.objects.filter(account_id=actor.acting_account_id, role=Role.OWNER, person__is_active=True)
    owners = owners.select_related("person", "account")
    for owner in owners:
        mail.queue(
            to=owner.person.email, template="checks_paused", context={"account": owner.account.name}, at=real_now()
        )


def purge_tries(now: datetime) -> int:
    """Forget tries whose windows and locks are over. Returns how many rows; the worker calls it."""
    over = ProofTries.objects.filter(window_began_at__lt=now - COUNTED_FOR)
    return over.exclude(locked_until__gt=now).delete()[0]
