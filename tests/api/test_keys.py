"""Who calls: both headers, what is no key, and a revocation that holds from the very next request."""

from datetime import timedelta

import pytest

from elmed.access import keys
from elmed.access.models import ApiKey, RateWindow
from elmed.core.clock import real_now
from elmed.core.models import Mode
from tests.api.client import Api, refusal


@pytest.fixture
def secret(make_key):
    return make_key("pharmacist", "rx:read")[1]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_either_header_and_bearer_in_any_case(secret, scheme):
    assert Api(secret).get("/me").status_code == 200
    assert Api(Authorization=f"{scheme} {secret}").get("/me").status_code == 200
    assert Api(Authorization=f"{scheme}   {secret} ").get("/me").status_code == 200
    assert Api(secret, Authorization=f"{scheme} {secret}").get("/me").status_code == 200


def test_another_scheme_beside_the_key_is_none_of_our_business(secret):
    assert Api(secret, Authorization="Basic dXNlcjpwYXNz").get("/me").status_code == 200


def test_two_different_keys_are_refused_even_where_both_are_good(secret, make_key):
    other = make_key("doctor", "rx:read")[1]
    refusal(Api(secret, Authorization=f"Bearer {other}").get("/me"), 400, "conflicting_credentials")
    refusal(Api("nonsense", Authorization=f"Bearer {secret}").get("/me"), 400, "conflicting_credentials")
    assert not RateWindow.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-API-Key": ""}, {"X-API-Key": "  "}, {"Authorization": "Bearer"}, {"Authorization": "Bearer  "},
     {"Authorization": "Basic elm_abc"}, {"Authorization": ""}],
)  # fmt: skip
def test_no_key(db, headers):
    refusal(Api(**headers).get("/me"), 401, "missing_key")


def _wrong_keys(secret):
    body = secret.removeprefix("elm_")
    return {
        "too short": secret[:-1],
        "too long": secret + "0",
        "a digit changed, so that the checksum is wrong": f"elm_{'0' if body[0] != '0' else '1'}{body[1:]}",
        "upper case": secret.upper(),
        "unknown, with a good checksum": keys._new_secret(Mode.LIVE),
        "unknown test key": keys._new_secret(Mode.TEST),
        "without its prefix": body,
        "live digits under the test prefix": f"elm_test_{body}",
        "with a quote": secret + "'",
        "two of them": f"{secret},{secret}",
        "not ASCII": "elm_é" + body[1:],
        "only the prefix": "elm_",
        "very long": "elm_" + "a" * 60_000,
    }


def test_what_is_no_key(secret):
    for why, wrong in _wrong_keys(secret).items():
        answer = Api(wrong).get("/me")
        assert answer.status_code == 401, why
        assert answer.json()["code"] == "invalid_key", why
        assert "invalid_token" in answer["WWW-Authenticate"]
    assert not RateWindow.objects.exists()


def test_a_revoked_key_is_refused_by_the_next_request(cast, make_key):
    key, secret = make_key("pharmacist", "rx:read")
    api = Api(secret)
    assert api.get("/me").status_code == 200
    keys.revoke(cast.actor("owner"), key.pk)
    refusal(api.get("/me"), 401, "invalid_key")


def test_an_expired_key_is_refused(make_key):
    key, secret = make_key("pharmacist", "rx:read", expires_at=real_now() + timedelta(hours=1))
    api = Api(secret)
    assert api.get("/me").status_code == 200
    ApiKey.objects.filter(pk=key.pk).update(expires_at=real_now() - timedelta(minutes=1))
    refusal(api.get("/me"), 401, "invalid_key")


def test_me_says_whose_key_it_is(cast, make_key):
    expires_at = real_now() + timedelta(days=3)
    key, secret = make_key("pharmacist", "rx:read", "rx:dispense", expires_at=expires_at)
    said = Api(secret).get("/me").json()
    assert said["account"] == {"id": cast.pharmacy.pk, "name": "Brook Street Pharmacy", "kind": "pharmacy"}
    assert (said["key"]["id"], said["key"]["name"]) == (key.pk, "pharmacist's")
    assert said["key"]["expires_at"] == expires_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert (said["scopes"], said["mode"]) == (["rx:dispense", "rx:read"], "live")
    assert said["limits"] == {"requests_per_minute": 120}
    assert secret not in str(said)
    test = Api(make_key("pharmacist", "rx:read", mode=Mode.TEST)[1]).get("/me").json()
    assert (test["mode"], test["key"]["expires_at"]) == ("test", None)


def test_the_address_list(make_key):
    secret = make_key("pharmacist", "rx:read", allowed_ips=["203.0.113.0/24", "2001:db8::/32"])[1]
    for address in ("203.0.113.7", "2001:db8::7", "::ffff:203.0.113.7"):
        assert Api(secret).get("/me", REMOTE_ADDR=address).status_code == 200, address
    for address in ("203.0.114.7", "127.0.0.1", "2001:db9::7", "", "not an address"):
        refusal(Api(secret).get("/me", REMOTE_ADDR=address), 403, "ip_not_allowed")


def test_a_forwarded_address_is_believed_from_trusted_proxies_only(make_key, monkeypatch):
    from elmed.api import authenticate

    secret = make_key("pharmacist", "rx:read", allowed_ips=["203.0.113.7"])[1]
    forged = {"X-Forwarded-For": "203.0.113.7"}
    refusal(Api(secret).get("/me", headers=forged), 403, "ip_not_allowed")
    behind_one = authenticate.environment().model_copy(update={"trusted_proxies": 1})
    monkeypatch.setattr(authenticate, "environment", lambda: behind_one)
    assert Api(secret).get("/me", headers=forged).status_code == 200
    refusal(Api(secret).get("/me", headers={"X-Forwarded-For": "203.0.113.7, 198.51.100.1"}), 403, "ip_not_allowed")
    refusal(Api(secret).get("/me"), 403, "ip_not_allowed")
