"""Who acts in an account's test world: the account on its own side, synthetic accounts on the other.

Synthetic people cannot sign in: they have no password and are not active, so no mail is ever written to them either. A
developer's account stands on whichever side it asks for. Nothing here reaches an account of the live world but the
caller's own, and that one only inside its test world.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from elmed.access.actors import Actor
from elmed.access.permissions import Permission, of_roles
from elmed.accounts.actions import register
from elmed.accounts.models import Account, AccountKind, AccountState, Person, Role
from elmed.core.clock import real_now, world_now
from elmed.core.models import Mode, World
from elmed.core.refusals import Invalid, NotAllowed

DOMAIN = "sandbox.invalid"  # RFC 2606: no mail ever arrives there
SIDES = (AccountKind.DOCTOR, AccountKind.PHARMACY)
# By side: the roles of whoever acts there, and what the synthetic person and account are called.
_ROLES = {
    AccountKind.DOCTOR: (Role.PRESCRIBER,),
    AccountKind.PHARMACY: (Role.OWNER, Role.PHARMACIST),
    AccountKind.PATIENT: (Role.PATIENT,),
}
_PERSON = {AccountKind.DOCTOR: "Dr Test Prescriber", AccountKind.PHARMACY: "Test Pharmacist"}
_ACCOUNT = {AccountKind.DOCTOR: "Dr Test Prescriber", AccountKind.PHARMACY: "Test Pharmacy"}
_BODY = {AccountKind.DOCTOR: "GMC", AccountKind.PHARMACY: "GPhC"}
ELSEWHERE = "Other Test Pharmacy"


@dataclass(frozen=True)
class Stage:
    """A test world with the two who act in a scenario."""

    caller: Actor
    side: AccountKind  # the caller's
    doctor: Actor
    pharmacist: Actor
    now: datetime

    @property
    def own(self) -> Actor:
        """Who acts for the calling account."""
        return self.doctor if self.side is AccountKind.DOCTOR else self.pharmacist


def require_test_world(actor: Actor, permission: Permission = Permission.SANDBOX) -> None:
    """Raise NotAllowed outside a test world (`test_key_required`), and for who may not use it.

    Its clock and its emptying are everybody's of the account, their software's too: those need `SANDBOX_MANAGE`.
    """
    if actor.mode is not Mode.TEST:
        raise NotAllowed("test_key_required", "Only in the test world: use a test key (`elm_test_…`).")
    if permission not in actor.permissions:
        raise NotAllowed("permission_denied", "This account's role does not include that.")


def side_of(actor: Actor, wanted: str | None) -> AccountKind:
    """The side that the account stands on; a developer's is the one it asks for, a pharmacy's where it asks for none.

    Raises Invalid where the account has another.
    """
    kind = AccountKind.PHARMACY if actor.account_kind is AccountKind.DEVELOPER else actor.account_kind
    if actor.account_kind is AccountKind.DEVELOPER and wanted in SIDES:
        return AccountKind(wanted)
    if kind not in SIDES or wanted not in (None, kind):
        detail = f"This account is a {actor.account_kind}: leave `as` out. Developers' accounts stand on either side."
        raise Invalid.field("/as", "another_side", detail)
    return AccountKind(kind)


def lock(actor: Actor) -> World:
    """The actor's test world, locked: two requests make nobody twice."""
    return World.objects.select_for_update(no_key=True).get(pk=actor.world_id, mode=Mode.TEST)


def present(actor: Actor) -> datetime:
    """What time it is in the actor's test world, which stays locked: the clock may have moved while the request waited."""
    return world_now(lock(actor).pk)


def set_up(actor: Actor, side: AccountKind, *, ago: timedelta = timedelta()) -> Stage:
    """Everybody whom a scenario needs; who is missing in this world is made. Inside a transaction."""
    now = present(actor) - ago
    own = Account.objects.get(pk=actor.acting_account_id)
    other = AccountKind.PHARMACY if side is AccountKind.DOCTOR else AccountKind.DOCTOR
    by_side = {side: own, other: synthetic(actor.world_id, other, now)}
    doctor, pharmacist = (acting(actor, by_side[one], one) for one in SIDES)
    return Stage(actor, side, doctor, pharmacist, now)


def synthetic(world_id: int, kind: AccountKind, now: datetime, name: str = "") -> Account:
    """The synthetic account of that kind in this world, made where it is not there yet."""
    name = name or _ACCOUNT[kind]
    known = Account.objects.filter(world_id=world_id, kind=kind, name=name).first()
    return known or register(
        kind=kind, name=name, person=person(world_id, kind), roles=_ROLES[kind], now=now, state=AccountState.VERIFIED,
        licence_number=f"TEST-{name.upper().replace(' ', '-')}", licence_body=_BODY[kind], world_id=world_id,
        phone="+44 20 7946 0999", address="1 Example Street", city="Testford",
    )  # fmt: skip


def acting(caller: Actor, account: Account, kind: AccountKind) -> Actor:
    """The synthetic person who acts for that account, the caller's own or one of its test world, on that side.

    What is recorded names the key that asked for it besides.

    Raises RuntimeError for any other account.
    """
    if caller.world_id not in (account.world_id, account.test_world_id) or caller.mode is not Mode.TEST:
        raise RuntimeError("Nobody acts in the sandbox for an account that is not of this test world.")
    return replace(as_account(caller, account.pk, kind), person_id=person(caller.world_id, kind).pk)


def as_account(caller: Actor, account_id: int, kind: AccountKind) -> Actor:
    """Who would act for that account on that side, without a person: to ask what is legal, not to act."""
    roles = frozenset(role.value for role in _ROLES[kind])
    return Actor(
        account_id=account_id, account_kind=kind, account_state=AccountState.VERIFIED, permissions=of_roles(roles),
        source="sandbox", roles=roles, world_id=caller.world_id, mode=Mode.TEST, request_id=caller.request_id,
        authenticated_at=real_now(), asked_by_key_id=caller.recorded_key_id,
    )  # fmt: skip


@transaction.atomic
def person(world_id: int, kind: AccountKind) -> Person:
    """The world's synthetic person of that side."""
    email = f"{kind.value}-{world_id}@{DOMAIN}"
    known = Person.objects.filter(email=email).first()
    return known or Person.objects.create_user(email=email, name=_PERSON[kind], is_active=False)
