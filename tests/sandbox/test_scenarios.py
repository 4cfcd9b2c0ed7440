"""Every scenario on every side: made by real acts, in the account's own test world, as its row says."""

import pytest

from elmed.core.models import LIVE_WORLD_ID
from elmed.events.models import Event
from elmed.notifications.models import Mail
from elmed.patients.models import Patient
from elmed.prescriptions import snapshot
from elmed.prescriptions.models import Prescription
from elmed.sandbox.scenarios import SCENARIOS
from tests.api.client import Api, refusal
from tests.api.shop import all_there_is

HIDDEN_FROM_A_PHARMACY = {"issued", "held_elsewhere", "returned"}
SHOWN = ("reference", "status", "version")


def play(api, name, **more):
    answer = api.post("/sandbox/scenarios", {"name": name} | more)
    assert answer.status_code == 201, answer.json()
    return answer.json()


@pytest.mark.parametrize("side", ["pharmacy", "doctor", "developer", "developer as doctor"])
def test_each_leaves_what_its_row_says(side, till, practice, developer):
    api = {"pharmacy": till, "doctor": practice}.get(side, developer)
    more = {"as": "doctor"} if side == "developer as doctor" else {}
    for name, scenario in SCENARIOS.items():
        told = play(api, name, **more)
        mine = Patient.objects.get(pk=told["patient"]["id"])
        assert mine.world_id != LIVE_WORLD_ID
        assert told["as"] == ("doctor" if "doctor" in side else "pharmacy")
        assert [one["status"] for one in told["prescriptions"]][-1:] == (
            [scenario.status] if scenario.status else []
        ), name
        for one in told["prescriptions"]:
            rx = Prescription.objects.get(pk=one["id"])
            assert snapshot.intact(rx, list(rx.lines.all()))
            assert rx.world_id == mine.world_id
            read = api.get(f"/prescriptions/{rx.pk}")
            if told["as"] == "pharmacy" and name in HIDDEN_FROM_A_PHARMACY:
                refusal(read, 404, "not_found")
                continue
            said = read.json()
            assert said["patient"] == told["patient"]
            assert [said[key] for key in SHOWN] == [one[key] for key in SHOWN], name
    assert not Mail.objects.exists()
    assert not Event.objects.filter(world_id=LIVE_WORLD_ID, prescription_id__isnull=False).exists()
    assert not Prescription.objects.filter(world_id=LIVE_WORLD_ID).exists()


def test_an_unknown_one_is_told_which_there_are(till):
    before = all_there_is()
    said = refusal(till.post("/sandbox/scenarios", {"name": "vreified"}), 422, "validation_failed")
    assert said["errors"][0]["pointer"] == "/name"
    assert all(name in said["errors"][0]["detail"] for name in SCENARIOS)
    assert all_there_is() == before


def test_a_side_that_the_account_has_not_is_refused(till, practice):
    before = all_there_is()
    refusal(till.post("/sandbox/scenarios", {"name": "verified", "as": "doctor"}), 422, "validation_failed")
    refusal(practice.post("/sandbox/scenarios", {"name": "verified", "as": "pharmacy"}), 422, "validation_failed")
    assert all_there_is() == before
    assert play(till, "verified", **{"as": "pharmacy"})["as"] == "pharmacy"


def test_a_live_key_is_refused(make_key):
    live = Api(make_key("pharmacist", "rx:read")[1])
    before = all_there_is()
    refusal(live.post("/sandbox/scenarios", {"name": "verified"}), 403, "test_key_required")
    assert all_there_is() == before


def test_the_same_request_twice_plays_once(till):
    headers = {"Idempotency-Key": "one"}
    first = till.post("/sandbox/scenarios", {"name": "verified"}, headers=headers)
    again = till.post("/sandbox/scenarios", {"name": "verified"}, headers=headers)
    assert first.json() == again.json()
    assert Prescription.objects.count() == 1


def test_a_dry_run_leaves_nothing(till):
    before = all_there_is()
    assert till.post("/sandbox/scenarios?dry_run=true", {"name": "verified"}).status_code == 201
    assert all_there_is() == before


def test_two_accounts_worlds_are_apart(till, practice):
    told = play(till, "verified")["prescriptions"][0]["id"]
    refusal(practice.get(f"/prescriptions/{told}"), 404, "not_found")
    assert practice.get("/prescriptions").json()["data"] == []
