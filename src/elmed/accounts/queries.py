"""Reads of accounts for screens: whose they are, which pharmacies can be chosen, what waits for ELMED's staff.

Called by the portals. Accounts are not patients' data: pharmacies that can be chosen are public knowledge, and
everything else is asked for behind a permission by the page.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from allauth.account.models import EmailAddress
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, When

from elmed.accounts.models import (
    Account,
    AccountKind,
    AccountState,
    Document,
    Invitation,
    Membership,
    Message,
    Person,
    Renewal,
)
from elmed.core.models import LIVE_WORLD_ID
from elmed.core.refusals import NotVisible

MOST_PHARMACIES = 50


def accounts_of(person: Person, *, noting: Mapping[str, Q] | None = None) -> list[Account]:
    """The accounts in which this person has a role, by name, each with the person's `roles_here`. One statement.

    `noting`: conditions to be answered by the same statement, as `account.noted`.
    """
    found: dict[int, Account] = {}
    rows = person.memberships.select_related("account__world").order_by("account__name", "account_id")
    for row in rows.annotate(**(noting or {})):
        account = found.setdefault(row.account_id, row.account)
        account.roles_here = (account.roles_here or frozenset()) | {row.role}
        account.noted = {name: getattr(row, name) for name in noting or ()}
    return list(found.values())


def pharmacies(world_id: int, words: str = "", *, chosen: str = "") -> list[Account]:
    """The pharmacies that can be chosen in that world, those with these words in name, city or address; at most 50.

    `chosen`: the id of one that stays among them, as the first, whatever the words are; no id, and one that cannot be
    chosen, adds nothing.
    """
    found = Account.objects.filter(kind=AccountKind.PHARMACY)
    if world_id == LIVE_WORLD_ID:
        found = found.filter(state=AccountState.VERIFIED, world_id=LIVE_WORLD_ID)
    else:
        found = found.filter(Q(world_id=world_id) | Q(test_world_id=world_id))
    named = Q()
    for word in words.split():
        named &= Q(name__icontains=word) | Q(city__icontains=word) | Q(address__icontains=word)
    if not chosen.isascii() or not chosen.isdecimal() or len(chosen) > 18:
        return list(found.filter(named).order_by("name", "pk")[:MOST_PHARMACIES])
    its = Q(pk=int(chosen))
    rows = found.filter(named | its if named else Q()).order_by(Case(When(its, then=0), default=1), "name", "pk")
    return list(rows[:MOST_PHARMACIES])


def account_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Names by id, for histories."""
    return dict(Account.objects.filter(pk__in={i for i in ids if i is not None}).values_list("pk", "name"))


