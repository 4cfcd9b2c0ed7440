"""What the API's tests get: the cast's software, each with a key of its own."""

from datetime import timedelta

import pytest

from elmed.access import keys
from elmed.core.clock import real_now
from elmed.core.models import Mode
from tests.api.client import Api

PHARMACY_SCOPES = ["rx:read", "rx:dispense", "patient:read"]
DOCTOR_SCOPES = ["rx:read", "patient:read"]


@pytest.fixture
def make_key(cast):
    """Make a key of somebody's account: `make_key("pharmacist", "rx:read")` is the key and its secret."""

    def make(who, *scopes, mode=Mode.LIVE, **more):
        return keys.create(cast.actor(who), name=f"{who}'s", scopes=list(scopes), mode=mode, **more)

    return make


@pytest.fixture
def pharmacy(make_key):
    """The first pharmacy's till."""
    return Api(make_key("pharmacist", *PHARMACY_SCOPES)[1])


@pytest.fixture
def tireless(cast, make_key):
    """The first pharmacy's till, with a limit that staff raised: for tests of hundreds of requests."""
    key, secret = make_key("pharmacist", *PHARMACY_SCOPES)
    keys.set_limit(cast.actor("staff"), key.pk, requests_per_minute=10_000)
    return Api(secret)


@pytest.fixture
def webshop(make_key):
    """The first pharmacy's web shop: the key that *Create key for WooCommerce* makes."""
    return Api(make_key("pharmacist", "shop")[1])


@pytest.fixture
def other_pharmacy(make_key):
    """The other pharmacy's till."""
    return Api(make_key("other_pharmacist", *PHARMACY_SCOPES)[1])


@pytest.fixture
def doctor(make_key):
    """The first doctor's practice software."""
    return Api(make_key("doctor", *DOCTOR_SCOPES)[1])


@pytest.fixture
def admin(make_key):
    """ELMED's staff, with an admin key for this machine."""
    month = real_now() + timedelta(days=30)
    return Api(make_key("staff", "admin", allowed_ips=["127.0.0.1"], expires_at=month)[1])
