"""A receiver, and the first pharmacy's endpoint to it."""

import pytest

from elmed.webhooks import endpoints
from elmed.webhooks.endpoints import Wanted
from tests.webhooks.receiver import Receiver


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.close()


@pytest.fixture
def told(cast, receiver):
    """The endpoint and its secret; it is told of everything."""
    return endpoints.make(cast.actor("pharmacist"), Wanted(receiver.url))