def person_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Names of people by id, for histories."""
    return dict(Person.objects.filter(pk__in={i for i in ids if i is not None}).values_list("pk", "name"))


def roles_at(people: Iterable[int | None], accounts: Iterable[int | None]) -> dict[tuple[int, int], list[str]]:
    """What these people are in these accounts now, by (person, account). One statement."""
    found: dict[tuple[int, int], list[str]] = {}
    rows = Membership.objects.filter(
        person_id__in={one for one in people if one}, account_id__in={one for one in accounts if one}
    )
    for row in rows.order_by("pk"):
        found.setdefault((row.person_id, row.account_id), []).append(row.role)
    return found


def for_staff(state: str = "", words: str = "") -> QuerySet[Account]:
    """Every account of the live world, the oldest waiting first; only those in that state where one is named.

    `words`: part of the account's name, of its licence number, or of the name or e-mail address of somebody in it.
    """
    rows = Account.objects.filter(world_id=LIVE_WORLD_ID)
    if words:
        within = Membership.objects.filter(account_id=OuterRef("pk"))
        people = within.filter(Q(person__name__icontains=words) | Q(person__email__icontains=words))
        rows = rows.filter(Q(name__icontains=words) | Q(licence_number__icontains=words) | Exists(people))
    return rows.filter(state=state).order_by("created_at", "pk") if state else rows.order_by("-created_at", "-pk")


def state_counts() -> dict[str, int]:
    """How many live accounts are in each state."""
    rows = Account.objects.filter(world_id=LIVE_WORLD_ID).values_list("state")
    return dict(rows.annotate(Count("pk")).order_by("state"))


@dataclass
class Worker:
    """Somebody who works in a pharmacy, with every role they have there."""

    person_id: int
    name: str
    email: str
    roles: list[str] = field(default_factory=list)
    registration_number: str = ""


def workers_of(account: Account) -> list[Worker]:
    """Everybody in the account, by name. One statement."""
    found: dict[int, Worker] = {}
    rows = Membership.objects.filter(account=account).select_related("person").order_by("person__name", "pk")
    for row in rows:
        worker = found.setdefault(row.person_id, Worker(row.person_id, row.person.name, row.person.email))
        worker.roles.append(row.role)
        worker.registration_number = worker.registration_number or row.registration_number
    return list(found.values())


def open_invitations(account: Account) -> QuerySet[Invitation]:
    """Those that wait, overdue ones too, the newest first."""
    rows = Invitation.objects.filter(account=account, accepted_at=None, revoked_at=None)
    return rows.select_related("invited_by").order_by("-created_at", "-pk")


def invitation_of(account: Account, invitation_id: int) -> Invitation:
    """One invitation of that account. Raises NotVisible."""
    row = Invitation.objects.filter(account=account, pk=invitation_id).first()
    if row is None:
        raise NotVisible("invitation")
    return row


def person_by_email(email: str) -> Person | None:
    """Whose sign-in that address is, or whose confirmed further address; for pages that only its owner can open."""
    email = email.strip()
    return (
        Person.objects.filter(email__iexact=email).first()
        or Person.objects.filter(emailaddress__email__iexact=email, emailaddress__verified=True).first()
    )


def has_address(person: Person, email: str) -> bool:
    """Whether the address is theirs: the one they sign in with, or a further one that they confirmed."""
    found = person_by_email(email)
    return found is not None and found.pk == person.pk


def documents_of(account: Account) -> list[Document]:
    """What the account sent, the newest first, without the bytes."""
    return list(Document.objects.filter(account=account).defer("data").order_by("-pk"))


def messages_of(account: Account) -> list[Message]:
    """What staff asked and the account answered, the oldest first."""
    rows = Message.objects.filter(account=account).select_related("document").defer("document__data")
    return list(rows.order_by("pk"))


def renewals_of(account: Account) -> list[Renewal]:
    """The account's last renewals, the newest first."""
    return list(Renewal.objects.filter(account=account).order_by("-pk")[:10])


def to_verify() -> QuerySet[Account]:
    """Registrations before staff: those whose address is confirmed, the oldest first."""
    confirmed = EmailAddress.objects.filter(user__memberships__account=OuterRef("pk"), verified=True)
    rows = Account.objects.filter(Exists(confirmed), world_id=LIVE_WORLD_ID, state=AccountState.PENDING)
    return rows.order_by("created_at", "pk")


def open_renewals() -> QuerySet[Renewal]:
    """Renewals that wait for staff, the oldest first."""
    return Renewal.objects.filter(decided_at=None).select_related("account").order_by("created_at", "pk")


def open_renewal(renewal_id: int) -> Renewal:
    """One renewal with its account. Raises NotVisible."""
    row = Renewal.objects.filter(pk=renewal_id).select_related("account", "document").defer("document__data").first()
    if row is None:
        raise NotVisible("renewal")
    return row


def look_alikes(account: Account) -> list[Account]:
    """Other accounts with the same licence number, name or person: for whoever judges a registration. At most 20."""
    people = Membership.objects.filter(account=account).values("person_id")
    same = Q(name__iexact=account.name) | Q(memberships__person_id__in=people)
    if account.licence_number:
        same |= Q(licence_number__iexact=account.licence_number)
    rows = Account.objects.filter(same, world_id=LIVE_WORLD_ID).exclude(pk=account.pk).distinct()
    return list(rows.order_by("pk")[:20])
