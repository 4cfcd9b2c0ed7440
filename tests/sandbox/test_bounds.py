"""A test world has a limit that several at once do not pass, and one that nobody touched is emptied: never a live row."""

from datetime import timedelta

import pytest

from elmed.access.models import RateWindow
from elmed.accounts.models import Account
from elmed.core.clock import real_now
from elmed.core.models import LIVE_WORLD_ID, World
from elmed.events.models import AccessRecord, Event
from elmed.jobs.periodic import forget_test_worlds
from elmed.prescriptions.models import Prescription
from elmed.sandbox import bounds, reset
from tests import factories as f
from tests.accounts.test_joining_at_once import at_once
from tests.api.client import refusal
from tests.api.shop import all_there_is
from tests.sandbox.test_reset import rows
from tests.sandbox.test_scenarios import play
from tests.sandbox.two_worlds import differences, mails, rows_of

DAY = timedelta(days=1)


@pytest.fixture
def room_for(monkeypatch):
    """So many prescriptions and no more."""

    def set_to(most):
        changed = bounds.environment().model_copy(update={"test_world_prescriptions": most})
        monkeypatch.setattr(bounds, "environment", lambda: changed)

    return set_to


def test_a_full_world_takes_no_more_until_it_is_reset(till, practice, room_for):
    room_for(2)
    play(till, "patient")
    number = play(till, "verified")["prescriptions"][0]["id"]
    before = all_there_is()
    for name in ("verified", "patient"):  # two patients fill it as two prescriptions do
        said = refusal(till.post("/sandbox/scenarios", {"name": name}), 409, "test_world_full")
        assert "reset the test world" in said["detail"]
        assert all_there_is() == before
    refusal(till.post(f"/sandbox/prescriptions/{number}/act", {"act": "replace"}), 409, "test_world_full")
    assert all_there_is() == before
    assert play(practice, "verified")  # another account's is another world
    assert till.post(f"/prescriptions/{number}/dispense").status_code == 200  # what is there can be worked with
    assert till.post("/sandbox/reset").status_code == 200
    assert play(till, "verified")


def test_live_prescriptions_are_not_counted(cast, till, room_for):
    room_for(1)
    f.verified(cast)
    f.verified(cast)
    assert play(till, "verified")


@pytest.mark.django_db(transaction=True)
def test_several_at_once_do_not_pass_it(till, room_for):
    room_for(3)
    statuses, _ = at_once(
        *(lambda: till.post("/sandbox/scenarios", {"name": "verified"}).status_code for _ in range(6))
    )
    assert sorted(statuses) == [201] * 3 + [409] * 3
    assert Prescription.objects.count() == 3


def aged(world_id, days):
    """As if everything of that world had happened so long ago, and its keys had rested since."""
    at = real_now() - days * DAY
    World.objects.filter(pk=world_id).update(created_at=at)
    Event.objects.filter(world_id=world_id).update(recorded_at=at)
    AccessRecord.objects.filter(world_id=world_id).update(created_at=at)
    RateWindow.objects.update(opened_at=at, last_used_at=at)


def test_what_nobody_touched_for_90_days_is_emptied(cast, till, practice):
    live = f.verified(cast)
    for api in (till, practice):
        play(api, "partial")
    forgotten, other = (Account.objects.get(pk=account.pk).test_world_id for account in (cast.pharmacy, cast.doctor))
    aged(forgotten, 91)
    before, others, letters = rows_of(LIVE_WORLD_ID), rows_of(other), mails()
    assert forget_test_worlds(real_now()) == 1
    assert rows(forgotten) == {"events.EventListing": 1, "events.Event": 1}
    assert differences(before, rows_of(LIVE_WORLD_ID)) == [] == differences(others, rows_of(other))
    assert mails() == letters and Prescription.objects.filter(pk=live.pk).exists()
    assert [one["type"] for one in till.get("/events").json()["data"]] == ["sandbox.reset"]
    assert forget_test_worlds(real_now()) == 0
    aged(forgotten, 200)
    assert forget_test_worlds(real_now()) == 0, "an empty one is not emptied again"
    assert play(till, "verified")


@pytest.mark.parametrize("touched", ["a request", "an event", "a look", "younger"])
def test_what_was_touched_stays(cast, till, touched):
    play(till, "verified")
    world = Account.objects.get(pk=cast.pharmacy.pk).test_world_id
    aged(world, 91)
    yesterday = real_now() - 89 * DAY
    if touched == "a request":
        RateWindow.objects.update(last_used_at=yesterday)
    elif touched == "an event":
        newest = Event.objects.filter(world_id=world).latest("pk").pk
        Event.objects.filter(pk=newest).update(recorded_at=yesterday)
    elif touched == "a look":
        AccessRecord.objects.filter(world_id=world).update(created_at=yesterday)
    else:
        aged(world, 89)
    before = all_there_is()
    assert forget_test_worlds(real_now()) == 0
    assert all_there_is() == before


def test_the_live_world_is_never_emptied(cast, monkeypatch):
    """However old it is, and whoever asks for it."""
    f.verified(cast)
    aged(LIVE_WORLD_ID, 400)
    before = rows_of(LIVE_WORLD_ID)
    assert forget_test_worlds(real_now()) == 0
    with pytest.raises(RuntimeError):
        reset.empty(cast.actor("pharmacist"), World.objects.get(pk=LIVE_WORLD_ID), cast.pharmacy.pk)
    with pytest.raises(World.DoesNotExist):
        bounds._forget(LIVE_WORLD_ID, real_now())
    assert differences(before, rows_of(LIVE_WORLD_ID)) == []
