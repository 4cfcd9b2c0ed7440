# ruff: noqa: F811
"""How much is kept, and of how many: what is too long is told, and nobody fills the table of sessions."""

import secrets

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from tests.portals.conftest import PASSWORD
from tests.portals.test_kept import GONE, NOTICE, WAYS, back_of, gone, locked, pauses, proves, typed  # noqa: F401

LONG = "".join(secrets.token_urlsafe(30) for _ in range(2000))  # nothing repeats in it


@pytest.mark.parametrize("summary", [LONG, "x" * 250_000], ids=["nothing to press", "pressed"])
@pytest.mark.parametrize("way", WAYS)
def test_what_is_too_large_is_not_kept_and_the_page_says_so(cast, sign_in, typed, way, summary):
    doctor = sign_in("doctor")
    WAYS[way](doctor)
    back = back_of(doctor.post(reverse("doctor_patient_new"), typed | {"summary": summary}))
    proves(doctor, back, cast.people["doctor"].email, waits=False)
    page = doctor.get(back).content.decode()
    assert "could not be kept" in page and GONE not in page and NOTICE not in page
    assert not doctor.session.get("kept")


def test_a_long_letter_in_arabic_is_kept(cast, sign_in, typed):
    doctor, words = sign_in("doctor"), "حساسية موسمية منذ شهر مايو، مع سعال ليلي. " * 400
    locked(doctor)
    back = back_of(doctor.post(reverse("doctor_patient_new"), typed | {"summary": words}))
    proves(doctor, back, cast.people["doctor"].email)
    assert doctor.get(back).context["form"]["summary"].value() == words


def test_one_of_each_page_is_kept_and_the_oldest_makes_room(cast, sign_in, typed):
    doctor, backs = sign_in("doctor"), []
    locked(doctor)
    for n in (1, 2):
        backs.append(back_of(doctor.post(reverse("doctor_patient_new"), typed | {"summary": f"no. {n}"})))
    assert len(doctor.session["kept"]) == 1
    for name in ("doctor_consultation", "doctor_allergies", "doctor_weight"):
        backs.append(back_of(doctor.post(reverse(name, args=[cast.patient.pk]), typed)))
    assert len(doctor.session["kept"]) == 3
    doctor.post(reverse("unlock"), {"password": PASSWORD})
    assert [f"kept={name}" in backs[at] for at, name in enumerate(doctor.session["kept"], 2)] == [True] * 3
    assert [GONE in doctor.get(back).content.decode() for back in backs[:2]] == [True, True]


@pytest.mark.parametrize("way", ["ended", "gone"])
def test_what_a_page_asks_by_itself_is_not_kept(sign_in, typed, way):
    doctor = sign_in("doctor")
    WAYS[way](doctor)
    assert doctor.post(reverse("doctor_patient_new"), typed, headers={"HX-Request": "true"}).status_code == 401
    assert not doctor.session.get("kept")


def test_a_browser_without_anybody_keeps_so_much_an_hour(cast, sign_in, typed):
    """Each of them is a session more in the table."""
    doctor, url = sign_in("doctor"), reverse("doctor_patient_new")
    gone(doctor)
    device = doctor.cookies["device"].value
    answers = []
    for _ in range(21):
        browser = Client()
        browser.cookies["device"] = device
        answers.append(back_of(browser.post(url, typed)))
    assert ["not_kept=1" in back for back in answers] == [False] * 20 + [True]
    assert Session.objects.count() == 20
