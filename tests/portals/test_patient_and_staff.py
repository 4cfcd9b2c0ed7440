"""The patient's pages, and the accounts of ELMED's staff."""

import pytest
from django.urls import reverse

from elmed.accounts.models import AccountState
from elmed.core.clock import real_now
from elmed.prescriptions.vocabulary import Status
from tests import factories


def test_a_patient_sees_the_reference_and_chooses_the_pharmacy(cast, sign_in):
    rx = factories.issued(cast, now=real_now(), notes="Please counsel")
    patient = sign_in("patient")
    assert "amoxicillin" in patient.get(reverse("patient_home")).content.decode()
    page = patient.get(reverse("patient_prescription", args=[rx.pk])).content.decode()
    assert rx.reference in page
    assert "data:image/svg+xml" in page
    assert "Please counsel" not in page
    url = reverse("patient_route", args=[rx.pk])
    assert "Brook Street Pharmacy" in patient.get(url + "?q=brook").content.decode()
    assert patient.post(url, {"version": rx.version, "pharmacy_id": cast.pharmacy.pk}).status_code == 302
    rx.refresh_from_db()
    assert (rx.status, rx.pharmacy_id) == (Status.PENDING_REVIEW, cast.pharmacy.pk)


def test_the_pharmacy_stays_once_it_has_checked(cast, sign_in):
    rx = factories.verified(cast, now=real_now())
    patient = sign_in("patient")
    assert "Choose a pharmacy" not in patient.get(reverse("patient_prescription", args=[rx.pk])).content.decode()
    typed = {"version": rx.version, "pharmacy_id": cast.other_pharmacy.pk}
    assert patient.post(reverse("patient_route", args=[rx.pk]), typed).status_code == 409
    rx.refresh_from_db()
    assert rx.pharmacy_id == cast.pharmacy.pk


def test_a_patient_sees_who_looked(cast, sign_in):
    rx = factories.pending_review(cast, now=real_now())
    sign_in("pharmacist").get(reverse("pharmacy_prescription", args=[rx.pk]))
    patient = sign_in("patient")
    patient.get(reverse("patient_prescription", args=[rx.pk]))
    page = patient.get(reverse("patient_access")).content.decode()
    assert "Pharmacist, Brook Street Pharmacy" in page
    assert '<th scope="row">You</th>' not in page
    page = patient.get(reverse("patient_access"), {"own": "1"}).content.decode()
    assert "Pharmacist, Brook Street Pharmacy" in page
    assert '<th scope="row">You</th>' in page


def test_a_draft_is_not_the_patients(cast, sign_in):
    rx = factories.draft(cast, now=real_now())
    assert sign_in("patient").get(reverse("patient_prescription", args=[rx.pk])).status_code == 404


@pytest.mark.parametrize("words", ["ada bro", "Prescriber-Reg", "DOCTOR@found"])
def test_staff_find_an_account_of_any_state_by_its_name_licence_or_people(cast, sign_in, words):
    cast.doctor.licence_number = "PRESCRIBER-REG-1"
    cast.doctor.save()
    person = cast.doctor.memberships.get().person
    person.email = "doctor@found.example"
    person.save()
    page = sign_in("staff").get(reverse("staff_accounts"), {"q": words}).content.decode()
    assert page.count('<th scope="row">') == 1
    assert "Dr Ada Brook" in page
    assert f'value="{words}"' in page


def test_a_search_that_finds_no_account_says_so(cast, sign_in):
    page = sign_in("staff").get(reverse("staff_accounts"), {"q": "nobody <here>"}).content.decode()
    assert "No account is found by “nobody &lt;here&gt;”." in page


def test_staff_verify_and_suspend_with_a_reason(cast, sign_in):
    cast.doctor.state = AccountState.PENDING
    cast.doctor.save()
    staff = sign_in("staff")
    assert "Dr Ada Brook" in staff.get(reverse("staff_accounts")).content.decode()
    assert staff.get(reverse("staff_account", args=[cast.doctor.pk])).status_code == 200
    assert staff.post(reverse("staff_account_verified", args=[cast.doctor.pk]), {"reason": ""}).status_code == 302
    cast.doctor.refresh_from_db()
    assert cast.doctor.state == AccountState.VERIFIED
    url = reverse("staff_account_suspended", args=[cast.doctor.pk])
    assert staff.get(url).status_code == 200
    assert staff.post(url, {"reason": ""}).status_code == 422
    assert staff.post(url, {"reason": "Licence withdrawn"}).status_code == 302
    cast.doctor.refresh_from_db()
    assert (cast.doctor.state, cast.doctor.state_reason) == (AccountState.SUSPENDED, "Licence withdrawn")
    assert staff.post(url, {"reason": "Again"}).status_code == 409


def test_nobody_else_changes_accounts(cast, sign_in):
    answer = sign_in("doctor").post(reverse("staff_account_suspended", args=[cast.pharmacy.pk]), {"reason": "x"})
    assert answer.status_code == 403
    cast.pharmacy.refresh_from_db()
    assert cast.pharmacy.state == AccountState.VERIFIED
