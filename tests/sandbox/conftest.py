"""What the sandbox's tests get: test keys of a pharmacy, a doctor and a developer."""

from itertools import count, islice

import pytest

from elmed.access import keys
from elmed.access.actors import of_person
from elmed.accounts.actions import register
from elmed.accounts.models import AccountKind, AccountState, Role
from elmed.core.clock import real_now
from elmed.core.models import Mode
from tests.api.client import Api
from tests.api.conftest import make_key  # noqa: F401 - a fixture
from tests.cast import newcomer

TILL = ["rx:read", "rx:dispense", "patient:read", "webhooks:manage"]
PRACTICE = ["rx:read", "patient:read", "webhooks:manage"]


@pytest.fixture
def till(make_key):  # noqa: F811
    """A test key of the first pharmacy."""
    return Api(make_key("pharmacist", *TILL, mode=Mode.TEST)[1])


@pytest.fixture
def practice(make_key):  # noqa: F811
    """A test key of the first doctor."""
    return Api(make_key("doctor", *PRACTICE, mode=Mode.TEST)[1])


@pytest.fixture
def developer(cast):
    """A test key of a developer's account."""
    return _developer("dev", "Tillwork")[0]


@pytest.fixture
def developers(cast):
    """So many further developers' accounts, each with a test key."""
    numbers = count(1)
    return lambda most: [_developer(f"dev{number}", f"Tillwork {number}") for number in islice(numbers, most)]


def _developer(name, company):
    person = newcomer(name)
    account = register(
        kind=AccountKind.DEVELOPER, name=company, person=person, roles=[Role.DEVELOPER], now=real_now(), state=AccountState.VERIFIED,
    )  # fmt: skip
    actor = of_person(person, account, authenticated_at=real_now())
    return Api(keys.create(actor, name="try", scopes=TILL, mode=Mode.TEST)[1]), account
