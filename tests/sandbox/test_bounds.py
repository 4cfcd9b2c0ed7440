"""A test world has a limit that several at once do not pass, and one that nobody touched is emptied: never a live row."""

from datetime import date, timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from elmed.access import room
from elmed.access.models import ApiKey, RateWindow
from elmed.accounts.models import Account
from elmed.core.clock import real_now, world_now
from elmed.core.models import LIVE_WORLD_ID, Mode, World
from elmed.core.refusals import NotNow
from elmed.events.models import AccessRecord, Event
from elmed.jobs.periodic import forget_test_worlds
from elmed.patients.actions import create
from elmed.patients.identity import Identity
from elmed.patients.models import IdentityCheck, Patient, Sex
from elmed.portals.test_data import in_test_world
from elmed.prescriptions.actions.draft import DraftContent, save_draft
from elmed.prescriptions.models import Prescription
from elmed.request_log.models import LoggedRequest, ScopeUse
from elmed.sandbox import bounds, reset
from tests import factories as f
from tests.accounts.test_joining_at_once import at_once
from tests.api.client import refusal
from tests.api.shop import all_there_is
from tests.portals.conftest import sign_in  # noqa: F401 - a fixture
from tests.portals.test_doctor import composed
from tests.portals.test_test_data import switch
from tests.sandbox.test_reset import rows
from tests.sandbox.test_scenarios import play
from tests.sandbox.two_worlds import differences, mails, rows_of

DAY = timedelta(days=1)


@pytest.fixture
def room_for(monkeypatch):
    """So many prescriptions and no more."""

    def set_to(most):
        changed = room.environment().model_copy(update={"test_world_size": most})
        monkeypatch.setattr(room, "environment", lambda: changed)

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


@pytest.fixture
def writing(cast, practice):
    """The doctor who writes in the test world, and what is written there: one patient with one prescription so far."""
    play(practice, "pending_review")
    return in_test_world(cast.actor("doctor"), Account.objects.get(pk=cast.doctor.pk))


def met(actor, number):
    new = Identity("Fuller", f"Ada {number}", date(1980, 1, 2), sex=Sex.FEMALE)
    return create(actor, new, identity_check=IdentityCheck.KNOWN, now=world_now(actor.world_id))


def drafted(actor, patient_id, **more):
    return save_draft(
        actor, patient_id=patient_id, content=DraftContent(lines=(f.RAMIPRIL,)), now=world_now(actor.world_id), **more
    )


def test_what_a_doctor_writes_there_is_bounded_too(cast, writing, room_for):
    known = Patient.objects.get(world_id=writing.world_id).pk
    room_for(2)
    met(writing, 1)
    kept = drafted(writing, known)  # fills it
    before = all_there_is()
    for write in (lambda: met(writing, 2), lambda: drafted(writing, known)):
        with pytest.raises(NotNow, match="it takes no more") as caught:
            write()
        assert caught.value.code == "test_world_full"
        assert all_there_is() == before
    assert drafted(writing, known, draft_id=kept.pk).pk == kept.pk  # what is there can be worked with
    live = cast.actor("doctor")
    room_for(1)
    met(live, 3)
    f.verified(cast)
    assert Prescription.objects.filter(world_id=LIVE_WORLD_ID).count() == 1


def test_a_full_one_says_so_where_a_doctor_writes(cast, writing, sign_in, room_for):  # noqa: F811
    doctor = sign_in("doctor")
    switch(doctor)
    room_for(1)
    known = Patient.objects.get(world_id=writing.world_id).pk
    before = all_there_is(but=("AccessRecord",))
    page = doctor.get(reverse("doctor_compose", args=[known]))
    answer = doctor.post(reverse("doctor_compose", args=[known]), composed(page))
    assert (answer.status_code, "The test world is full. Empty it, then go on." in answer.content.decode()) == (
        409,
        True,
    )
    assert "One capsule three times a day" in answer.content.decode()  # nothing typed is lost
    assert all_there_is(but=("AccessRecord",)) == before


def test_it_counts_no_further_than_the_bound_and_the_live_world_not_at_all(cast, writing, room_for):
    room_for(1000)
    known = Patient.objects.get(world_id=writing.world_id).pk

    def asked(actor, patient_id):
        with CaptureQueriesContext(connection) as caught:
            drafted(actor, patient_id)
        return [one["sql"] for one in caught if "COUNT(*)" in one["sql"]]

    asked_there = asked(writing, known)
    assert len(asked_there) == 1
    assert "LIMIT 1000" in asked_there[0]
    f.draft(cast)
    assert asked(cast.actor("doctor"), cast.patient.pk) == []


