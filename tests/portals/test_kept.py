# ruff: noqa: F811
"""What was sent behind the lock or after the session's end is shown again in its own form, to who typed it, and done by nobody."""

import re
import zlib
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.patients.models import Patient
from elmed.portals import kept
from tests import factories as f
from tests.portals.conftest import PASSWORD
from tests.portals.test_doctor import composed, doctor, known  # noqa: F401  (fixtures)
from tests.portals.test_doctor_composer import formulary  # noqa: F401
from tests.portals.test_idle import paused

TYPED = {
    "family_name": "Nowicka", "given_name": "Ewa", "date_of_birth": "1984-05-06", "summary": "Hay fever since May",
    "once": "token-of-the-page", "csrfmiddlewaretoken": "x",
}  # fmt: skip
FOR = "made_for"  # the hidden field of each form: its page's account and world
NOTICE, GONE = "data-afresh", "is not kept any more"


@pytest.fixture
def typed(cast):
    """As the doctor's page sends it."""
    return TYPED | {FOR: str(cast.doctor.pk)}


@pytest.fixture(autouse=True)
def pauses(settings):
    settings.IDLE_LOCK_SECONDS, settings.IDLE_END_SECONDS = 900, 3600


def locked(browser: Client) -> None:
    paused(browser, 1000)


def ended(browser: Client) -> None:
    paused(browser, 3700)


def gone(browser: Client) -> None:
    """Ended from elsewhere, or purged: the browser's session is not there any more."""
    Session.objects.filter(session_key=browser.session.session_key).delete()


WAYS = {"locked": locked, "ended": ended, "gone": gone}


def back_of(answer) -> str:
    """Where the page that asks who it is leads on to."""
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer["Location"]).query)["next"][0]


def proves(browser: Client, next_: str, email: str, *, waits: bool = True) -> None:
    """The person says who they are, on whichever page asks; it tells whether something is kept."""
    asks = "unlock" if browser.session.get("_auth_user_id") else "account_login"
    assert ("What you typed is kept" in browser.get(reverse(asks), {"next": next_}).content.decode()) is waits
    if browser.session.get("_auth_user_id"):
        answer = browser.post(reverse("unlock"), {"password": PASSWORD, "next": next_})
    else:
        answer = browser.post(reverse("account_login"), {"login": email, "password": PASSWORD, "next": next_})
    assert (answer.status_code, answer["Location"]) == (302, next_)


@pytest.mark.parametrize("way", WAYS)
def test_the_own_form_is_shown_again_as_it_was_typed(cast, sign_in, way, typed):
    doctor, before = sign_in("doctor"), Patient.objects.count()
    WAYS[way](doctor)
    back = back_of(doctor.post(reverse("doctor_patient_new"), typed))
    assert "Nowicka" not in back and "fever" not in back
    proves(doctor, back, cast.people["doctor"].email)
    page = doctor.get(back)
    words = page.content.decode()
    assert page.status_code == 200 and NOTICE in words and "There is a problem" not in words
    for name in ("family_name", "given_name", "date_of_birth", "summary"):
        assert page.context["form"][name].value() == typed[name], name
        assert typed[name] in words
    assert re.findall(r'name="once" value="([^"]*)"', words) == ["token-of-the-page"]  # and it is made once
    assert "token-of-the-page" not in page.wsgi_request.kept.words
    assert Patient.objects.count() == before  # nothing was done by itself
    assert page.context["form"].fresh in words
    assert doctor.get(back).context["form"]["summary"].value() == typed["summary"]  # a page loaded anew loses nothing
    afresh = doctor.get(reverse("doctor_patient_new") + page.wsgi_request.kept.afresh).content.decode()
    assert "Nowicka" not in afresh and NOTICE not in afresh


@pytest.mark.parametrize("way", WAYS)
def test_what_was_sent_again_is_not_kept_longer(cast, sign_in, way, typed):
    doctor, before = sign_in("doctor"), Patient.objects.count()
    WAYS[way](doctor)
    back = back_of(doctor.post(reverse("doctor_patient_new"), typed))
    proves(doctor, back, cast.people["doctor"].email)
    doctor.get(back)
    assert doctor.post(back, typed).status_code == 422  # how identity was checked was not said
    assert NOTICE in doctor.get(back).content.decode()
    assert doctor.post(back, typed | {"identity_check": "photo_id", "sex": "female"}).status_code == 302
    assert Patient.objects.count() == before + 1
    page = doctor.get(back).content.decode()
    assert GONE in page and "Nowicka" not in page
    assert doctor.session["kept"] == {}


@pytest.mark.parametrize("way", ["ended", "gone"])
def test_another_person_at_the_same_browser_is_shown_nothing(cast, sign_in, way, typed):
    doctor = sign_in("doctor")
    sign_in("other_doctor")  # who has a password then
    WAYS[way](doctor)
    back = back_of(doctor.post(reverse("doctor_patient_new"), typed))
    assert doctor.session["kept"]
    proves(doctor, back, cast.people["other_doctor"].email)
    page = doctor.get(back).content.decode()
    assert GONE in page and "Nowicka" not in page and "fever" not in page
    assert doctor.session["kept"] == {}


