"""The Actor: who does this, for which account, through which key or face, in which world.

Made once a request by each face (from_session here, api/authenticate.py for keys) and passed to
everything; nothing downstream asks the request again.
"""

from dataclasses import dataclass, field
from datetime import datetime

from elmed.access.permissions import KINDS, Permission, of_roles
from elmed.accounts.models import Account, AccountKind, AccountState, Membership, Person, acting_state
from elmed.core.clock import real_now
from elmed.core.models import LIVE_WORLD_ID, Mode


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `person_id` is None for a key, `account_id` None for the clock."""

    account_id: int | None
    account_kind: AccountKind | None
    account_state: AccountState
    permissions: frozenset[Permission]
    source: str
    person_id: int | None = None
    key_id: int | None = None
    key_name: str = ""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    world_id: int = LIVE_WORLD_ID
    mode: Mode = Mode.LIVE
    request_id: str = ""
    authenticated_at: datetime | None = field(default=None, compare=False)  # real time of the last password or passkey
    asked_by_key_id: int | None = None  # the key that asked for an act which somebody else does: in a test world alone

    @property
    def by_key(self) -> bool:
        """Whether a key acts, rather than a person."""
        return self.key_id is not None

    @property
    def recorded_key_id(self) -> int | None:
        """The key that events and access records name: the one that acts, or that asked for it."""
        return self.key_id or self.asked_by_key_id

    def stands_as(self, kind: AccountKind) -> bool:
        """Whether it may be that side of a prescription. A developer is both, and acts in a test world alone."""
        both = self.account_kind is AccountKind.DEVELOPER and kind in (AccountKind.DOCTOR, AccountKind.PHARMACY)
        return self.account_kind == kind or both

    @property
    def acting_account_id(self) -> int:
        """The account that acts, where one must. Raises RuntimeError for the clock, which owns nothing."""
        if self.account_id is None:
            raise RuntimeError("The clock acts for no account.")
        return self.account_id

    @property
    def acting_person_id(self) -> int:
        """The person who acts, where one must. Raises RuntimeError for a key and for the clock."""
        if self.person_id is None:
            raise RuntimeError("No person acts here.")
        return self.person_id


def of_person(
    person: Person,
    account: Account,
    *,
    source: str = "portal",
    request_id: str = "",
    authenticated_at: datetime | None = None,
) -> Actor | None:
    """The actor that `person` is in `account`; None where they do not belong to it."""
    roles = account.roles_here
    if roles is None:
        roles = frozenset(Membership.objects.filter(person=person, account=account).values_list("role", flat=True))
    if not roles or not person.is_active:
        return None
    return Actor(
        account_id=account.pk,
        account_kind=AccountKind(account.kind),
        account_state=acting_state(account.state, account.licence_expires_on, real_now()),
        permissions=of_roles(roles),
        source=source,
        person_id=person.pk,
        roles=roles,
        world_id=account.world_id,
        mode=Mode(account.world.mode),
        request_id=request_id,
        authenticated_at=authenticated_at,
    )


def clock(world_id: int = LIVE_WORLD_ID, mode: Mode = Mode.LIVE) -> Actor:
    """Time itself: it expires prescriptions and ends what nobody answered."""
    return Actor(
        account_id=None,
        account_kind=None,
        account_state=AccountState.VERIFIED,
        permissions=frozenset({Permission.EXPIRE, Permission.CONFIRM_CANCEL, Permission.PRESCRIPTION_READ_ALL}),
        source="clock",
        world_id=world_id,
        mode=mode,
    )


def of_command(account: Account | None = None, *, request_id: str = "") -> Actor:
    """Whoever runs `elmed` on the server: acts as ELMED's staff, or, for its keys, as that account."""
    kind = AccountKind(account.kind) if account else AccountKind.STAFF
    return Actor(
        account_id=account.pk if account else None,
        account_kind=kind,
        account_state=acting_state(account.state, account.licence_expires_on, real_now())
        if account
        else AccountState.VERIFIED,
        permissions=KINDS[kind],
        source="command",
        world_id=account.world_id if account else LIVE_WORLD_ID,
        mode=Mode(account.world.mode) if account else Mode.LIVE,
        request_id=request_id,
    )