@pytest.mark.django_db(transaction=True)
def test_several_who_write_at_once_do_not_pass_it(writing, room_for):
    room_for(3)
    known = Patient.objects.get(world_id=writing.world_id).pk

    def write():
        try:
            return drafted(writing, known) and "written"
        except NotNow as refusal:
            return refusal.code

    done, _ = at_once(*[write] * 6)
    assert sorted(done) == ["test_world_full"] * 4 + ["written"] * 2
    assert Prescription.objects.filter(world_id=writing.world_id).count() == 3


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
    LoggedRequest.objects.filter(world_id=world_id).update(at=at)
    ScopeUse.objects.filter(key__account__test_world_id=world_id).update(last_used_on=at.date())


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


def use(key, day):
    """As if that key had used a scope on that day."""
    ScopeUse.objects.update_or_create(key=key, scope="rx:read", defaults={"last_used_on": day})


# The last two as after a crash, or a restore: the counters of the minutes are lost.
@pytest.mark.parametrize("touched", ["a request", "an event", "a look", "younger", "a logged request", "a scope's day"])
def test_what_was_touched_stays(cast, till, touched, request_log):
    play(till, "verified")
    assert request_log()
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
    elif touched in ("a logged request", "a scope's day"):
        RateWindow.objects.all().delete()
        if touched == "a logged request":
            LoggedRequest.objects.update(at=yesterday)
        else:
            use(ApiKey.objects.get(mode=Mode.TEST), yesterday.date())
    else:
        aged(world, 89)
    before = all_there_is()
    assert forget_test_worlds(real_now()) == 0
    assert all_there_is() == before


def test_what_live_keys_did_does_not_keep_it(cast, till, make_key):
    """Nor what another account's test key did."""
    play(till, "verified")
    aged(Account.objects.get(pk=cast.pharmacy.pk).test_world_id, 91)
    use(make_key("pharmacist", "rx:read")[0], real_now().date())
    use(make_key("other_pharmacist", "rx:read", mode=Mode.TEST)[0], real_now().date())
    assert forget_test_worlds(real_now()) == 1


@pytest.fixture
def forgotten(developers):
    """So many test worlds that nobody touched, each with something in it."""

    def make(number):
        accounts = developers(number)
        for api, _ in accounts:
            play(api, "patient")
        worlds = [Account.objects.get(pk=account.pk).test_world_id for _, account in accounts]
        for world in worlds:
            aged(world, 91)
        return worlds

    return make


def test_twice_as_many_take_twice_as_long(forgotten):
    took = []
    for number in (1, 2, 4):
        forgotten(number)
        with CaptureQueriesContext(connection) as statements:
            assert forget_test_worlds(real_now()) == number
        took.append(len(statements))
    assert took[2] - took[1] == 2 * (took[1] - took[0]), took


def test_one_that_cannot_be_emptied_keeps_no_other(forgotten, monkeypatch, caplog):
    worlds = forgotten(3)
    real, bad = bounds.empty, worlds[0]

    def fails(actor, world, account_id):
        real(actor, world, account_id)
        if world.pk == bad:
            raise RuntimeError("half way")

    before = rows_of(bad)
    monkeypatch.setattr(bounds, "empty", fails)
    assert forget_test_worlds(real_now()) == 2
    assert differences(before, rows_of(bad)) == [] and f"test world {bad} was not emptied" in caplog.text
    monkeypatch.setattr(bounds, "empty", real)
    assert forget_test_worlds(real_now()) == 1
    assert rows(bad) == {"events.EventListing": 1, "events.Event": 1}


def test_a_run_takes_its_time_and_no_more(forgotten, monkeypatch):
    """The rest is the next run's."""
    forgotten(3)
    monkeypatch.setattr(bounds, "time", SimpleNamespace(monotonic=count().__next__))  # each look is a second later
    before = all_there_is()
    assert bounds.forget_untouched(real_now(), seconds=0) == 0
    assert all_there_is() == before
    assert [bounds.forget_untouched(real_now(), seconds=2) for _ in range(3)] == [2, 1, 0]


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
