"""Accounts: registering them, who belongs to them, and their states. The only code that writes Account and Membership.

Called by the `elmed accounts` commands and the staff portal. Each change is one transaction with its event.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.models import Account, AccountKind, AccountState, Membership, Person, Role
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
    errors = []
    if not name.strip():
        errors.append({"pointer": "/name", "code": "required", "detail": "Give a name."})
    if kind in (AccountKind.DOCTOR, AccountKind.PHARMACY) and not licence_number:
        errors.append({"pointer": "/licence_number", "code": "required", "detail": "Give the licence number."})
    elif (
        licence_number
        and Account.objects.filter(licence_body=licence_body, licence_number=licence_number, world_id=world_id).exists()
    ):
        errors.append(
            {
                "pointer": "/licence_number",
                "code": "already_registered",
                "detail": "An account with this licence exists.",
            }
        )
    if errors:
        raise Invalid(errors)
    professional = kind in (AccountKind.DOCTOR, AccountKind.PHARMACY, AccountKind.DEVELOPER)
    account = Account.objects.create(
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


def add_member(account: Account, person: Person, role: Role) -> Membership:
    """Give a person a role in an account. Raises Invalid for a role that this kind of account does not have."""
    if role not in _ROLES_OF_KIND[AccountKind(account.kind)]:
        raise Invalid.field("/role", "role_not_available", f"A {account.kind} account has no such role.")
    known = Membership.objects.filter(account=account, person=person, role=role).first()
    return known or Membership.objects.create(account=account, person=person, role=role)


@transaction.atomic
def change_state(actor: Actor, account_id: int, state: AccountState, *, reason: str = "", now: datetime) -> Account:
    """Verify, reject or suspend an account; suspension stops its keys and acts at once.

    Raises NotAllowed, NotVisible, NotNow (not from this state), Invalid (suspension and rejection need a reason).
    """
    policy.require(actor, Permission.ACCOUNT_SUSPEND if state is AccountState.SUSPENDED else Permission.ACCOUNT_VERIFY)
    account = Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    if account is None:
        raise NotVisible("account")
    if state not in STATE_CHANGES or account.state not in STATE_CHANGES[state]:
        raise NotNow(
            "invalid_state", f"A {account.state} account cannot become {state.value}.", current_state=account.state
        )
    if state is not AccountState.VERIFIED and not reason.strip():
        raise Invalid.field("/reason", "required", "Say why.")
    if len(reason.strip()) > MAX_REASON:
        raise Invalid.field("/reason", "too_long", f"At most {MAX_REASON} characters.")
    account.state, account.state_reason = state, reason.strip()
    account.save(update_fields=["state", "state_reason", "updated_at"])
    record(actor, _EVENT[state], accounts=[account.pk], at=now, subject_account_id=account.pk)
    return account


def lapse_due(today: date, now: datetime) -> int:
    """Let every verified account lapse whose licence expired before `today`. Returns how many; the worker calls it."""
    due = Account.objects.filter(state=AccountState.VERIFIED, licence_expires_on__lt=today)
    lapsed = 0
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            account = Account.objects.select_for_update(no_key=True).get(pk=pk)
            if account.state != AccountState.VERIFIED:
                continue
            account.state = AccountState.LAPSED
            account.save(update_fields=["state", "updated_at"])
            clock = Actor(None, None, AccountState.VERIFIED, frozenset(), "clock")
            record(clock, "account.lapsed", accounts=[pk], at=now, subject_account_id=pk)
            lapsed += 1
    return lapsed
