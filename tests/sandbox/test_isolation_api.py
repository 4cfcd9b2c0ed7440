"""Every endpoint of the API with a test key and with a live one: neither reaches a row of the other's world, a mail or its webhooks."""

import pytest

from elmed.access import keys
from elmed.accounts.models import Account
from elmed.api.endpoint import ENDPOINTS
from elmed.core.clock import real_now, rfc3339
from elmed.core.models import LIVE_WORLD_ID, Mode
from elmed.webhooks.fan_out import fan_out
from tests.api import shop
from tests.api.client import Api
from tests.api.conftest import make_key  # noqa: F401 - a fixture
from tests.api.test_access_matrix import ALL, REQUESTS, filled, names_of, rx  # noqa: F401 - `rx` is a fixture
from tests.sandbox.test_scenarios import play
from tests.sandbox.two_worlds import differences, mails, rows_of

IN_ORDER = sorted(ENDPOINTS, key=lambda one: (one.writes, one.path == "/sandbox/reset", one.method == "DELETE"))


@pytest.fixture
def tester(cast):
    """A test key of the first pharmacy, whose limit staff raised."""
    key, secret = keys.create(cast.actor("owner"), name="tester", scopes=ALL, mode=Mode.TEST)
    keys.set_limit(cast.actor("staff"), key.pk, requests_per_minute=10_000)
    return Api(secret)


@pytest.fixture
def till(cast):
    """A live key of the same pharmacy."""
    key, secret = keys.create(cast.actor("owner"), name="till", scopes=ALL)
    keys.set_limit(cast.actor("staff"), key.pk, requests_per_minute=10_000)
    return Api(secret)


def test_names(api):
    """The same things as the access matrix knows, in the test world."""
    told = play(api, "partial")
    basket = {"lines": [{"sku": told["products"][0]["sku"], "quantity": "0.1"}], "reserve": True}
    kept = api.post("/prescriptions/check", told["proof"] | basket).json()["reservation_id"]
    endpoint = api.post("/webhook-endpoints", {"url": "https://8.8.8.8/hooks"}).json()["id"]
    sent = api.post(f"/webhook-endpoints/{endpoint}/test").json()["id"]
    one = told["prescriptions"][0]
    return {
        "rx": one["id"], "dispense": one["dispenses"][0], "patient": told["patient"]["id"], "reference": one["reference"],
        "product": told["products"][0]["id"], "reservation": kept, "endpoint": endpoint, "delivery": sent, "now": rfc3339(real_now()),
    }  # fmt: skip


test_names.__test__ = False


def call_all(api, names, but=()):
    """Every endpoint once; the answers by it."""
    said = {}
    for one in IN_ORDER:
        address, body = REQUESTS[one.method, one.path]
        if one.path not in but:
            said[one.method, one.path] = api.call(one.method, address.format(**names), filled(body, names)).status_code
    fan_out(real_now())
    return said


def test_a_test_key_reaches_nothing_live(cast, rx, tester):  # noqa: F811
    live, test = names_of(cast, rx), test_names(tester)
    fan_out(real_now())
    before, letters = rows_of(LIVE_WORLD_ID), mails()
    said = call_all(tester, live, but=("/sandbox/reset",))
    assert not {key for key, status in said.items() if "{id}" in key[1] and status != 404}
    assert differences(before, rows_of(LIVE_WORLD_ID)) == []
    said = call_all(tester, test)
    assert sum(status < 300 for status in said.values()) >= len(said) - 8, said
    assert differences(before, rows_of(LIVE_WORLD_ID)) == []
    assert mails() == letters


def test_a_live_key_reaches_nothing_of_the_test_world(cast, rx, tester, till):  # noqa: F811
    live, test = names_of(cast, rx), test_names(tester)
    fan_out(real_now())
    world = Account.objects.get(pk=cast.pharmacy.pk).test_world_id
    before = rows_of(world)
    said = call_all(till, test)
    assert not {
        key for key, status in said.items() if "{id}" in key[1] and status != (403 if "/sandbox" in key[1] else 404)
    }
    assert differences(before, rows_of(world)) == []
    said = call_all(till, live)
    assert sum(status < 300 for status in said.values()) >= len(said) - 12, said
    assert differences(before, rows_of(world)) == []


def test_fifty_wrong_proofs_in_the_test_world_write_no_mail(cast, tester):
    shop.product(cast)
    letters = mails()
    wrong = {"date_of_birth": "1999-01-01", "lines": [{"sku": "A", "quantity": "1"}]}
    codes = [
        tester.post("/prescriptions/check", wrong | {"reference": f"AAAA-{n:04d}"}).json()["code"] for n in range(52)
    ]
    assert codes[-1] == "checks_paused"
    assert mails() == letters
