"""`If-Match` on everything that has a version, and its refusal everywhere else: no condition is passed over in silence."""

import pytest

from elmed.api.endpoint import ENDPOINTS
from tests import factories as f
from tests.api import shop
from tests.api.client import Api, refusal
from tests.webhooks.conftest import receiver  # noqa: F401 - a fixture

URL = "https://203.0.113.7/elmed"  # documentation's addresses (RFC 5737): nothing is called here


@pytest.fixture
def api(make_key):
    return Api(make_key("pharmacist", "webhooks:manage", "rx:read")[1])


@pytest.fixture
def made(api, receiver):  # noqa: F811
    return api.post("/webhook-endpoints", {"url": receiver.url}).json()


def writes(made):
    path = f"/webhook-endpoints/{made['id']}"
    return [("PATCH", path, {"description": "Till 2"}), ("POST", f"{path}/roll-secret", None), ("DELETE", path, None)]


def test_a_webhook_endpoint_changes_only_where_it_is_what_was_read(api, made):
    path = f"/webhook-endpoints/{made['id']}"
    assert made["version"] == 1
    old = api.get(path)["ETag"]
    assert api.get(path, headers={"If-None-Match": old}).status_code == 304
    changed = api.call("PATCH", path, {"description": "Till 1"}, headers={"If-Match": old}).json()
    assert (changed["version"], changed["description"]) == (2, "Till 1")
    before = shop.all_there_is()
    for method, to, body in writes(made):
        for tag in (old, '"1"', '"3"'):
            no = refusal(api.call(method, to, body, headers={"If-Match": tag}), 412, "version_conflict")
            assert no["current_version"] == 2
    assert shop.all_there_is() == before
    for number, (method, to, body) in enumerate(writes(made), start=2):
        assert api.call(method, to, body, headers={"If-Match": f'"{number}"'}).status_code in (200, 204)
    refusal(api.get(path), 404, "not_found")


def test_every_change_makes_a_version(api, made):
    path = f"/webhook-endpoints/{made['id']}"
    api.call("PATCH", path, {"enabled": False})
    api.call("PATCH", path, {"enabled": True})
    api.post(f"{path}/roll-secret")
    assert api.get(path).json()["version"] == 4
    api.call("PATCH", path + "?dry_run=true", {"enabled": False})
    assert api.get(path).json()["version"] == 4


def test_what_compares_no_version_says_so(cast, pharmacy, make_key):
    rx = f.verified(cast)
    before = shop.all_there_is()
    for one in (one for one in ENDPOINTS if one.writes and not one.compares):
        path = one.path.replace("{id}", str(rx.pk)).replace("{delivery_id}", "1")
        no = refusal(pharmacy.call(one.method, path, headers={"If-Match": '"1"'}), 400, "invalid_if_match")
        # some of them change what has a version, as routing and the acts of the test world do: it says no more than is so
        assert no["detail"] == "This call does not compare versions: leave `If-Match` out.", one.name
    assert shop.all_there_is() == before
    assert pharmacy.post("/prescriptions/check", shop.basket(rx), headers={"If-Match": "*"}).status_code == 200
