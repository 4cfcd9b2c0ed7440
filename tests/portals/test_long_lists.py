"""Long lists: a patient's prescriptions in pages, and what their rows use in place of dearer tags."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from elmed.core.clock import real_now
from elmed.patients import actions
from elmed.patients.identity import Identity
from elmed.patients.models import IdentityCheck, Patient
from elmed.portals.doctor import patients
from elmed.portals.templatetags import portal
from elmed.prescriptions.vocabulary import Status
from tests import factories


def written(browser, cast, **query):
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(reverse("doctor_patient", args=[cast.patient.pk]), query)
    assert len(captured) <= 12, [one["sql"] for one in captured]
    text = answer.content.decode()
    listed = text[text.index("<h2>Prescriptions</h2>") : text.index("<h2>Consultations</h2>")]
    return [int(pk) for pk in re.findall(r'<th scope="row"><a href="/doctor/prescriptions/(\d+)', listed)], listed


@pytest.mark.parametrize("most", [100, 6])
def test_a_patients_prescriptions_in_pages(cast, sign_in, monkeypatch, most):
    """Also those beyond what the medication is read from."""
    monkeypatch.setattr(patients, "PAGE_SIZE", 3)
    monkeypatch.setattr(patients, "MOST_MEDICINES", most)
    now = real_now()
    signed = [factories.issued(cast, now=now - timedelta(hours=9 - number)).pk for number in range(7)]
    factories.draft(cast, now=now)
    doctor = sign_in("doctor")
    found = [written(doctor, cast, page=number) for number in (1, 2, 3)]
    newest = sorted(signed, reverse=True)
    assert [rows for rows, _ in found] == [newest[:3], newest[3:6], newest[6:]]
    assert ['rel="next"' in text for _, text in found] == [True, True, False]
    assert ['rel="prev"' in text for _, text in found] == [False, True, True]
    assert written(doctor, cast)[0] == written(doctor, cast, page=9)[0] == newest[:3]


def test_a_doctors_patients_in_pages(cast, sign_in, monkeypatch):
    """By name, each once, however often and in whatever way they were seen; of a merged record the one that counts."""
    monkeypatch.setattr(patients, "PAGE_SIZE", 2)
    now = real_now()
    for _ in range(2):
        factories.issued(cast, now=now)
    met = [
        actions.create(
            cast.actor("doctor"),
            Identity(name, "Ada", date(1970, 1, 1)),
            identity_check=IdentityCheck.KNOWN,
            summary="",
            now=now,
        ).patient
        for name in ("Adler", "Baker", "Baker", "Zola")
    ]
    unseen = cast.other_patient  # the record that counts: its own visits are nobody's here
    Patient.objects.filter(pk=met[3].pk).update(merged_into=unseen)
    doctor, found = sign_in("doctor"), []
    for page in (1, 2, 3):
        text = doctor.get(reverse("doctor_patients"), {"page": page}).content.decode()
        found.append([int(pk) for pk in re.findall(r'<th scope="row"><a href="/doctor/patients/(\d+)', text)])
        assert ('rel="next"' in text) == (page < 3)
    assert found == [[met[0].pk, met[1].pk], [met[2].pk, cast.patient.pk], [unseen.pk]]


@pytest.mark.parametrize("name", ["doctor_prescription", "doctor_favourite_new", "pharmacy_prescription"])
def test_an_address_is_what_the_url_tag_gives(name):
    assert portal.url_of(17, name) == reverse(name, args=[17])


@pytest.mark.parametrize("status", [*Status, "<b>"])
def test_a_status_stands_in_words_and_colour(status):
    printed = Template("{% load portal %}{{ value|status_mark }}").render(Context({"value": str(status)}))
    assert f"status-{portal.status_tone(str(status))}" in printed
    assert "<b>" not in printed
    assert "&lt;b&gt;" in portal.status_mark(str(status), "<b>")


def test_a_day_is_written_in_the_language_and_the_time_zone_of_the_reader():
    at = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    with timezone.override("UTC"):
        first = portal.moment(at), portal.day(at)
        with translation.override("ar"):
            arabic = portal.day(at)
    with timezone.override("Asia/Tokyo"):
        later = portal.moment(at), portal.day(at)
    assert ("22 Nov 2026" in first[1], "23 Nov 2026" in later[1]) == (True, True)
    assert "23:30" in first[0]
    assert "08:30" in later[0] or "8:30" in later[0]
    assert arabic not in (first[1], later[1])
