"""Several at the same moment in one test world: nobody is made twice, no step of the clock is lost, emptying leaves nothing half."""

import threading
import time

import pytest

from elmed.accounts.models import Account, AccountKind, Person
from elmed.core.models import World
from elmed.prescriptions.models import Prescription
from elmed.sandbox import other_side, plays
from elmed.sandbox.people import DOMAIN
from tests.accounts.test_joining_at_once import at_once
from tests.sandbox.test_reset import rows
from tests.sandbox.test_scenarios import play

pytestmark = pytest.mark.django_db(transaction=True)


def test_nobody_is_made_twice(cast, till):
    done, _ = at_once(*(lambda: play(till, "verified") for _ in range(4)))
    assert len({told["prescriptions"][0]["id"] for told in done}) == 4
    world = Account.objects.get(pk=cast.pharmacy.pk).test_world_id
    assert Account.objects.filter(world_id=world, kind=AccountKind.DOCTOR).count() == 1
    assert Person.objects.filter(email__endswith=DOMAIN).count() == 2


def test_no_step_of_the_clock_is_lost(till):
    play(till, "expiring")
    at_once(*(lambda: till.post("/sandbox/clock/advance", {"days": 10}) for _ in range(3)))
    assert World.objects.exclude(clock_offset_seconds=0).get().clock_offset_seconds == 30 * 86400
    assert Prescription.objects.get().status == "expired"


def test_emptied_while_others_write(cast, till):
    numbers = [play(till, "verified")["prescriptions"][0]["id"] for _ in range(4)]

    def dispense(number):
        return lambda: (
            till.post(f"/prescriptions/{number}/dispense", headers={"Idempotency-Key": f"k{number}"}).status_code
        )

    def reset():
        return till.post("/sandbox/reset").status_code

    done, _ = at_once(
        *map(dispense, numbers), reset, lambda: till.post("/sandbox/scenarios", {"name": "partial"}).status_code
    )
    assert set(done) <= {200, 201, 404, 503}, (
        "whoever meets the emptying is served, finds nothing, or is told to come again"
    )
    while till.post("/sandbox/reset").status_code != 200:
        pass
    world = Account.objects.get(pk=cast.pharmacy.pk).test_world_id
    assert rows(world) == {"events.EventListing": 1, "events.Event": 1}
    assert play(till, "verified")["prescriptions"][0]["status"] == "verified"


def test_replaced_while_the_pharmacy_dispenses(till, monkeypatch):
    """One comes first and the other finds it so: neither is thrown out because they took locks in another order."""
    number = play(till, "verified")["prescriptions"][0]["id"]
    real, entered = plays.replace, threading.Event()

    def held_up(*given, **more):
        entered.set()
        time.sleep(0.7)  # the dispense has its prescription, and waits for nobody who waits for it
        return real(*given, **more)

    def dispense():
        entered.wait(timeout=10)
        return "dispense", till.post(f"/prescriptions/{number}/dispense").status_code

    monkeypatch.setattr(plays, "replace", held_up)
    done, _ = at_once(
        lambda: ("replace", till.post(f"/sandbox/prescriptions/{number}/act", {"act": "replace"}).status_code), dispense
    )
    assert sorted(done) == [("dispense", 200), ("replace", 409)]
    assert Prescription.objects.get().status == "dispensed"


def test_an_act_finds_what_another_left(till, monkeypatch):
    """Whoever waited for the test world looks at the prescription after that: its pause is ended by whose it is then."""
    number = play(till, "verified")["prescriptions"][0]["id"]
    act = f"/sandbox/prescriptions/{number}/act"
    real, entered, go_on = other_side.hold.hold, threading.Event(), threading.Event()

    def held_up(*given, **more):
        entered.set()
        go_on.wait(timeout=10)
        return real(*given, **more)

    def resume():
        entered.wait(timeout=10)
        threading.Timer(0.7, go_on.set).start()  # when this request waits for the world
        return till.post(act, {"act": "resume"}).json().get("by")

    monkeypatch.setattr(other_side.hold, "hold", held_up)
    done, _ = at_once(lambda: till.post(act, {"act": "hold", "by": "doctor"}).json()["by"], resume)
    assert done == ["doctor", "doctor"]
    assert Prescription.objects.get().status == "verified"
