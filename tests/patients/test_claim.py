"""A patient claims the record: invited by the doctor, asked for the date of birth, one account a record."""

from datetime import date, timedelta

import pytest

from elmed.accounts import links
from elmed.accounts.models import Account, Membership, Person
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.models import Event
from elmed.patients import claim
from elmed.patients.actions import Finding, consult
from elmed.patients.models import IdentityCheck, Patient, PatientInvitation
from tests.accounts.joined import newcomer, waiting, words_of

BORN, OTHER = date(1961, 2, 3), date(1961, 3, 2)


@pytest.fixture
def known(cast):
    """The second patient, whom the doctor sees and who has no account."""
    found = Finding("Ewing", BORN, "H2")
    consult(
        cast.actor("doctor"), cast.other_patient.pk, found_by=found, identity_check=IdentityCheck.KNOWN, now=real_now()
    )
    return cast


def invite(cast, who="doctor", patient=None, email="Dora@example.org", now=None):
    return claim.invite(cast.actor(who), (patient or cast.other_patient).pk, email=email, now=now or real_now())


def token(row):
    return links.token(links.PATIENT, row.pk, row.serial)


def take(link, who=None, born=BORN, now=None):
    return claim.claim(
        link, who or newcomer("x@example.org", name="Dora Ewing"), date_of_birth=born, now=now or real_now()
    )


def test_a_newcomer_claims_the_record(known):
    row = invite(known)
    assert waiting("patient_invited") == ["dora@example.org"]
    text = words_of("patient_invited")
    assert "Dr Ada Brook" in text and "Ewing" not in text and "1961" not in text
    account = take(token(row))
    known.other_patient.refresh_from_db()
    assert known.other_patient.account == account
    assert (account.kind, account.state, account.name) == ("patient", "verified", "Dora Ewing")
    dora = Person.objects.get(email="dora@example.org")
    assert Membership.objects.get(person=dora).role == "patient"
    assert known.other_patient.email == "dora@example.org"
    claimed = Event.objects.get(type="patient.claimed")
    assert set(claimed.listings.values_list("account_id", flat=True)) == {account.pk, known.doctor.pk}


def test_a_doctor_who_is_a_patient_claims_with_the_same_sign_in(known):
    row = invite(known, email="other_doctor@example.org")
    account = take(token(row), known.people["other_doctor"])
    held = set(Membership.objects.filter(person=known.people["other_doctor"]).values_list("account_id", "role"))
    assert held == {(known.other_doctor.pk, "prescriber"), (account.pk, "patient")}


def test_five_wrong_dates_end_the_invitation(known):
    link = token(invite(known))
    for left in (4, 3, 2, 1):
        with pytest.raises(Invalid) as no:
            take(link, born=OTHER)
        assert f"Tries left: {left}" in no.value.errors[0]["detail"]
    with pytest.raises(Invalid) as no:
        take(link, born=OTHER)
    assert "has ended" in no.value.errors[0]["detail"]
    with pytest.raises(NotVisible):
        take(link)
    known.other_patient.refresh_from_db()
    assert known.other_patient.account_id is None
    assert not Person.objects.filter(email="dora@example.org").exists()


def test_a_right_date_with_a_weak_password_costs_no_try(known):
    row = invite(known)
    with pytest.raises(Invalid):
        take(token(row), newcomer(password="short"))
    row.refresh_from_db()
    assert (row.wrong_tries, row.accepted_at) == (0, None)
    assert take(token(row))


def test_a_link_ends_with_use_age_and_a_newer_one(known):
    now, first = real_now(), invite(known)
    second = invite(known)
    with pytest.raises(NotVisible):
        take(token(first))
    with pytest.raises(NotVisible):
        take(token(second), now=now + timedelta(days=8))
    take(token(second))
    with pytest.raises(NotVisible):
        take(token(second))
    with pytest.raises(NotVisible):
        claim.opened(links.token(links.MEMBER, second.pk, second.serial), now=now)
    with pytest.raises(NotNow):
        invite(known)
    assert Account.objects.filter(kind="patient").count() == 2


def test_another_address_than_the_invited_one_is_refused(known):
    row = invite(known)
    with pytest.raises(NotNow):
        take(token(row), known.people["other_doctor"])
    known.other_patient.refresh_from_db()
    assert known.other_patient.account_id is None


@pytest.mark.parametrize(("who", "email", "refusal"), [
    ("other_doctor", "dora@example.org", NotVisible), ("pharmacist", "dora@example.org", NotAllowed),
    ("patient", "dora@example.org", NotAllowed), ("staff", "dora@example.org", NotAllowed), ("doctor", "dora", Invalid),
])  # fmt: skip
def test_inviting_refused_and_nothing_changed(known, who, email, refusal):
    with pytest.raises(refusal):
        invite(known, who, email=email)
    assert (PatientInvitation.objects.count(), waiting()) == (0, [])
    known.other_patient.refresh_from_db()
    assert known.other_patient.email == ""


def test_a_record_merged_meanwhile_is_claimed_as_the_one_that_won(known):
    row = invite(known)
    winner = Patient.objects.create(
        world_id=1,
        family_name="Ewing",
        given_name="Dora",
        date_of_birth=BORN,
        created_at=real_now(),
        updated_at=real_now(),
    )
    Patient.objects.filter(pk=known.other_patient.pk).update(merged_into=winner)
    account = take(token(row))
    winner.refresh_from_db()
    known.other_patient.refresh_from_db()
    assert (winner.account, known.other_patient.account) == (account, None)
