"""The second factor of a sign-in: who needs one, who has one, and the way back for who has lost it.

allauth keeps the factors (Authenticator) and asks for them. Called by the portals and the `elmed accounts` commands.
"""

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from elmed.access import policy, sessions
from elmed.access.actors import Actor
from elmed.access.models import Device
from elmed.access.permissions import Permission
from elmed.accounts.models import Account, AccountKind, Membership, Person
from elmed.core.clock import real_now
from elmed.core.models import LIVE_WORLD_ID
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.record import record
from elmed.notifications import mail

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes only stand in for one of these
IDENTITY_CHECKS: dict[str, str] = {
    "called_back": gettext_noop("I called the phone number that is recorded for the account"),
    "in_person": gettext_noop("I saw the person and an identity document"),
    "vouched_for": gettext_noop(
        "An owner of the pharmacy, or a colleague of ELMED's staff, whom I reached myself vouches for them"
    ),
}
NEEDING = frozenset({AccountKind.DOCTOR, AccountKind.PHARMACY, AccountKind.STAFF})


def needed(accounts: Iterable[Account]) -> bool:
    """Whether who belongs to these accounts needs a second factor here (REQUIRE_SECOND_FACTOR)."""
    return settings.REQUIRE_SECOND_FACTOR and any(account.kind in NEEDING for account in accounts)


def present(person_id: int | None) -> bool:
    """Whether the person has one."""
    return bool(Authenticator.objects.filter(user_id=person_id, type__in=FACTORS).exists())


def is_last(authenticator: Authenticator) -> bool:
    """Whether the person has no other factor than this one."""
    if authenticator.type not in FACTORS:
        return False
    others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=FACTORS).exclude(pk=authenticator.pk)
    return not others.exists()


def holders(person_ids: Iterable[int]) -> frozenset[int]:
    """Which of these people have one."""
    rows = Authenticator.objects.filter(user_id__in=list(person_ids), type__in=FACTORS)
    return frozenset(rows.values_list("user_id", flat=True))


@transaction.atomic
def reset(actor: Actor, account_id: int, person_id: int, *, identity_check: str) -> Person:
    """Staff remove the second factor of somebody who has lost it, and end that person's sign-ins; who is told by mail.

    `identity_check`: how staff know that it is this person, one of IDENTITY_CHECKS; it stands in the event.
    Raises NotAllowed (role, `reauthentication_required`, one's own), NotVisible (nobody of that account), Invalid (no such
    check), NotNow (there is none).
    """
    policy.require(actor, Permission.SECOND_FACTOR_RESET)
    policy.require_presence(actor)
    if actor.person_id == person_id:
        words = _("Somebody else of ELMED's staff has to do that for you.")
        raise NotAllowed("permission_denied", words)
    belongs = Membership.objects.filter(account_id=account_id, person_id=person_id, account__world_id=LIVE_WORLD_ID)
    if not belongs.exists():
        raise NotVisible("person")
    if identity_check not in IDENTITY_CHECKS:
        raise Invalid.field("/identity_check", "unknown", _("Say how you know that it is this person."))
    person = Person.objects.select_for_update(no_key=True).get(pk=person_id)
    if not present(person_id):
        raise NotNow("invalid_state", _("This person has no second factor."))
    Authenticator.objects.filter(user_id=person_id).delete()
    Device.objects.filter(person_id=person_id).delete()
    sessions.end_all(person_id)
    now = real_now()
    record(
        actor, "person.second_factor_reset", accounts=[account_id], at=now, subject_account_id=account_id,
        data={"person_id": person_id, "identity_check": identity_check},
    )  # fmt: skip
    mail.queue(
        to=person.email, template="second_factor_reset", language=person.language, at=now, context={"name": person.name}
    )
    return person
