"""Accounts: registering them, who belongs to them, and their states. The only code that writes Account and Membership.

Called by the `elmed accounts` commands and the staff portal. Each change is one transaction with its event.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.models import Account, AccountKind, AccountState, Membership, Person, Role
from elmed.accounts.told import day_words, tell
from elmed.core.clock import real_now
from elmed.core.models import LIVE_WORLD_ID, Mode, World
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.events.record import record

MAX_REASON = 500
# Which states staff can move an account to, from where.
STATE_CHANGES: dict[AccountState, frozenset[AccountState]] = {
    AccountState.VERIFIED: frozenset(
        {AccountState.PENDING, AccountState.REJECTED, AccountState.SUSPENDED, AccountState.LAPSED}
    ),
    AccountState.REJECTED: frozenset({AccountState.PENDING}),
    AccountState.SUSPENDED: frozenset({AccountState.PENDING, AccountState.VERIFIED, AccountState.LAPSED}),
}
_EVENT = {
    AccountState.VERIFIED: "account.verified",
    AccountState.REJECTED: "account.rejected",
    AccountState.SUSPENDED: "account.suspended",
    AccountState.LAPSED: "account.lapsed",
}
_EXPIRED = {
    AccountState.PENDING: gettext_noop(
        "Its licence has expired. Reject it: they can register again with the renewed one."
    ),
    AccountState.REJECTED: gettext_noop("Its licence has expired. They can register again with the renewed one."),
    AccountState.LAPSED: gettext_noop("Its licence has expired. Accept a renewal instead."),
}
_TAKEN = {
    "pointer": "/licence_number",
    "code": "already_registered",
    "detail": gettext_noop(
        "An account with this licence exists. Sign in where you registered it; else write to the support address."
    ),
}
_ROLES_OF_KIND = {
    AccountKind.DOCTOR: {Role.PRESCRIBER},
    AccountKind.PHARMACY: {Role.OWNER, Role.PHARMACIST, Role.TECHNICIAN},
    AccountKind.PATIENT: {Role.PATIENT},
    AccountKind.DEVELOPER: {Role.DEVELOPER},
    AccountKind.STAFF: {Role.STAFF},
}


@transaction.atomic
def register(
    *,
    kind: AccountKind,
    name: str,
    person: Person,
    roles: Sequence[Role],
    now: datetime,
    state: AccountState = AccountState.PENDING,
    licence_number: str = "",
    licence_body: str = "",
    licence_expires_on: date | None = None,
    specialty: str = "",
    phone: str = "",
    address: str = "",
    city: str = "",
    world_id: int = LIVE_WORLD_ID,
) -> Account:
    """Register an account with its first person. Professionals get a test world of their own.

    Raises Invalid: no name, a licence missing or used by another account, a role that its kind does not have.
    """
    licence_number, licence_body = licence_number.strip(), licence_body.strip()
    judge(kind=kind, name=name, licence_number=licence_number, licence_body=licence_body, world_id=world_id)
    professional = kind in (AccountKind.DOCTOR, AccountKind.PHARMACY, AccountKind.DEVELOPER)
    account = _made(
        kind=kind,
        state=state,
        name=name.strip(),
        licence_number=licence_number,
        licence_body=licence_body,
        licence_expires_on=licence_expires_on,
        specialty=specialty,
        phone=phone,
        address=address,
        city=city,
        world_id=world_id,
        test_world=World.objects.create(mode=Mode.TEST) if professional and world_id == LIVE_WORLD_ID else None,
    )
    for role in roles:
        add_member(account, person, role)
    actor = Actor(account.pk, kind, state, frozenset(), "registration", person_id=person.pk, world_id=world_id)
    record(actor, "account.created", accounts=[account.pk], at=now, subject_account_id=account.pk)
    return account


def judge(
    *, kind: AccountKind, name: str, licence_number: str, licence_body: str, world_id: int = LIVE_WORLD_ID
) -> None:
    """Raise Invalid where `register` would for a name or a licence. Makes nothing."""
    number, body = licence_number.strip(), licence_body.strip()
    same = Account.objects.filter(licence_body__iexact=body, licence_number__iexact=number, world_id=world_id)
    errors = []
    if not name.strip():
        errors.append({"pointer": "/name", "code": "required", "detail": _("Give a name.")})
    if kind in (AccountKind.DOCTOR, AccountKind.PHARMACY) and not number:
        errors.append({"pointer": "/licence_number", "code": "required", "detail": _("Give the licence number.")})
    elif number and same.exclude(state=AccountState.REJECTED).exists():
        errors.append(_TAKEN)
    if errors:
        raise Invalid(errors)


def _made(**fields: Any) -> Account:
    """The row. Raises Invalid where somebody registered the same licence in this moment."""
    try:
        with transaction.atomic():
            return Account.objects.create(**fields)
    except IntegrityError:
        raise Invalid([_TAKEN]) from None


def add_member(account: Account, person: Person, role: Role, *, registration_number: str = "") -> Membership:
    """Give a person a role in an account. Raises Invalid for a role that this kind of account does not have."""
    if role not in _ROLES_OF_KIND[AccountKind(account.kind)]:
        raise Invalid.field("/role", "role_not_available", f"A {account.kind} account has no such role.")
    known = Membership.objects.filter(account=account, person=person, role=role).first()
    return known or Membership.objects.create(
        account=account, person=person, role=role, registration_number=registration_number
    )


@transaction.atomic
def change_state(actor: Actor, account_id: int, state: AccountState, *, reason: str = "", now: datetime) -> Account:
    """Verify, reject or suspend an account; suspension stops its keys and acts at once.

    Whose licence ended during a suspension is lapsed after it. Raises NotAllowed, NotVisible, NotNow (not from this
    state, the actor's own account), Invalid (suspension and rejection need a reason).
    """
    policy.require(actor, Permission.ACCOUNT_SUSPEND if state is AccountState.SUSPENDED else Permission.ACCOUNT_VERIFY)
    account = Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    if account is None:
        raise NotVisible("account")
    if account.pk == actor.account_id:  # nobody would be left to take it back
        raise NotNow(
            "invalid_state", _("Nobody changes the state of the account they act for."), current_state=account.state
        )
    if state not in STATE_CHANGES or account.state not in STATE_CHANGES[state]:
        words = _("An account that is %(before)s cannot become %(after)s.")
        detail = words % {"before": account.state, "after": state.value}
        raise NotNow("invalid_state", detail, current_state=account.state)
    before, expires_on = account.state, account.licence_expires_on
    if state is AccountState.VERIFIED and expires_on is not None and expires_on < now.date():
        if before != AccountState.SUSPENDED:
            raise NotNow("invalid_state", _(_EXPIRED[AccountState(before)]), current_state=account.state)
        state = AccountState.LAPSED  # the suspension ends; read only, until its owner has sent a renewal
    if state in (AccountState.REJECTED, AccountState.SUSPENDED) and not reason.strip():
        raise Invalid.field("/reason", "required", _("Say why."))
    if len(reason.strip()) > MAX_REASON:
        raise Invalid.field("/reason", "too_long", _("At most %(most)s characters.") % {"most": MAX_REASON})
    account.state, account.state_reason, account.asked_at = state, reason.strip(), None
    try:
        with transaction.atomic():
            account.save(update_fields=["state", "state_reason", "asked_at", "updated_at"])
    except IntegrityError:  # a rejected one: meanwhile the licence is another account's
        raise NotNow("invalid_state", _("Another account has this licence. Reject that one first.")) from None
    record(actor, _EVENT[state], accounts=[account.pk], at=now, subject_account_id=account.pk)
    reinstated = before == AccountState.SUSPENDED and state is AccountState.VERIFIED
    template = "account_reinstated" if reinstated else f"account_{state.value}"
    ended = day_words(expires_on) if expires_on else None
    tell(account, template, at=real_now(), reason=account.state_reason, expires_on=ended)
    return account
