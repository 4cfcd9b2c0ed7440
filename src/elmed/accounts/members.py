"""Who works in a pharmacy: inviting, accepting, changing roles, leaving. A pharmacy always keeps an owner.

Called by Settings → Staff and by the page of the invitation's link.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts import links
from elmed.accounts.actions import add_member
from elmed.accounts.joining import Newcomer, judge_password
from elmed.accounts.models import Account, AccountKind, AccountState, Invitation, Membership, Person, Role
from elmed.accounts.queries import has_address, person_by_email
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.events.record import record
from elmed.notifications import mail

VALID_FOR = timedelta(days=7)
MOST_OPEN = 50
PHARMACY_ROLES = (Role.OWNER, Role.PHARMACIST, Role.TECHNICIAN)


@transaction.atomic
def invite(actor: Actor, *, email: str, roles: Collection[str], now: datetime) -> Invitation:
    """Invite somebody by e-mail. Raises NotAllowed, Invalid (address, roles, invited or a member already, too many)."""
    account = _own(actor)
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid.field("/email", "invalid_email", _("Give an e-mail address such as name@example.org.")) from None
    kept = _roles(roles)
    if Membership.objects.filter(account=account, person__email__iexact=email).exists():
        raise Invalid.field(
            "/email", "member_already", _("This person works here already. Change their roles instead.")
        )
    open_ones = Invitation.objects.filter(account=account, accepted_at=None, revoked_at=None)
    # An overdue one is nobody's any more: it makes room for a new one to the same address.
    open_ones.filter(expires_at__lte=now).update(revoked_at=now)
    if open_ones.filter(email__iexact=email).exists():
        raise Invalid.field(
            "/email", "invited_already", _("An invitation to this address waits already. Send it again instead.")
        )
    if open_ones.count() >= MOST_OPEN:
        raise Invalid.field("/email", "too_many", _("Fifty invitations wait already. Revoke some of them first."))
    row = Invitation.objects.create(
        account=account, email=email, roles=kept, invited_by_id=actor.acting_person_id, created_at=now,
        expires_at=now + VALID_FOR,
    )  # fmt: skip
    _happened(actor, "account.member_invited", account, now, {"invitation_id": row.pk})
    _mail(row, account, now)
    return row


@transaction.atomic
def invite_again(actor: Actor, invitation_id: int, *, now: datetime) -> Invitation:
    """Send a new link for seven more days; the old one ends. Raises NotAllowed, NotVisible, NotNow (accepted, revoked)."""
    account = _own(actor)
    row = _open(account, invitation_id)
    row.serial, row.expires_at = row.serial + 1, now + VALID_FOR
    row.save(update_fields=["serial", "expires_at"])
    _happened(actor, "account.member_invited", account, now, {"invitation_id": row.pk})
    _mail(row, account, now)
    return row


@transaction.atomic
def revoke(actor: Actor, invitation_id: int, *, now: datetime) -> None:
    """End an invitation. Raises NotAllowed, NotVisible, NotNow (accepted, revoked)."""
    account = _own(actor)
    row = _open(account, invitation_id)
    row.revoked_at = now
    row.save(update_fields=["revoked_at"])
    _happened(actor, "account.invitation_revoked", account, now, {"invitation_id": row.pk})


def opened(token: str, *, now: datetime, lock: bool = False) -> Invitation:
    """The invitation that a link opens. Raises NotVisible: not ours, used, revoked, replaced, overdue, pharmacy gone."""
    found = links.read(links.MEMBER, token)
    rows = Invitation.objects.select_for_update(of=("self",)) if lock else Invitation.objects
    row = rows.select_related("account").filter(pk=found[0], serial=found[1]).first() if found else None
    if row is None or row.accepted_at or row.revoked_at or row.expires_at <= now or not _takes_people(row.account):
        raise NotVisible("invitation")
    return row


@transaction.atomic
def accept(
    token: str, who: Newcomer | Person, *, registration_number: str = "", language: str = "", now: datetime
) -> Account:
    """Join the pharmacy: as the person who signed in with the invited address, or as a newcomer with it.

    The link proves the address. Raises NotVisible, NotNow (another address), Invalid (password, registration number, a
    newcomer whose address has a sign-in).
    """
    row = opened(token, now=now, lock=True)
    number = registration_number.strip()
    if Role.PHARMACIST in row.roles and not number:
        raise Invalid.field("/registration_number", "required", _("Give your number in the pharmacists’ register."))
    if isinstance(who, Person):
        if not has_address(who, row.email):
            raise NotNow("invalid_state", _("This invitation is for another e-mail address. Sign in with that one."))
        person = who
    else:
        person = newcomer(who, row.email, language=language, now=now)
    for role in row.roles:
        add_member(row.account, person, Role(role), registration_number=number if role == Role.PHARMACIST else "")
    row.accepted_at, row.accepted_by = now, person
    row.save(update_fields=["accepted_at", "accepted_by"])
    joined = Actor(
        row.account_id,
        AccountKind(row.account.kind),
        AccountState(row.account.state),
        frozenset(),
        "invitation",
        person_id=person.pk,
    )
    record(
        joined,
        "account.member_joined",
        accounts=[row.account_id],
        at=now,
        subject_account_id=row.account_id,
        data={"person_id": person.pk, "roles": row.roles},
    )
    return row.account


def newcomer(who: Newcomer, email: str, *, language: str, now: datetime) -> Person:
    """A new person whose address an invitation's link has proved. Raises Invalid: password, no name, known already."""
    if not who.name.strip():
        raise Invalid.field("/name", "required", _("Give your name."))
    judge_password(who.password, email=email, name=who.name)
    known = Invalid.field(
        "/email", "known", _("You have a sign-in with this address: sign in, then open the link again.")
    )
    if person_by_email(email) is not None:
        raise known
    try:
        with transaction.atomic():
            person = Person.objects.create_user(
                email=email, password=who.password, name=who.name.strip(), language=language, terms_accepted_at=now
            )
            EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    except IntegrityError:  # the same address joined somewhere else in this very moment
        raise known from None
    return person


