"""Rotating a key and setting its limit: the same rights, and nobody else's business."""

from datetime import timedelta

import pytest

from elmed.access import keys
from elmed.access.models import ApiKey
from elmed.accounts.actions import change_state
from elmed.accounts.models import AccountState
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from tests.cast import NOW


@pytest.fixture
def key(cast):
    made, _ = keys.create(cast.actor("owner"), name="till", scopes=["rx:read"], allowed_ips=["203.0.113.7"])
    return made


def test_the_new_one_has_the_same_rights_and_the_old_one_some_days(cast, key):
    new, secret = keys.rotate(cast.actor("pharmacist"), key.pk, overlap_days=7)
    key.refresh_from_db()
    assert keys.well_formed(secret) and bytes(new.digest) == keys.digest(secret) != bytes(key.digest)
    assert (new.scopes, new.allowed_ips, new.name, new.mode, new.expires_at) == (
        key.scopes, key.allowed_ips, key.name, key.mode, None,
    )  # fmt: skip
    assert key.replaced_by == new
    assert key.expires_at == new.created_at + timedelta(days=7)
    with pytest.raises(NotNow):
        keys.rotate(cast.actor("pharmacist"), key.pk, overlap_days=0)


def test_without_an_overlap_the_old_one_ends_now(cast, key):
    new, _ = keys.rotate(cast.actor("owner"), key.pk, overlap_days=0)
    key.refresh_from_db()
    assert key.expires_at == new.created_at <= real_now()


def test_an_overlap_lengthens_no_life(cast):
    soon = real_now() + timedelta(days=1)
    short, _ = keys.create(cast.actor("owner"), name="till", scopes=["rx:read"], expires_at=soon)
    new, _ = keys.rotate(cast.actor("owner"), short.pk, overlap_days=7)
    short.refresh_from_db()
    assert short.expires_at == new.expires_at == soon


@pytest.mark.parametrize("days", [-1, 8])
def test_the_overlap_is_a_week_at_most(cast, key, days):
    with pytest.raises(Invalid):
        keys.rotate(cast.actor("owner"), key.pk, overlap_days=days)


def test_who_may_not_rotate(cast, key):
    with pytest.raises(NotVisible):
        keys.rotate(cast.actor("other_pharmacist"), key.pk, overlap_days=0)
    with pytest.raises(NotAllowed):
        keys.rotate(cast.actor("technician"), key.pk, overlap_days=0)
    with pytest.raises(NotVisible):  # staff revoke it, and never hold its secret
        keys.rotate(cast.actor("staff"), key.pk, overlap_days=0)
    change_state(cast.actor("staff"), cast.pharmacy.pk, AccountState.SUSPENDED, reason="Fraud", now=NOW)
    with pytest.raises(NotAllowed):
        keys.rotate(cast.actor("owner"), key.pk, overlap_days=0)
    key.refresh_from_db()
    assert key.replaced_by is None


def test_only_staff_set_a_limit(cast, key):
    assert key.requests_per_minute == 120
    with pytest.raises(NotAllowed):
        keys.set_limit(cast.actor("owner"), key.pk, requests_per_minute=600)
    for wrong in (0, -1, 10_001):
        with pytest.raises(Invalid):
            keys.set_limit(cast.actor("staff"), key.pk, requests_per_minute=wrong)
    assert keys.set_limit(cast.actor("staff"), key.pk, requests_per_minute=600).requests_per_minute == 600


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "10.0.0.0/8", "2001::/16"])
def test_an_admin_keys_list_is_a_list(cast, network):
    with pytest.raises(Invalid) as no:
        keys.create(
            cast.actor("staff"),
            name="All",
            scopes=["admin"],
            allowed_ips=["203.0.113.7", network],
            expires_at=real_now() + timedelta(days=1),
        )
    assert [(error["pointer"], error["code"]) for error in no.value.errors] == [("/allowed_ips/1", "too_wide")]
    assert not ApiKey.objects.exists()
