"""Which rows an actor sees: one rule a model and a kind of account, each with somebody who does not see it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from elmed.access.visibility import get, patients_of, visible
from elmed.accounts.models import Account
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.core.refusals import NotVisible
from elmed.patients.actions import set_allergies
from elmed.patients.models import Allergy, Consultation, Patient
from elmed.prescriptions.actions.cancel import cancel
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.models import Dispense, Prescription
from tests import factories as f
from tests.cast import NOW, key_actor

EVERYBODY = ("doctor", "other_doctor", "pharmacist", "technician", "other_pharmacist", "patient", "staff")


def who_sees(cast, model, pk) -> set[str]:
    if model is Patient:  # asked from the patient on, and from one's own rows on
        for who in EVERYBODY:
            actor = cast.actor(who)
            assert set(patients_of(actor).values_list("pk")) == set(visible(actor, Patient).values_list("pk")), who
    return {who for who in EVERYBODY if visible(cast.actor(who), model).filter(pk=pk).exists()}


def test_a_patient_never_sees_what_was_not_signed(cast):
    rx = f.draft(cast)
    cancel(cast.actor("doctor"), rx.pk, reason="Another medicine", now=NOW)
    assert who_sees(cast, Prescription, rx.pk) == {"doctor", "staff"}


def test_prescriptions(cast):
    assert who_sees(cast, Prescription, f.draft(cast).pk) == {"doctor"}
    assert who_sees(cast, Prescription, f.issued(cast).pk) == {"doctor", "patient", "staff"}
    everyone_concerned = {"doctor", "patient", "staff", "pharmacist", "technician"}
    assert who_sees(cast, Prescription, f.pending_review(cast).pk) == everyone_concerned
    assert who_sees(cast, Prescription, f.returned_part_supplied(cast).pk) == everyone_concerned


def test_another_patients_prescription_is_not_the_patients(cast):
    rx = f.issued(cast)
    Prescription.objects.filter(pk=rx.pk).update(patient=cast.other_patient)
    assert "patient" not in who_sees(cast, Prescription, rx.pk)


def test_dispenses(cast):
    made = f.supply(cast, f.verified(cast))
    assert who_sees(cast, Dispense, made.pk) == {"doctor", "patient", "staff", "pharmacist", "technician"}


def test_patients_by_an_active_relationship_only(cast):
    assert who_sees(cast, Patient, cast.patient.pk) == {"patient", "staff"}
    rx = f.pending_review(cast)
    assert who_sees(cast, Patient, cast.patient.pk) == {"patient", "staff", "doctor", "pharmacist", "technician"}
    assert who_sees(cast, Patient, cast.other_patient.pk) == {"staff"}
    return_(cast.actor("pharmacist"), rx.pk, reason="Out of stock", now=NOW)
    assert who_sees(cast, Patient, cast.patient.pk) == {"patient", "staff", "doctor"}


def test_a_relationship_ends_after_24_months(cast):
    rx = f.pending_review(cast)
    old = real_now() - timedelta(days=731)
    Consultation.objects.update(held_at=old)
    assert {"doctor", "pharmacist"} <= who_sees(cast, Patient, cast.patient.pk)  # by the prescription
    Prescription.objects.filter(pk=rx.pk).update(created_at=old)
    assert who_sees(cast, Patient, cast.patient.pk) == {"patient", "staff"}
    Consultation.objects.update(held_at=real_now())
    assert who_sees(cast, Patient, cast.patient.pk) == {"patient", "staff", "doctor"}


def test_a_draft_alone_gives_a_key_no_patient(cast):
    f.draft(cast)
    Consultation.objects.update(held_at=real_now() - timedelta(days=731))
    key = key_actor(cast, "doctor", "patient:read")
    assert visible(cast.actor("doctor"), Patient).exists()
    assert not visible(key, Patient).exists()


def test_a_consultation_is_its_doctors_and_its_patients(cast):
    rx = f.draft(cast)
    assert who_sees(cast, Consultation, rx.consultation_id) == {"doctor", "patient"}


def test_allergies_go_with_the_patient(cast):
    f.draft(cast)
    set_allergies(cast.actor("doctor"), cast.patient.pk, none_known=False, substances=[("Penicillin", "rash")], now=NOW)
    assert who_sees(cast, Allergy, Allergy.objects.get().pk) == {"doctor", "patient", "staff"}


@pytest.mark.parametrize("model", [Prescription, Patient, Dispense, Consultation, Allergy])
def test_nothing_of_another_world(cast, model):
    f.dispensed(cast)
    set_allergies(cast.actor("doctor"), cast.patient.pk, none_known=False, substances=[("Penicillin", "rash")], now=NOW)
    for who in EVERYBODY:
        elsewhere = replace(cast.actor(who), world_id=cast.doctor.test_world_id, mode=Mode.TEST)
        assert not visible(elsewhere, model).exists()


def test_absent_and_not_yours_look_alike(cast):
    rx = f.draft(cast)
    answers = []
    for pk in (rx.pk, 10**9):
        with pytest.raises(NotVisible) as no:
            get(cast.actor("other_doctor"), Prescription, pk)
        answers.append(str(no.value))
    assert answers[0] == answers[1]


def test_a_model_without_a_rule_is_not_read(cast):
    with pytest.raises(TypeError):
        visible(cast.actor("staff"), Account)
