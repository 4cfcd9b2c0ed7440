"""Patients: found by three exact things or not at all, one record a person, allergies in three states."""

from datetime import date, timedelta

import pytest

from elmed.access.visibility import get
from elmed.core.refusals import Invalid, NotAllowed, NotVisible
from elmed.events.models import AccessRecord, AccessRecordPatient, Event
from elmed.patients.actions import Finding, consult, create, find, set_allergies
from elmed.patients.identity import Identity
from elmed.patients.models import Allergy, AllergyStatus, Consultation, IdentityCheck, Patient
from tests.cast import NOW

BORN = date(1961, 2, 3)


@pytest.fixture
def dean(cast):
    Patient.objects.filter(pk=cast.patient.pk).update(phone="+44 1", email="cara@example.org")
    return cast.patient


@pytest.mark.parametrize(
    "exact", ["H1", "h1", " H1 ", "H 1", "H-1", "+44 1", "+441", "+44 (1)", "cara@example.org", "CARA@example.org"]
)
def test_family_name_birth_date_and_one_exact_item_find_one(cast, dean, exact):
    found = find(cast.actor("doctor"), Finding(" dean ", BORN, exact))
    assert found == dean
    record = AccessRecord.objects.get()
    assert (record.action, record.actor_account_id) == ("patient.find", cast.doctor.pk)
    assert AccessRecordPatient.objects.get().patient_id == dean.pk


@pytest.mark.parametrize(
    ("family", "born", "exact"),
    [
        ("Dean", BORN, ""),
        ("Dean", BORN, "H"),
        ("Dean", BORN, "H2"),
        ("", BORN, "H1"),
        ("De", BORN, "H1"),
        ("Dean", BORN + timedelta(days=1), "H1"),
        ("Dean", BORN, "%"),
        ("Dean", BORN, "-"),
        ("Dean", BORN, "441"),
        ("Ewing", BORN, "H1"),
    ],
)
def test_anything_less_finds_nobody_and_leaves_no_record(cast, dean, family, born, exact):
    assert find(cast.actor("doctor"), Finding(family, born, exact)) is None
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize("who", ["pharmacist", "patient", "staff", "owner"])
def test_only_doctors_find(cast, who):
    with pytest.raises(NotAllowed):
        find(cast.actor(who), Finding("Dean", BORN, "H1"))


def test_two_who_match_are_no_answer(cast, dean):
    Patient.objects.filter(pk=cast.other_patient.pk).update(family_name="Dean", phone="+44 1")
    assert find(cast.actor("doctor"), Finding("Dean", BORN, "+44 1")) is None


def test_a_merged_duplicate_leads_to_the_record_that_won(cast, dean):
    Patient.objects.filter(pk=cast.other_patient.pk).update(family_name="Dean", phone="+44 1", merged_into=dean)
    for exact in ("+44 1", "H2"):
        assert find(cast.actor("doctor"), Finding("Dean", BORN, exact)) == dean


def test_nobody_is_found_in_another_world(cast, dean):
    Patient.objects.filter(pk=dean.pk).update(world_id=cast.doctor.test_world_id)
    assert find(cast.actor("doctor"), Finding("Dean", BORN, "H1")) is None


def test_a_consultation_begins_the_relationship(cast, dean):
    doctor = cast.actor("doctor")
    with pytest.raises(NotVisible):
        get(doctor, Patient, dean.pk)
    with pytest.raises(NotVisible):
        consult(doctor, dean.pk, identity_check=IdentityCheck.KNOWN, now=NOW)
    with pytest.raises(NotVisible):  # found one, asked for another
        consult(
            doctor,
            cast.other_patient.pk,
            found_by=Finding("Dean", BORN, "H1"),
            identity_check=IdentityCheck.KNOWN,
            now=NOW,
        )
    consult(doctor, dean.pk, found_by=Finding("Dean", BORN, "H1"), identity_check=IdentityCheck.KNOWN, now=NOW)
    assert get(doctor, Patient, dean.pk) == dean
    consult(doctor, dean.pk, identity_check=IdentityCheck.KNOWN, now=NOW)
    with pytest.raises(NotVisible):
        get(cast.actor("other_doctor"), Patient, dean.pk)


def test_a_new_record_with_its_first_consultation(cast):
    new = Identity(" Fox ", " Eve", date(1990, 5, 6), health_number=" H 9 ")
    consultation = create(cast.actor("doctor"), new, identity_check=IdentityCheck.PHOTO_ID, now=NOW)
    patient = consultation.patient
    assert (patient.name, patient.health_number, patient.allergy_status) == (
        "Eve Fox",
        "H9",
        AllergyStatus.NOT_RECORDED,
    )
    assert find(cast.actor("other_doctor"), Finding("Fox", date(1990, 5, 6), "H9")) == patient


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (Identity("", "Eve", BORN), "required"),
        (Identity("Fox", " ", BORN), "required"),
        (Identity("Fox", "Eve", NOW.date() + timedelta(days=1)), "out_of_range"),
        (Identity("Fox", "Eve", date(1879, 12, 31)), "out_of_range"),
        (Identity("Fox", "Eve", BORN, health_number="H1"), "already_recorded"),
        (Identity("Fox", "Eve", BORN, health_number=" h1 "), "already_recorded"),
        (Identity("Fox", "Eve", BORN, health_number="H 1"), "already_recorded"),
    ],
)
def test_a_record_that_cannot_be(cast, new, code):
    with pytest.raises(Invalid) as no:
        create(cast.actor("doctor"), new, identity_check=IdentityCheck.KNOWN, now=NOW)
    assert no.value.errors[0]["code"] == code
    assert Patient.objects.count() == 2 and not Consultation.objects.exists()


def test_the_same_number_recorded_by_two_doctors_at_once(cast, monkeypatch):
    nobody = Patient.objects.none()
    monkeypatch.setattr(Patient.objects, "filter", lambda **_: nobody)  # the other one commits after the look
    with pytest.raises(Invalid) as no:
        create(
            cast.actor("doctor"), Identity("Fox", "Eve", BORN, health_number="H1"),
            identity_check=IdentityCheck.KNOWN, now=NOW,
        )  # fmt: skip
    assert no.value.errors[0]["code"] == "already_recorded"
    monkeypatch.undo()
    assert Patient.objects.count() == 2 and not Consultation.objects.exists()


def test_not_recorded_none_known_and_recorded_are_three_things(cast, dean):
    doctor = cast.actor("doctor")
    consult(doctor, dean.pk, found_by=Finding("Dean", BORN, "H1"), identity_check=IdentityCheck.KNOWN, now=NOW)
    assert dean.allergy_status == AllergyStatus.NOT_RECORDED
    recorded = set_allergies(doctor, dean.pk, none_known=False, substances=[("Penicillin", "rash")], now=NOW)
    assert recorded.allergy_status == AllergyStatus.RECORDED
    with pytest.raises(Invalid):
        set_allergies(doctor, dean.pk, none_known=True, substances=[("Penicillin", "rash")], now=NOW)
    assert Allergy.objects.get().substance == "Penicillin"
    assert (
        set_allergies(doctor, dean.pk, none_known=True, substances=[], now=NOW).allergy_status
        == AllergyStatus.NONE_KNOWN
    )
    assert not Allergy.objects.exists()
    told = Event.objects.filter(type="patient.allergies_recorded", actor_account_id=cast.doctor.pk)
    assert [event.data for event in told] == [{"patient_id": dean.pk}] * 2  # who changed it, and no substance
    with pytest.raises(NotVisible):
        set_allergies(cast.actor("other_doctor"), dean.pk, none_known=True, substances=[], now=NOW)
