"""A double click, and the back button: the main forms do nothing twice, and the page says what happened."""

import pytest
from django.urls import reverse

from elmed.access.models import ApiKey
from elmed.core.clock import real_now
from elmed.events.models import Event
from elmed.inventory.models import Movement
from elmed.patients.models import Consultation, Patient
from elmed.prescriptions.models import Dispense, Prescription
from tests import factories as f
from tests.portals.test_doctor import once


def events(rx: Prescription) -> list[str]:
    """What happened to it."""
    return list(Event.objects.filter(prescription_id=rx.pk).order_by("pk").values_list("type", flat=True))


def words_after(browser, answer) -> str:
    """What the second answer leads to."""
    return (browser.get(answer["Location"]) if answer.status_code == 302 else answer).content.decode()


@pytest.mark.parametrize("page", ["doctor_review", "doctor_basket"])
def test_a_signature(cast, sign_in, page):
    rx, doctor = f.draft(cast, now=real_now()), sign_in("doctor")
    together = page == "doctor_basket"
    url = reverse(page, args=[cast.patient.pk if together else rx.pk])
    sent = {f"rx{rx.pk}-version" if together else "version": rx.version, "sign": "yes"}
    assert doctor.post(url, sent).status_code == 302
    rx.refresh_from_db()
    before, told = Prescription.objects.values().get(pk=rx.pk), events(rx)
    assert rx.status == "issued"
    again = doctor.post(url, sent)
    assert again.status_code == 302 and "signed once" in words_after(doctor, again)
    assert Prescription.objects.values().get(pk=rx.pk) == before and events(rx) == told
    assert doctor.get(url).status_code == 302  # the page come back to asks for no signature


def test_a_check_by_the_pharmacist(cast, sign_in):
    rx, pharmacist = f.pending_review(cast, now=real_now()), sign_in("pharmacist")
    url = reverse("pharmacy_act_verify", args=[rx.pk])
    sent = {"version": rx.version}
    assert pharmacist.post(url, sent).status_code == 302
    before, told = Prescription.objects.values().get(pk=rx.pk), events(rx)
    again = pharmacist.post(url, sent)
    words = again.content.decode()
    assert again.status_code in (409, 412) and "Meanwhile:" in words and 'type="submit">Verify' not in words
    assert Prescription.objects.values().get(pk=rx.pk) == before and events(rx) == told
    assert pharmacist.get(url).status_code == 409


def test_a_hand_over(cast, sign_in):
    rx, pharmacist = f.verified(cast, now=real_now()), sign_in("pharmacist")
    line = rx.lines.get()
    url = reverse("pharmacy_dispense", args=[rx.pk])
    sent = {"version": rx.version, f"line-{line.pk}-quantity": "7"}  # a part: the rest could be handed over
    assert pharmacist.post(url, sent).status_code == 302
    before, told, moved = Prescription.objects.values().get(pk=rx.pk), events(rx), Movement.objects.count()
    again = pharmacist.post(url, sent)
    assert again.status_code == 412 and "Meanwhile:" in again.content.decode()
    assert Dispense.objects.count() == 1 and Movement.objects.count() == moved
    assert Prescription.objects.values().get(pk=rx.pk) == before and events(rx) == told


def test_a_new_patient(cast, sign_in):
    doctor = sign_in("doctor")
    url = reverse("doctor_patient_new")
    sent = {
        "once": once(doctor.get(url)), "family_name": "Fox", "given_name": "Gil", "date_of_birth": "1980-05-06", "sex": "male",
        "identity_check": "photo_id", "summary": "Cough for two weeks",
    }  # fmt: skip
    assert doctor.post(url, sent).status_code == 302
    patients, consultations = Patient.objects.count(), Consultation.objects.count()
    again = doctor.post(url, sent)
    assert again.status_code == 302 and "sent twice; it was done once" in words_after(doctor, again)
    assert (Patient.objects.count(), Consultation.objects.count()) == (patients, consultations)


def test_a_key(cast, sign_in):
    owner = sign_in("owner")
    url = reverse("api_key_new")
    sent = {"once": once(owner.get(url)), "name": "Till", "mode": "live", "scopes": ["rx:read"]}
    first = owner.post(url, sent).content.decode()
    again = owner.post(url, sent)
    words = words_after(owner, again)
    assert again.status_code == 302 and "one key was made, and it was shown once" in words
    assert ApiKey.objects.count() == 1
    secret = first.partition("X-API-Key: ")[2].partition("&quot;")[0]
    assert secret.startswith("elm_") and secret not in words
