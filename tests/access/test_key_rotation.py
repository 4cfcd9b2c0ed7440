"""Rotation: a new key with the same rights, the old one living a few days more; and a limit that staff raise."""

from datetime import timedelta

import pytest

from elmed.access import keys
from elmed.access.models import ApiKey
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible


@pytest.fixture
def key(cast):
    made, _ = keys.create(
        cast.actor("pharmacist"), name="Till", scopes=["rx:read", "rx:dispense"], allowed_ips=["203.0.113.0/24"]
    )
    return made


def test_the_successor_has_the_same_rights_and_the_old_key_ends_after_the_overlap(cast, key):
    new, secret = keys.rotate(cast.actor("owner"), key.pk, overlap_days=3)
    key.refresh_from_db()
    assert (new.scopes, new.allowed_ips, new.mode, new.name) == (key.scopes, key.allowed_ips, key.mode, key.name)
    assert keys.well_formed(secret)
    assert bytes(new.digest) == keys.digest(secret) != bytes(key.digest)
    assert key.expires_at == new.created_at + timedelta(days=3)
    assert new.expires_at is None
    with pytest.raises(NotNow):
        keys.rotate(cast.actor("owner"), key.pk, overlap_days=0)


@pytest.mark.parametrize(("who", "days", "refusal"), [
    ("owner", 8, Invalid),
    ("owner", -1, Invalid),
    ("technician", 1, NotAllowed),
    ("other_pharmacist", 1, NotVisible),
])  # fmt: skip
def test_refused_rotation_changes_nothing(cast, key, who, days, refusal):
    before = list(ApiKey.objects.values())
    with pytest.raises(refusal):
        keys.rotate(cast.actor(who), key.pk, overlap_days=days)
    assert list(ApiKey.objects.values()) == before


def test_staff_raise_one_keys_limit(cast, key):
    keys.set_limit(cast.actor("staff"), key.pk, requests_per_minute=600)
    key.refresh_from_db()
    assert key.requests_per_minute == 600
    with pytest.raises(NotAllowed):
        keys.set_limit(cast.actor("owner"), key.pk, requests_per_minute=1000)
    with pytest.raises(Invalid):
        keys.set_limit(cast.actor("staff"), key.pk, requests_per_minute=0)
    key.refresh_from_db()
    assert key.requests_per_minute == 600
