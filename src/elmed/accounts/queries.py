"""Reads of accounts for screens: whose they are, which pharmacies can be chosen, what waits for ELMED's staff.

Called by the portals. Accounts are not patients' data: pharmacies that can be chosen are public knowledge, and
everything else is asked for behind a permission by the page.
"""

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from elmed.accounts.models import Account, AccountKind, AccountState, Person
from elmed.core.models import LIVE_WORLD_ID

MOST_PHARMACIES = 50


def accounts_of(person: Person) -> list[Account]:
    """The accounts in which this person has a role, by name. One statement."""
    mine = Account.objects.filter(pk__in=person.memberships.values("account_id"))
    return list(mine.select_related("world").order_by("name", "pk"))


def pharmacies(world_id: int, words: str = "") -> list[Account]:
    """The pharmacies that can be chosen in that world, those with these words in name, city or address; at most 50."""
    found = Account.objects.filter(kind=AccountKind.PHARMACY)
    if world_id == LIVE_WORLD_ID:
        found = found.filter(state=AccountState.VERIFIED, world_id=LIVE_WORLD_ID)
    else:
        found = found.filter(Q(world_id=world_id) | Q(test_world_id=world_id))
    for word in words.split():
        found = found.filter(Q(name__icontains=word) | Q(city__icontains=word) | Q(address__icontains=word))
    return list(found.order_by("name", "pk")[:MOST_PHARMACIES])


def account_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Names by id, for histories."""
    return dict(Account.objects.filter(pk__in={i for i in ids if i is not None}).values_list("pk", "name"))


def person_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Names of people by id, for histories."""
    return dict(Person.objects.filter(pk__in={i for i in ids if i is not None}).values_list("pk", "name"))


def for_staff(state: str = "") -> QuerySet[Account]:
    """Every account of the live world, the oldest waiting first; only those in that state where one is named."""
    rows = Account.objects.filter(world_id=LIVE_WORLD_ID)
    return rows.filter(state=state).order_by("created_at", "pk") if state else rows.order_by("-created_at", "-pk")


def state_counts() -> dict[str, int]:
    """How many live accounts are in each state."""
    rows = Account.objects.filter(world_id=LIVE_WORLD_ID).values_list("state")
    return dict(rows.annotate(Count("pk")).order_by("state"))