@transaction.atomic
def change_roles(
    actor: Actor, person_id: int, *, roles: Collection[str], registration_number: str = "", now: datetime
) -> None:
    """Give a member these roles and no other. Raises NotAllowed, NotVisible, NotNow (the last owner), Invalid.

    With an owner's role the invitations end that they sent.
    """
    account = _own(actor)
    held = _held(account, person_id)
    kept = _roles(roles)
    number = registration_number.strip()
    if Role.PHARMACIST in kept and not number:
        raise Invalid.field("/registration_number", "required", _("Give the number in the pharmacists’ register."))
    if Role.OWNER in held and Role.OWNER not in kept:
        _require_another_owner(account, person_id)
        _take_back_invitations(actor, account, person_id, now)
    Membership.objects.filter(account=account, person_id=person_id).exclude(role__in=kept).delete()
    for role in kept:
        row = add_member(account, held[next(iter(held))].person, Role(role))
        wanted = number if role == Role.PHARMACIST else ""
        if row.registration_number != wanted:
            row.registration_number = wanted
            row.save(update_fields=["registration_number"])
    _happened(actor, "account.member_changed", account, now, {"person_id": person_id, "roles": kept})


@transaction.atomic
def remove(actor: Actor, person_id: int, *, now: datetime) -> None:
    """End somebody's work here, at once. What they did stays; an owner's open invitations end.

    Raises NotAllowed, NotVisible, NotNow (the last owner).
    """
    account = _own(actor)
    held = _held(account, person_id)
    if Role.OWNER in held:
        _require_another_owner(account, person_id)
        _take_back_invitations(actor, account, person_id, now)
    person = held[next(iter(held))].person
    Membership.objects.filter(account=account, person_id=person_id).delete()
    _happened(actor, "account.member_removed", account, now, {"person_id": person_id})
    mail.queue(
        to=person.email, template="member_removed", language=person.language, at=now,
        context={"name": person.name, "account": account.name},
    )  # fmt: skip


def _own(actor: Actor) -> Account:
    """The actor's pharmacy, locked: its owners cannot go at the same moment."""
    policy.require(actor, Permission.MEMBER_MANAGE)
    return Account.objects.select_for_update(no_key=True).get(pk=actor.acting_account_id)


def _takes_people(account: Account) -> bool:
    return account.state in (AccountState.VERIFIED, AccountState.LAPSED)


def _open(account: Account, invitation_id: int) -> Invitation:
    """Locked: it is not accepted in the moment in which it is taken back."""
    row = Invitation.objects.select_for_update().filter(account=account, pk=invitation_id).first()
    if row is None:
        raise NotVisible("invitation")
    if row.accepted_at or row.revoked_at:
        raise NotNow("invalid_state", _("This invitation was accepted or revoked already."))
    return row


def _roles(roles: Collection[str]) -> list[str]:
    kept = [role.value for role in PHARMACY_ROLES if role.value in roles]
    if not kept or len(kept) != len(set(roles)):
        raise Invalid.field("/roles", "required", _("Choose at least one role."))
    return kept


def _held(account: Account, person_id: int) -> dict[str, Membership]:
    held = {
        row.role: row
        for row in Membership.objects.filter(account=account, person_id=person_id).select_related("person")
    }
    if not held:
        raise NotVisible("member")
    return held


def _require_another_owner(account: Account, person_id: int) -> None:
    others = Membership.objects.filter(account=account, role=Role.OWNER, person__is_active=True).exclude(
        person_id=person_id
    )
    if not others.exists():
        raise NotNow("invalid_state", _("A pharmacy keeps at least one owner. Make somebody else an owner first."))


def _take_back_invitations(actor: Actor, account: Account, person_id: int, now: datetime) -> None:
    """What somebody invited who is no owner any more, ends: it could be their own way back in."""
    waiting = Invitation.objects.select_for_update().filter(
        account=account, invited_by_id=person_id, accepted_at=None, revoked_at=None
    )
    for row in waiting.order_by("pk"):
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        _happened(actor, "account.invitation_revoked", account, now, {"invitation_id": row.pk})


def _happened(actor: Actor, event: str, account: Account, now: datetime, data: dict[str, Any]) -> None:
    record(actor, event, accounts=[account.pk], at=now, subject_account_id=account.pk, data=data)


def _mail(row: Invitation, account: Account, now: datetime) -> None:
    known = person_by_email(row.email)
    mail.queue(
        to=row.email, template="member_invited", at=now, language=known.language if known else "",
        context={"id": row.pk, "serial": row.serial, "account": account.name},
    )  # fmt: skip
