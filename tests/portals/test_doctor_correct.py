# ruff: noqa: F811
"""The page that corrects a record, the weight in the banner, and what the pharmacy reads of a correction."""

import html
import re

from django.urls import reverse

from elmed.core.clock import real_now
from elmed.patients.actions import set_weight
from elmed.patients.models import Patient, PatientCorrection
from tests import factories
from tests.portals.test_doctor import doctor, known  # noqa: F401  (fixtures)

WHY = "A slip in the reception’s copy"


def form_of(page, **changed) -> dict[str, str]:
    """The page's form as it stands, with these changes."""
    words = page.content.decode()
    data = dict(re.findall(r'<input type="(?:text|date|tel|email|hidden)" name="(\w+)"(?: value="([^"]*)")?', words))
    data = {name: html.unescape(value) for name, value in data.items() if name != "csrfmiddlewaretoken"}
    data["sex"] = re.search(r'<option value="(\w+)" selected', words)[1]
    return data | {"reason": WHY} | changed


def test_a_doctor_corrects_and_reads_what_it_said_before(doctor, known):
    url = reverse("doctor_correct", args=[known.pk])
    assert url in doctor.get(reverse("doctor_patient", args=[known.pk])).content.decode()
    answer = doctor.post(url, form_of(doctor.get(url), family_name="Deane", date_of_birth="1962-02-03"))
    assert answer["Location"] == reverse("doctor_patient", args=[known.pk])
    page = doctor.get(answer["Location"]).content.decode()
    assert "The record is corrected." in page and "DEANE" in page and "03-Feb-1962" in page
    again = doctor.get(url).content.decode()
    assert "03-Feb-1961" in again and WHY in again


def test_what_is_wrong_is_told_at_its_field_and_nothing_changes(cast, doctor, known):
    url = reverse("doctor_correct", args=[known.pk])
    before = Patient.objects.filter(pk=known.pk).values().get()
    taken = doctor.post(url, form_of(doctor.get(url), health_number=cast.other_patient.health_number))
    assert taken.status_code == 422 and 'href="#id_health_number"' in taken.content.decode()
    silent = doctor.post(url, form_of(doctor.get(url), given_name="Carla", reason="so"))
    assert silent.status_code == 422 and 'href="#id_reason"' in silent.content.decode()
    assert 'value="Carla"' in silent.content.decode()
    same = doctor.post(url, form_of(doctor.get(url)), follow=True)
    assert "nothing is changed" in same.content.decode()
    assert Patient.objects.filter(pk=known.pk).values().get() == before
    assert not PatientCorrection.objects.exists()


def test_two_at_one_record_the_second_sees_what_the_first_did(doctor, known):
    url = reverse("doctor_correct", args=[known.pk])
    stale = form_of(doctor.get(url), given_name="Carla")
    assert doctor.post(url, form_of(doctor.get(url), phone="+44 7")).status_code == 302
    late = doctor.post(url, stale)
    assert late.status_code == 409
    assert "Phone: +44 7" in late.content.decode() and 'value="Carla"' in late.content.decode()
    known.refresh_from_db()
    assert (known.given_name, known.phone) == ("Cara", "+44 7")
    assert doctor.post(url, form_of(late)).status_code == 302
    known.refresh_from_db()
    assert known.given_name == "Carla"


def test_another_doctors_patient_is_not_there(cast, sign_in, known):
    url = reverse("doctor_correct", args=[known.pk])
    other = sign_in("other_doctor")
    assert other.get(url).status_code == 404
    assert other.post(url, {"family_name": "X"}).status_code == 404
    assert sign_in("pharmacist").get(url).status_code == 403
    assert not PatientCorrection.objects.exists()


def test_the_pharmacy_reads_whom_the_signature_names(cast, sign_in, doctor):
    rx = factories.pending_review(cast, now=real_now())
    screen = reverse("pharmacy_prescription", args=[rx.pk])
    pharmacist = sign_in("pharmacist")
    assert "corrected after the signature" not in pharmacist.get(screen).content.decode()
    url = reverse("doctor_correct", args=[cast.patient.pk])
    doctor.post(url, form_of(doctor.get(url), family_name="Deane", date_of_birth="1962-02-03"))
    page = pharmacist.get(screen).content.decode()
    assert "corrected after the signature" in page
    assert "Cara Dean<" in page and "03-Feb-1961" in page and "DEANE" in page and "03-Feb-1962" in page


def test_the_weight_stands_in_the_banner_with_its_day(cast, sign_in, doctor):
    rx = factories.pending_review(cast, now=real_now())
    pages = (
        (doctor, reverse("doctor_patient", args=[cast.patient.pk])),
        (sign_in("pharmacist"), reverse("pharmacy_prescription", args=[rx.pk])),
    )
    for browser, url in pages:
        assert "Weight: not recorded" not in browser.get(url).content.decode(), "an adult need not be weighed"
    Patient.objects.filter(pk=cast.patient.pk).update(date_of_birth=real_now().date().replace(month=1, day=1))
    for browser, url in pages:
        assert "Weight: not recorded" in browser.get(url).content.decode()
    today = real_now().date()
    set_weight(cast.actor("doctor"), cast.patient.pk, weight_milli=6_400, weighed_on=today, now=real_now())
    for browser, url in pages:
        banner = browser.get(url).content.decode().partition('class="banner"')[2].partition("</section>")[0]
        assert "6.4 kg" in banner and f'datetime="{today.isoformat()}' in banner
