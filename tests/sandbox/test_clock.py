"""The clock of a test world goes forward only, and what became due is done before the answer, in its order."""

import inspect
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from elmed.core.clock import real_now, rfc3339
from elmed.core.models import Mode, World
from elmed.events.models import Event
from elmed.inventory import receipts
from elmed.inventory.models import Batch, Product
from elmed.inventory.receipts import Amount
from elmed.jobs import periodic
from elmed.prescriptions.models import Prescription
from elmed.sandbox import clock, people
from tests import factories as f
from tests.api.client import Api, refusal
from tests.api.shop import all_there_is
from tests.sandbox.test_scenarios import play


def advance(api, **by):
    answer = api.post("/sandbox/clock/advance", by)
    assert answer.status_code == 200, answer.json()
    return datetime.fromisoformat(answer.json()["now"])


def status(rx):
    return Prescription.objects.get(pk=rx).status


def test_it_goes_on_from_where_it_is_and_everything_follows(till):
    before = datetime.fromisoformat(till.get("/me").json()["now"])
    now = advance(till, days=30)
    assert timedelta(days=30) <= now - before < timedelta(days=30, minutes=1)
    assert advance(till, seconds=90) - now >= timedelta(seconds=90)
    told = play(till, "verified")
    assert datetime.fromisoformat(told["now"]) - real_now() > timedelta(days=29)
    read = till.get(f"/prescriptions/{told['prescriptions'][0]['id']}").json()
    assert datetime.fromisoformat(read["issued_at"]) - real_now() > timedelta(days=29)
    events = till.get("/events?limit=100").json()["data"]
    assert [one["type"] for one in events if one["type"].startswith("sandbox.")] == ["sandbox.clock_advanced"] * 2


def test_what_is_due_is_done_before_the_answer(till):
    expiring, repeat, race, kept, early = (
        play(till, name)["prescriptions"][0]["id"] for name in ("expiring", "repeat", "cancel_race", "reserved", "not_yet_valid")
    )  # fmt: skip
    till.post(f"/sandbox/prescriptions/{early}/act", {"act": "verify"})
    refusal(till.post(f"/prescriptions/{repeat}/dispense"), 409, "too_early")
    refusal(till.post(f"/prescriptions/{kept}/dispense"), 409, "quantity_unavailable")
    refusal(till.post(f"/prescriptions/{early}/dispense"), 409, "not_yet_valid")
    advance(till, seconds=900)
    assert till.post(f"/prescriptions/{kept}/dispense").status_code == 200
    advance(till, days=3)
    assert (status(expiring), status(race)) == ("expired", "cancelled")
    advance(till, days=18)
    assert till.post(f"/prescriptions/{repeat}/dispense").status_code == 200
    assert till.post(f"/prescriptions/{early}/dispense").status_code == 200


def test_in_its_order(till):
    """Nobody answered the request for 24 hours: that comes before the end of its validity."""
    rx = play(till, "expiring")["prescriptions"][0]["id"]
    till.post(f"/sandbox/prescriptions/{rx}/act", {"act": "request_cancel"})
    at = datetime.fromisoformat(advance(till, days=400).isoformat())
    assert status(rx) == "cancelled"
    event = Event.objects.get(prescription_id=rx, type="prescription.cancellation_confirmed")
    assert at - event.created_at > timedelta(days=398), "it happened when it was due, not when somebody looked"


def test_a_batch_expires_by_that_clock(till, cast):
    told = play(till, "verified")
    product = Product.objects.get(pk=told["products"][0]["id"])
    owner = replace(cast.actor("owner"), world_id=product.world_id, mode=Mode.TEST)
    expiry = (real_now() + timedelta(days=40)).date()
    receipts.receive(owner, product.pk, Amount(3000), batch_number="B1", expiry_date=expiry, now=real_now())
    assert Batch.objects.get(number="B1").stock_milli == 63000
    advance(till, days=42)
    assert Batch.objects.get(number="B1").stock_milli == 0


@pytest.mark.parametrize(
    "body",
    [
        {}, {"days": 0}, {"days": -1}, {"seconds": 0}, {"seconds": -60}, {"days": 1, "seconds": 1}, {"days": 3661},
        {"days": 10**30}, {"seconds": 10**12}, {"days": 1.5}, {"days": "1"}, {"days": True}, {"days": None}, {"hours": 1},
    ],
)  # fmt: skip
def test_not_forward_or_absurdly_far_changes_nothing(till, body):
    before = all_there_is(), list(World.objects.values())
    refusal(till.post("/sandbox/clock/advance", body), 422, "validation_failed")
    assert (all_there_is(), list(World.objects.values())) == before


def test_altogether_ten_years(till):
    advance(till, days=3660)
    before = list(World.objects.values())
    refusal(till.post("/sandbox/clock/advance", {"seconds": 1}), 422, "validation_failed")
    assert list(World.objects.values()) == before


def test_a_dry_run_moves_nothing_and_a_repeated_request_moves_once(till):
    till.post("/sandbox/clock/advance?dry_run=true", {"days": 5})
    for _ in range(2):
        till.post("/sandbox/clock/advance", {"days": 2}, headers={"Idempotency-Key": "one"})
    assert list(World.objects.exclude(clock_offset_seconds=0).values_list("clock_offset_seconds", flat=True)) == [
        2 * 86400
    ]


def test_no_other_clock_moves(cast, till, practice, make_key):
    live = f.verified(cast)
    theirs = play(practice, "expiring")["prescriptions"][0]["id"]
    advance(till, days=3000)
    live.refresh_from_db()
    assert (live.status, status(theirs)) == ("verified", "verified")
    refusal(
        Api(make_key("pharmacist", "rx:read")[1]).post("/sandbox/clock/advance", {"days": 1}), 403, "test_key_required"
    )
    assert not World.objects.filter(pk=1).exclude(clock_offset_seconds=0).exists()


def test_all_that_time_does_in_every_world_is_done_by_this_clock_too():
    everywhere = [one.name for one in periodic.PERIODIC if "in worlds(real)" in inspect.getsource(one.run)]
    assert len(everywhere) == len(clock.WORK), everywhere


@pytest.mark.parametrize("way", ["scenario", "act"])
def test_what_waited_while_the_clock_moved_happens_at_the_new_time(till, monkeypatch, way):
    rx = play(till, "pending_review")["prescriptions"][0]["id"]
    whole, month = people.lock, 30 * 86400

    def after_another(actor):
        World.objects.filter(pk=actor.world_id).update(clock_offset_seconds=month)
        return whole(actor)

    monkeypatch.setattr(people, "lock", after_another)
    later = rfc3339(real_now() + timedelta(seconds=month - 60))
    if way == "scenario":
        told = play(till, "expiring")
        assert told["now"] > later
        assert till.get(f"/prescriptions/{told['prescriptions'][0]['id']}").json()["issued_at"] > later
    else:
        told = till.post(f"/sandbox/prescriptions/{rx}/act", {"act": "reject"}).json()
        assert told["now"] > later
        assert till.get(f"/prescriptions/{rx}").json()["updated_at"] > later


def test_too_much_on_the_way_changes_nothing(till, monkeypatch):
    play(till, "expiring")
    play(till, "reserved")
    monkeypatch.setattr(clock, "MOST_STOPS", 2)
    before = all_there_is()
    no = refusal(till.post("/sandbox/clock/advance", {"days": 400}), 422, "validation_failed")
    assert no["errors"][0]["code"] == "too_much"
    assert all_there_is() == before
    advance(till, seconds=1000)
