"""A doctor corrects who a patient is: what counts, what is kept, who hears of it; and what is refused leaves no trace."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from elmed.access.visibility import get
from elmed.accounts.models import AccountState
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.models import AccessRecord, Event
from elmed.notifications.models import Mail
from elmed.patients.actions import create, set_weight
from elmed.patients.identity import Identity, correct, recorded
from elmed.patients.models import IdentityCheck, Patient, PatientCorrection, Sex
from elmed.prescriptions import queries
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.snapshot import intact
from tests import factories
from tests.cast import NOW

WHY = "A slip in the reception’s copy"
EVE = Identity("Fox", "Eve", date(1990, 5, 6), Sex.FEMALE, health_number="H9", phone="+44 1", email="eve@example.org")


@pytest.fixture
def eve(cast) -> Patient:
    """A record that the first doctor made; it has no account."""
    return create(cast.actor("doctor"), EVE, identity_check=IdentityCheck.PHOTO_ID, now=NOW).patient


def counted(patient: Patient) -> tuple[object, ...]:
    """Everything a refusal must leave alone."""
    patient.refresh_from_db()
    rows = (PatientCorrection, Event, AccessRecord, Mail)
    return recorded(patient), patient.updated_at, *(model.objects.count() for model in rows)


def test_what_was_recorded_before_is_kept_with_the_reason_which_the_patient_reads(cast, eve):
    to = replace(EVE, family_name=" Fuchs ", health_number="h10")
    assert correct(cast.actor("doctor"), eve.pk, to, reason=f"  {WHY} ", now=NOW) == ["family_name", "health_number"]
    eve.refresh_from_db()
    assert (eve.name, eve.health_number, eve.updated_at) == ("Eve Fuchs", "h10", NOW)
    row = PatientCorrection.objects.get()
    assert (row.before, row.reason, row.account) == ({"family_name": "Fox", "health_number": "H9"}, WHY, cast.doctor)
    event = Event.objects.get(type="patient.corrected")
    assert event.data == {"patient_id": eve.pk, "fields": ["family_name", "health_number"]}
    assert AccessRecord.objects.get(action="portal.correction", patients__patient_id=eve.pk).reason == WHY
    assert not Mail.objects.filter(template="record_corrected").exists(), "a name opens nothing"


def test_nothing_is_written_where_nothing_differs(cast, eve):
    before = counted(eve)
    assert correct(cast.actor("doctor"), eve.pk, EVE, reason=WHY, now=NOW + timedelta(hours=1)) == []
    assert counted(eve) == before


@pytest.mark.parametrize(
    ("to", "reason", "pointer", "code"),
    [
        (replace(EVE, family_name="  "), WHY, "/family_name", "required"),
        (replace(EVE, given_name=""), WHY, "/given_name", "required"),
        (replace(EVE, date_of_birth=NOW.date() + timedelta(days=2)), WHY, "/date_of_birth", "out_of_range"),
        (replace(EVE, date_of_birth=date(1879, 12, 31)), WHY, "/date_of_birth", "out_of_range"),
        (replace(EVE, health_number=" h1 "), WHY, "/health_number", "already_recorded"),
        (replace(EVE, email="eve@"), WHY, "/email", "invalid_email"),
        (replace(EVE, given_name="Eva"), " so ", "/reason", "required"),
    ],
)
def test_what_cannot_be_is_refused(cast, eve, to, reason, pointer, code):
    before = counted(eve)
    with pytest.raises(Invalid) as no:
        correct(cast.actor("doctor"), eve.pk, to, reason=reason, now=NOW)
    assert [(error["pointer"], error["code"]) for error in no.value.errors] == [(pointer, code)]
    assert counted(eve) == before


def test_a_birth_after_a_weight_is_refused(cast, eve):
    set_weight(cast.actor("doctor"), eve.pk, weight_milli=61_000, weighed_on=date(2020, 1, 1), now=NOW)
    before = counted(eve)
    with pytest.raises(Invalid) as no:
        correct(cast.actor("doctor"), eve.pk, replace(EVE, date_of_birth=date(2020, 1, 2)), reason=WHY, now=NOW)
    assert no.value.errors[0]["code"] == "after_weight"
    assert counted(eve) == before


def test_only_a_verified_doctor_who_sees_the_patient_corrects(cast, eve):
    before, to = counted(eve), replace(EVE, given_name="Eva")
    with pytest.raises(NotVisible):
        correct(cast.actor("other_doctor"), eve.pk, to, reason=WHY, now=NOW)
    for other in ("pharmacist", "patient", "staff"):
        with pytest.raises(NotAllowed):
            correct(cast.actor(other), eve.pk, to, reason=WHY, now=NOW)
    cast.doctor.state = AccountState.LAPSED
    cast.doctor.save(update_fields=["state"])
    with pytest.raises(NotAllowed):
        correct(cast.actor("doctor"), eve.pk, to, reason=WHY, now=NOW)
    assert counted(eve) == before


def test_nobodys_unseen_word_is_lost(cast, eve):
    seen = recorded(eve)
    correct(cast.actor("doctor"), eve.pk, replace(EVE, phone="+44 2"), reason=WHY, now=NOW)
    before = counted(eve)
    with pytest.raises(NotNow) as no:
        correct(cast.actor("doctor"), eve.pk, replace(EVE, phone="+44 3"), reason=WHY, now=NOW, seen=seen)
    assert no.value.code == "changed_meanwhile"
    assert counted(eve) == before


def test_a_new_birth_date_is_told_without_saying_it(cast, eve):
    correct(cast.actor("doctor"), eve.pk, replace(EVE, date_of_birth=date(1991, 5, 6)), reason=WHY, now=NOW)
    mail = Mail.objects.get(template="record_corrected")
    assert (mail.to, mail.context["date_of_birth"], mail.context["email"]) == ("eve@example.org", True, False)
    assert "199" not in str(mail.context)


def test_a_new_address_is_told_to_the_old_one(cast, eve):
    correct(cast.actor("doctor"), eve.pk, replace(EVE, email="other@example.org"), reason=WHY, now=NOW)
    assert [mail.to for mail in Mail.objects.filter(template="record_corrected")] == ["eve@example.org"]


def test_a_patient_with_an_account_is_told_there_and_the_account_is_called_as_they_are(cast):
    factories.issued(cast)
    patient = cast.patient
    account = patient.account
    account.name = patient.name
    account.save(update_fields=["name"])
    to = Identity(**{name: getattr(patient, name) for name in recorded(patient)})
    correct(cast.actor("doctor"), patient.pk, replace(to, given_name="Carla", date_of_birth=date(1962, 2, 3)), reason=WHY, now=NOW)  # fmt: skip
    account.refresh_from_db()
    assert account.name == f"Carla {patient.family_name}"
    assert cast.people["patient"].email in [mail.to for mail in Mail.objects.filter(template="record_corrected")]


def test_what_was_signed_stays_sealed_as_it_was(cast):
    rx = factories.issued(cast)
    patient, before = cast.patient, rx.snapshot
    to = Identity(**{name: getattr(patient, name) for name in recorded(patient)})
    correct(cast.actor("doctor"), patient.pk, replace(to, family_name="Deane"), reason=WHY, now=NOW)
    sheet = queries.sheet(cast.actor("doctor"), rx.pk, real_now())
    assert Prescription.objects.get(pk=rx.pk).snapshot == before
    assert intact(sheet.rx, sheet.subject.lines)


def test_the_record_that_counts_is_corrected_where_two_were_merged(cast, eve):
    loser = create(cast.actor("doctor"), replace(EVE, health_number="H10"), identity_check=IdentityCheck.KNOWN, now=NOW).patient  # fmt: skip
    Patient.objects.filter(pk=loser.pk).update(merged_into=eve)
    correct(cast.actor("doctor"), loser.pk, replace(EVE, given_name="Eva"), reason=WHY, now=NOW)
    assert get(cast.actor("doctor"), Patient, eve.pk).given_name == "Eva"
    assert get(cast.actor("doctor"), Patient, loser.pk).given_name == "Eve"


def test_the_database_knows_one_health_number_in_any_letters(cast, eve):
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        Patient.objects.filter(pk=cast.other_patient.pk).update(health_number="h9")
