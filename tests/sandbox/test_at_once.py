"""Several at the same moment in one test world: nobody is made twice, no step of the clock is lost, emptying leaves nothing half."""

import pytest

from elmed.accounts.models import Account, AccountKind, Person
from elmed.core.models import World
from elmed.prescriptions.models import Prescription
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
