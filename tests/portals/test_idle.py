"""A session that nobody uses is locked, then ended; what a page fetches by itself is no use of it."""

import time
from urllib.parse import urlencode

import pytest
from django.contrib.auth import SESSION_KEY
from django.urls import reverse

from elmed.patients.models import Patient
from elmed.portals.idle import SEEN
from tests.portals.conftest import PASSWORD


@pytest.fixture
def doctor(sign_in, settings):
    settings.IDLE_LOCK_SECONDS, settings.IDLE_END_SECONDS = 900, 3600
    return sign_in("doctor")


def paused(browser, seconds: int) -> None:
    """Nobody was there for so long."""
    session = browser.session
    session[SEEN] = int(time.time()) - seconds
    session.save()


def test_in_use_it_stays_open(doctor):
    paused(doctor, 890)
    assert doctor.get(reverse("doctor_patients")).status_code == 200
    assert time.time() - doctor.session[SEEN] < 60


def test_after_the_pause_nothing_but_the_question_is_answered(doctor):
    paused(doctor, 1000)
    wanted = reverse("doctor_patients") + "?q=K"
    answer = doctor.get(wanted)
    assert answer["Location"] == f"{reverse('unlock')}?{urlencode({'next': wanted})}"
    before = Patient.objects.count()
    assert doctor.post(reverse("doctor_patient_new"), {"family_name": "X"}).status_code == 302
    assert Patient.objects.count() == before
    page = doctor.get(answer["Location"])
    assert page.status_code == 200
    assert "Kowalska" not in page.content.decode()
    assert time.time() - doctor.session[SEEN] >= 1000  # asking is no use


def test_the_password_opens_it_where_one_was(doctor):
    paused(doctor, 1000)
    wanted = reverse("doctor_patients") + "?q=K"
    wrong = doctor.post(reverse("unlock"), {"password": "not this one", "next": wanted})
    assert wrong.status_code == 422
    assert doctor.get(wanted).status_code == 302
    assert doctor.post(reverse("unlock"), {"password": PASSWORD, "next": wanted})["Location"] == wanted
    assert doctor.get(wanted).status_code == 200


def test_it_leads_to_no_other_site(doctor):
    paused(doctor, 1000)
    answer = doctor.post(reverse("unlock"), {"password": PASSWORD, "next": "https://evil.example/"})
    assert answer["Location"] == reverse("home")


def test_the_script_is_answered_in_words(doctor):
    paused(doctor, 1000)
    wrong = doctor.post(reverse("unlock"), {"password": "no"}, headers={"x-lock": "1"})
    assert wrong.status_code == 422 and wrong["Content-Type"].startswith("text/plain")
    assert wrong.content
    assert doctor.post(reverse("unlock"), {"password": PASSWORD}, headers={"x-lock": "1"}).status_code == 204


def test_guessing_is_limited(doctor):
    paused(doctor, 1000)
    answers = [doctor.post(reverse("unlock"), {"password": f"guess {n}"}).status_code for n in range(12)]
    assert 429 in answers
    assert doctor.post(reverse("unlock"), {"password": PASSWORD}).status_code != 302


def test_what_a_page_fetches_by_itself_is_no_use(doctor):
    paused(doctor, 600)
    seen = doctor.session[SEEN]
    assert doctor.get(reverse("doctor_patients"), headers={"hx-request": "true"}).status_code == 200
    assert doctor.session[SEEN] == seen
    paused(doctor, 1000)
    assert doctor.get(reverse("doctor_patients"), headers={"hx-request": "true"}).status_code == 401


def test_at_last_the_session_is_over(doctor):
    paused(doctor, 3700)
    wanted = reverse("doctor_patients")
    assert doctor.get(wanted)["Location"].startswith(reverse("account_login"))
    assert SESSION_KEY not in doctor.session
    assert doctor.get(wanted, headers={"hx-request": "true"}).status_code == 401
    assert doctor.post(reverse("unlock"), {"password": PASSWORD}, headers={"x-lock": "1"}).status_code == 302


def test_typing_is_told(doctor):
    paused(doctor, 700)
    assert doctor.get(reverse("alive")).status_code == 204
    assert time.time() - doctor.session[SEEN] < 60
