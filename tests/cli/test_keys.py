"""`elmed keys`."""

import pytest

from elmed.access.keys import digest, well_formed
from elmed.access.models import ApiKey
from elmed.accounts.models import AccountState
from elmed.events.models import Event


def make(elmed, account, *more):
    return elmed("keys", "create", "--account", account, "--name", "Till", "--scope", "rx:read", *more)


def test_create_prints_the_key_once_and_stores_its_hash(elmed, cast):
    ran = make(elmed, cast.pharmacy.pk, "--scope", "rx:dispense", "--days", "30", "--ip", "203.0.113.0/24")
    assert ran.code == 0, ran.err
    secret = ran.out.splitlines()[-1]
    assert well_formed(secret)
    key = ApiKey.objects.get(account=cast.pharmacy)
    assert bytes(key.digest) == digest(secret)
    assert (key.scopes, key.allowed_ips, key.mode) == (["rx:dispense", "rx:read"], ["203.0.113.0/24"], "live")
    assert Event.objects.get(type="key.created").source == "command"


def test_create_a_test_key(elmed, cast):
    secret = make(elmed, cast.doctor.pk, "--test").out.splitlines()[-1]
    assert secret.startswith("elm_test_")
    assert well_formed(secret)


def test_list_shows_hints_only(elmed, cast):
    secret = make(elmed, cast.pharmacy.pk).out.splitlines()[-1]
    ran = elmed("keys", "list", "--account", cast.pharmacy.pk)
    assert ran.code == 0
    assert f"…{secret[-4:]}" in ran.out
    assert secret not in ran.out
    assert secret[:12] not in ran.out


def test_revoke_holds_and_is_refused_the_second_time(elmed, cast):
    make(elmed, cast.pharmacy.pk)
    key = ApiKey.objects.get()
    assert elmed("keys", "revoke", key.pk).code == 0
    key.refresh_from_db()
    assert key.revoked_at is not None
    again = elmed("keys", "revoke", key.pk)
    assert again.code == 1
    assert "already_revoked" in again.err
    assert "revoked" in elmed("keys", "list", "--account", cast.pharmacy.pk).out


@pytest.mark.parametrize(
    ("who", "more"),
    [
        ("doctor", ("--scope", "rx:dispense")),
        ("staff", ("--scope", "admin")),
        ("pharmacy", ("--days", "-1")),
        ("pharmacy", ("--ip", "not-an-address")),
        ("suspended", ()),
        ("nobody", ()),
    ],
)
def test_create_refused_makes_nothing(elmed, cast, who, more):
    if who == "suspended":
        cast.pharmacy.state = AccountState.SUSPENDED
        cast.pharmacy.save()
    account = {"suspended": cast.pharmacy.pk, "nobody": 999999}.get(who) or getattr(cast, who).pk
    ran = make(elmed, account, *more)
    assert ran.code == (2 if "--days" in more else 1)
    assert "elm_" not in ran.out
    assert not ApiKey.objects.exists()
    assert not Event.objects.filter(type="key.created").exists()


def test_unknown_scope_is_a_usage_error(elmed, cast):
    assert elmed("keys", "create", "--account", 1, "--name", "x", "--scope", "everything").code == 2


def test_rotate_prints_a_successor_and_limit_holds_for_one_key(elmed, cast):
    make(elmed, cast.pharmacy.pk)
    old = ApiKey.objects.get()
    ran = elmed("keys", "rotate", old.pk, "--account", cast.pharmacy.pk, "--overlap-days", "3")
    assert ran.code == 0, ran.err
    new = ApiKey.objects.exclude(pk=old.pk).get()
    assert bytes(new.digest) == digest(ran.out.splitlines()[-1])
    assert elmed("keys", "rotate", new.pk, "--account", cast.other_pharmacy.pk).code == 1  # not theirs
    assert elmed("keys", "limit", new.pk, "600").code == 0
    assert elmed("keys", "limit", new.pk, "0").code == 1
    assert list(ApiKey.objects.order_by("pk").values_list("requests_per_minute", flat=True)) == [120, 600]
