"""A test key's own world through the API: its own rows, its own clock, its own events; live rows are not there."""

from datetime import datetime, timedelta

import pytest

from elmed.accounts.models import Account
from elmed.core.clock import real_now
from elmed.core.models import Mode, World
from elmed.events.models import Event
from elmed.patients.models import Consultation, Patient
from elmed.prescriptions import seal, snapshot
from elmed.prescriptions.models import Prescription
from tests import factories as f
from tests.api.client import Api, refusal


@pytest.fixture
def test_till(make_key):
    """A test key of the first pharmacy."""
    return Api(make_key("pharmacist", "rx:read", "rx:dispense", "patient:read", mode=Mode.TEST)[1])


@pytest.fixture
def world(cast, test_till):
    """The pharmacy's test world."""
    return World.objects.get(pk=Account.objects.get(pk=cast.pharmacy.pk).test_world_id)


@pytest.fixture
def synthetic(cast, world):
    """A verified prescription of that world."""
    rx = f.verified(cast)
    for model, rows in (
        (Prescription, {"pk": rx.pk}),
        (Patient, {"pk": rx.patient_id}),
        (Consultation, {"patient_id": rx.patient_id}),
    ):
        model.objects.filter(**rows).update(world_id=world.pk)
    rx = Prescription.objects.get(pk=rx.pk)
    payload = snapshot.make(rx, list(rx.lines.all()), rx.prescriber, rx.patient)  # the seal covers the world
    rx.snapshot, (rx.signature_key_id, rx.signature_value) = payload.decode(), seal.sign(payload)
    rx.save(update_fields=["snapshot", "signature_key_id", "signature_value"])
    return rx


def test_it_works_there_and_nowhere_else(pharmacy, test_till, synthetic, world):
    path = f"/prescriptions/{synthetic.pk}"
    assert [item["id"] for item in test_till.get("/prescriptions").json()["data"]] == [synthetic.pk]
    assert test_till.get(path).json()["allowed_actions"] == ["dispense"]
    assert pharmacy.get("/prescriptions").json()["data"] == []
    refusal(pharmacy.get(path), 404, "not_found")
    refusal(pharmacy.dispense(synthetic, key="a"), 404, "not_found")
    said = test_till.dispense(synthetic, key="a").json()
    assert said["prescription"]["status"] == "dispensed"
    event = Event.objects.get(type="prescription.dispensed")
    assert (event.world_id, event.prescription_id) == (world.pk, synthetic.pk)
    refusal(pharmacy.get(f"/dispenses/{said['dispense']['id']}"), 404, "not_found")
    refusal(pharmacy.get(f"/patients/{synthetic.patient_id}"), 404, "not_found")
    assert test_till.get(f"/patients/{synthetic.patient_id}").status_code == 200


def test_its_clock_rules_validity_and_timestamps_and_nothing_of_the_key(pharmacy, test_till, synthetic, world):
    World.objects.filter(pk=world.pk).update(clock_offset_seconds=3 * 86400)
    told = datetime.fromisoformat(test_till.get("/me").json()["now"])
    assert timedelta(days=3) <= told - real_now() + timedelta(minutes=1) < timedelta(days=3, minutes=2)
    made = test_till.dispense(
        synthetic, {"lines": [{"medication_id": f.first_line(synthetic), "quantity": "1"}]}
    ).json()["dispense"]
    assert datetime.fromisoformat(made["recorded_at"]) > real_now() + timedelta(days=2)
    since = (real_now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert test_till.get(f"/prescriptions?updated_since={since}").json()["data"] == [], (
        "younger than two seconds, there"
    )
    World.objects.filter(pk=world.pk).update(clock_offset_seconds=400 * 86400)
    assert [item["id"] for item in test_till.get(f"/prescriptions?updated_since={since}").json()["data"]] == [
        synthetic.pk
    ]
    refusal(test_till.dispense(synthetic), 409, "expired")
    read = test_till.get(f"/prescriptions/{synthetic.pk}").json()
    assert (read["status"], read["allowed_actions"]) == ("expired", [])
    live = datetime.fromisoformat(pharmacy.get("/me").json()["now"])
    assert abs(live - real_now()) < timedelta(minutes=1)