def test_a_colleagues_session_opens_it_neither(cast, sign_in, typed):
    """The name in the address is worth nothing without the session that keeps it."""
    doctor, other = sign_in("doctor"), sign_in("other_doctor")
    locked(doctor)
    back = back_of(doctor.post(reverse("doctor_patient_new"), typed))
    assert "Nowicka" not in other.get(back).content.decode()
    entries = doctor.session["kept"]
    session = other.session
    session["kept"] = entries
    session.save()
    assert "Nowicka" not in other.get(back).content.decode()


def test_it_goes_with_the_sign_out(cast, sign_in, typed):
    doctor = sign_in("doctor")
    locked(doctor)
    back = back_of(doctor.post(reverse("doctor_patient_new"), typed))
    doctor.post(reverse("account_logout"))
    assert "kept" not in doctor.session
    proves(doctor, back, cast.people["doctor"].email, waits=False)
    assert "Nowicka" not in doctor.get(back).content.decode()


def test_it_goes_after_an_hour(cast, sign_in, monkeypatch, typed):
    doctor = sign_in("doctor")
    locked(doctor)
    back = back_of(doctor.post(reverse("doctor_patient_new"), typed))
    monkeypatch.setattr(kept, "LASTS", -1)  # as if it was over
    proves(doctor, back, cast.people["doctor"].email, waits=False)
    assert "Nowicka" not in doctor.get(back).content.decode()
    paused(doctor, 61)
    doctor.get(reverse("doctor_home"))
    assert doctor.session["kept"] == {}


def test_nobody_reads_it_in_the_table_of_sessions(sign_in, typed):
    doctor = sign_in("doctor")
    locked(doctor)
    doctor.post(reverse("doctor_patient_new"), typed)
    row = Session.objects.get(session_key=doctor.session.session_key)
    stored = str(signing.loads(row.session_data, salt="django.contrib.sessions.SessionStore"))
    assert "kept" in stored
    for words in ("Nowicka", "Ewa", "1984-05-06", "fever", "token-of-the-page"):
        assert words not in stored


@pytest.mark.parametrize(
    ("name", "kept_too"),
    [
        ("1-code", False),
        ("sign-credential", False),
        ("a-next", False),
        ("diagnosis-0-code", True),
        ("medication_code", True),
    ],
)
def test_proofs_of_a_prefixed_form_neither(sign_in, typed, name, kept_too):
    doctor = sign_in("doctor")
    locked(doctor)
    doctor.post(reverse("doctor_patient_new"), typed | {name: "123456"})
    [entry] = doctor.session["kept"].values()
    assert (name in kept._opened(entry[3])) is kept_too


def test_proofs_are_never_kept(cast, sign_in, monkeypatch):
    """Sealed is what was typed, and no password, code, passkey or token."""
    sealed = []
    monkeypatch.setattr(
        "elmed.portals.kept.Fernet.encrypt", lambda _self, data: sealed.append(zlib.decompress(data)) or b"sealed"
    )
    rx, doctor = f.draft(cast, now=real_now()), sign_in("doctor")
    locked(doctor)
    proofs = {"password": PASSWORD, "code": "123456", "credential": "{}", "csrfmiddlewaretoken": "tok"}
    doctor.post(reverse("doctor_review", args=[rx.pk]), {"version": 1, "pharmacy_words": "King", **proofs})
    assert sealed == [b"version=1&pharmacy_words=King"]


@pytest.mark.parametrize("way", WAYS)
def test_a_form_of_another_site_is_not_kept(cast, sign_in, way, typed):
    """Its token is wrong: it is refused before anything is kept, behind the lock too."""
    doctor = sign_in("doctor")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = doctor.cookies
    WAYS[way](strict)
    answer = strict.post(reverse("doctor_patient_new"), typed)
    assert answer.status_code == (302 if way == "locked" else 403)
    assert "kept" not in strict.session
    if way == "locked":
        assert "kept=" not in answer["Location"]
    strict.get(reverse("account_login"))
    token = strict.cookies["csrftoken"].value
    answer = strict.post(reverse("doctor_patient_new"), typed | {"csrfmiddlewaretoken": token})
    assert "kept%3D" in answer["Location"] and strict.session["kept"]


def test_a_browser_that_nobody_signed_in_with_keeps_nothing(db, typed):
    answer = Client().post(reverse("doctor_patient_new"), typed)
    assert "kept" not in answer["Location"]
    assert not Session.objects.exists()


def test_a_second_end_says_that_it_is_gone(cast, sign_in, typed):
    doctor = sign_in("doctor")
    locked(doctor)
    back = back_of(doctor.post(reverse("doctor_patient_new"), typed))
    ended(doctor)
    again = back_of(doctor.get(back))
    assert again == back
    proves(doctor, again, cast.people["doctor"].email, waits=False)
    assert GONE in doctor.get(again).content.decode()


def test_a_button_with_nothing_typed_is_not_kept(cast, sign_in, typed):
    rx, pharmacist = f.pending_review(cast, now=real_now()), sign_in("pharmacist")
    locked(pharmacist)
    url = reverse("pharmacy_act_verify", args=[rx.pk])
    assert back_of(pharmacist.post(url, {"version": rx.version, "was": "pending_review", "place": "1"})) == url
    rx.refresh_from_db()
    assert rx.status == "pending_review"
