"""`replace` is played on whatever is open: another medicine each time, whatever the doctor wrote; refused, it leaves nothing."""

from dataclasses import replace

import pytest

from elmed.accounts.models import Account
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.patients.actions import set_allergies
from elmed.prescriptions.actions.draft import save_draft
from elmed.prescriptions.actions.issue import issue
from elmed.prescriptions.models import Prescription, WarningAnswer
from elmed.sandbox import plays
from elmed.sandbox.material import MEDICINES
from elmed.sandbox.scenarios import SCENARIOS
from tests.api.client import refusal
from tests.api.shop import all_there_is
from tests.sandbox.test_scenarios import play


@pytest.fixture
def doctor(cast):
    """The first doctor, signed in to their test data."""
    world = Account.objects.get(pk=cast.doctor.pk).test_world_id
    return replace(cast.actor("doctor"), world_id=world, mode=Mode.TEST)


def signed(doctor, beside, *names):
    """What the doctor writes and signs by hand, for the patient of that prescription."""
    beside, now = Prescription.objects.get(pk=beside), real_now()
    content = plays._content(names, now)
    draft = save_draft(
        doctor, patient_id=beside.patient_id, consultation_id=beside.consultation_id, content=content, now=now
    )
    keys = [one.key for one in plays.warnings_of(draft, list(draft.lines.all()), now=now)]
    return issue(doctor, draft.pk, answers=dict.fromkeys(keys, "Meant so."), now=now).pk


def replaced(api, number):
    """The number of what was signed in its place, by `replace`."""
    answer = api.post(f"/sandbox/prescriptions/{number}/act", {"act": "replace"})
    assert answer.status_code == 200, answer.json()
    return answer.json()["replacement"]["id"]


def codes(number):
    return set(Prescription.objects.get(pk=number).lines.values_list("medication_code", flat=True))


def test_no_controlled_medicine_stands_in_for_another():
    assert set(plays.INSTEAD) == {name for name, one in MEDICINES.items() if not one.line.is_controlled}


@pytest.mark.parametrize("side", ["pharmacy", "doctor"])
def test_whatever_a_scenario_left_open_is_replaced_again_and_again(developer, side):
    """Each time by another medicine, though all before it wait for their pharmacy's answer."""
    tried = 0
    for name in SCENARIOS:
        number = play(developer, name, **{"as": side})["prescriptions"]
        number = number[-1]["id"] if number else None
        if developer.post(f"/sandbox/prescriptions/{number}/act?dry_run=true", {"act": "replace"}).status_code != 200:
            continue
        tried += 1
        for _ in range(2):
            new = replaced(developer, number)
            assert not codes(new) & codes(number), name
            number = new
    assert tried >= 13, "nearly every scenario leaves an open one"


def test_more_often_than_there_are_medicines(till):
    """Then the doctor keeps what is open already, and says why."""
    number = play(till, "verified")["prescriptions"][0]["id"]
    for _ in range(len(plays.INSTEAD) + 1):
        new = replaced(till, number)
        assert not codes(new) & codes(number)
        till.post(f"/sandbox/prescriptions/{new}/act", {"act": "verify"})
        number = new
    kept = WarningAnswer.objects.filter(prescription_id=number).get()
    assert (kept.code, kept.reason) == ("duplicate", plays.PLAYED)


@pytest.mark.parametrize("names", [("omeprazole", "ramipril"), plays.INSTEAD])
def test_of_several_medicines(practice, doctor, names):
    """Those of the first choice, or every one: one medicine stands in for them all."""
    number = signed(doctor, play(practice, "issued")["prescriptions"][0]["id"], *names)
    new = replaced(practice, number)
    assert len(codes(new)) == 1
    assert bool(codes(new) & codes(number)) == (names == plays.INSTEAD)
    assert Prescription.objects.get(pk=number).status == "cancelled"


def test_of_two_of_one_patient(practice, doctor):
    first = play(practice, "issued")["prescriptions"][0]["id"]
    second = signed(doctor, first, "omeprazole")
    news = [replaced(practice, number) for number in (first, second)]
    assert len(codes(news[0]) | codes(news[1]) | codes(second)) == 3
    assert not WarningAnswer.objects.filter(prescription_id__in=news).exists()


def test_of_a_patient_who_tolerates_none_of_them(practice, doctor):
    number = play(practice, "issued")["prescriptions"][0]["id"]
    against = [(name, "rash") for name in plays.INSTEAD]
    patient = Prescription.objects.get(pk=number).patient_id
    set_allergies(doctor, patient, none_known=False, substances=against, now=real_now())
    kept = WarningAnswer.objects.filter(prescription_id=replaced(practice, number))
    assert [(one.code, one.tier, one.reason) for one in kept] == [("allergy", "stop", plays.PLAYED)]


@pytest.mark.parametrize("name", ["dispensed", "cancelled", "expired", "rejected"])
def test_what_is_over_is_not_replaced(till, name):
    number = play(till, name)["prescriptions"][0]["id"]
    before = all_there_is()
    refusal(till.post(f"/sandbox/prescriptions/{number}/act", {"act": "replace"}), 409, "invalid_status")
    assert all_there_is() == before
