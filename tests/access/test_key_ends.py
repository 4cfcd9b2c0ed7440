"""Keys that end soon are told of 14, 3 and 1 days before, once each, to who made them and who manages the account."""

from datetime import timedelta

import pytest

from elmed.access import key_ends, keys
from elmed.access.models import RateWindow
from elmed.accounts.models import AccountState
from elmed.core.clock import real_now
from elmed.notifications.models import Mail
from elmed.notifications.send import words


@pytest.fixture
def key(cast):
    end = real_now() + timedelta(days=60)
    made, _ = keys.create(cast.actor("pharmacist"), name="till", scopes=["rx:read"], expires_at=end)
    return made


def before(key, **by):
    return key.expires_at - timedelta(**by)


def test_three_times_once_each(cast, key):
    assert key_ends.warn_due(before(key, days=15)) == 0
    for days in (14, 3, 1):
        assert key_ends.warn_due(before(key, days=days)) == 2, days
        assert key_ends.warn_due(before(key, days=days, hours=-1)) == 0
    mails = Mail.objects.all()
    assert {mail.to for mail in mails} == {cast.people["owner"].email, cast.people["pharmacist"].email}
    assert sorted({mail.context["days"] for mail in mails}) == [1, 3, 14]
    assert key_ends.warn_due(before(key, days=0)) == 0


def test_its_words(cast, key):
    key_ends.warn_due(before(key, days=3))
    subject, text = words(Mail.objects.first())
    assert subject == "ELMED: an API key ends soon"
    assert "stops working in 3 days" in text and "/settings/api-keys" in text and key.hint in text


def test_a_day_that_was_missed_is_made_up_for(cast, key):
    assert key_ends.warn_due(before(key, days=9)) == 2
    assert key_ends.warn_due(before(key, days=8)) == 0


def test_a_short_life_is_not_told_of_at_its_beginning(cast):
    now = real_now()
    keys.create(cast.actor("owner"), name="x", scopes=["rx:read"], expires_at=now + timedelta(days=5))
    assert key_ends.warn_due(now + timedelta(minutes=1)) == 0
    assert key_ends.warn_due(now + timedelta(days=2, hours=1)) == 1


def test_neither_revoked_nor_suspended_ones(cast, key):
    cast.pharmacy.state = AccountState.SUSPENDED
    cast.pharmacy.save()
    assert key_ends.warn_due(before(key, days=3)) == 0
    cast.pharmacy.state = AccountState.VERIFIED
    cast.pharmacy.save()
    keys.revoke(cast.actor("owner"), key.pk)
    assert key_ends.warn_due(before(key, days=3)) == 0


def test_a_rotated_one_only_where_something_still_uses_it(cast, key):
    keys.rotate(cast.actor("owner"), key.pk, overlap_days=7)
    key.refresh_from_db()
    assert key_ends.warn_due(before(key, hours=20)) == 0
    used = before(key, hours=21)
    RateWindow.objects.create(key=key, opened_at=used, used=1, last_used_at=used)
    assert key_ends.warn_due(before(key, days=3)) == 0
    assert key_ends.warn_due(before(key, hours=20)) == 2
