"""The brake on signing: the next signature is refused, nothing changes, staff are told once; it goes on by itself."""

from datetime import timedelta

import pytest

from elmed.events.models import Event
from elmed.notifications.models import Mail
from elmed.prescriptions.actions import brake
from elmed.prescriptions.actions.brake import TooManySignatures
from elmed.prescriptions.actions.issue import issue
from elmed.prescriptions.vocabulary import Status
from tests import factories
from tests.cast import NOW


@pytest.fixture
def limits(monkeypatch):
    """Two in ten minutes, three a day."""
    env = brake.environment().model_copy(update={"signing_limit_ten_minutes": 2, "signing_limit_day": 3})
    monkeypatch.setattr(brake, "environment", lambda: env)


def sign(cast, now):
    """One more signature at that moment."""
    rx = factories.draft(cast, now=now)
    return rx, lambda: issue(cast.actor("doctor"), rx.pk, answers=factories.KEPT, now=now)


def test_the_third_within_ten_minutes_is_refused(cast, limits):
    for _ in range(2):
        sign(cast, NOW)[1]()
    for _ in range(2):
        rx, act = sign(cast, NOW + timedelta(minutes=9))
        events = Event.objects.count()
        with pytest.raises(TooManySignatures) as no:
            act()
        assert (no.value.code, no.value.status) == ("signing_paused", 429)
        rx.refresh_from_db()
        assert (rx.status, rx.reference, Event.objects.count()) == (Status.DRAFT, None, events)
    assert Mail.objects.filter(template="signing_paused").count() == 1, "staff are told once a day"
    later = sign(cast, NOW + timedelta(minutes=10))[1]()
    assert later.status == Status.ISSUED


def test_the_fourth_within_a_day_is_refused_whoever_else_signs(cast, limits):
    for hours in (0, 1, 2):
        sign(cast, NOW + timedelta(hours=hours))[1]()
    with pytest.raises(TooManySignatures) as no:
        sign(cast, NOW + timedelta(hours=3))[1]()
    assert "24 hours" in no.value.detail
    assert sign(cast, NOW + timedelta(hours=24))[1]().status == Status.ISSUED
