"""A form whose token does not hold any more: a tab of before the last sign-in. It is done by nobody, and shown again to who typed it."""

import html
import re

import pytest
from django.conf import settings
from django.middleware import csrf
from django.test import Client, RequestFactory
from django.urls import reverse

from elmed.patients.models import Patient
from elmed.portals import kept, stale
from tests.portals.conftest import PASSWORD
from tests.portals.test_kept import FOR, NOTICE, TYPED, gone


def strict(browser: Client) -> Client:
    """The same browser, whose forms' tokens are looked at."""
    found = Client(enforce_csrf_checks=True)
    found.cookies = browser.cookies
    return found


def token_of(browser: Client) -> str:
    """The token in a form of a page that is open now."""
    page = browser.get(reverse("doctor_patient_new")).content.decode()
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]


def signs_in(browser: Client, email: str) -> None:
    """In another tab of that browser, once nobody is signed in any more."""
    gone(browser)
    page = browser.get(reverse("account_login")).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    sent = {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert browser.post(reverse("account_login"), sent).status_code == 302


def link_of(answer) -> str:
    """Where the page of a stale form leads back to."""
    assert answer.status_code == 403
    return html.unescape(re.search(r'btn-primary" href="([^"]+)"', answer.content.decode())[1])


def test_a_tab_that_outlived_the_session_comes_back_after_the_sign_in_in_another(cast, sign_in):
    browser, before = strict(sign_in("doctor")), Patient.objects.count()
    sent = TYPED | {FOR: str(cast.doctor.pk), "csrfmiddlewaretoken": token_of(browser)}
    signs_in(browser, cast.people["doctor"].email)
    answer = browser.post(reverse("doctor_patient_new"), sent)
    back = link_of(answer)
    assert "what you typed is put back. Look" in answer.content.decode() and "Nowicka" not in back
    page = browser.get(back)
    assert NOTICE in page.content.decode() and page.context["form"]["family_name"].value() == "Nowicka"
    assert Patient.objects.count() == before


def test_a_tab_of_the_person_before_is_kept_for_nobody(cast, sign_in):
    browser = strict(sign_in("doctor"))
    sign_in("other_doctor")  # who has a password then
    sent = TYPED | {"csrfmiddlewaretoken": token_of(browser)}
    signs_in(browser, cast.people["other_doctor"].email)
    assert link_of(browser.post(reverse("doctor_patient_new"), sent)) == reverse("doctor_patient_new")
    signs_in(browser, cast.people["doctor"].email)  # and after them too
    assert link_of(browser.post(reverse("doctor_patient_new"), sent)) == reverse("doctor_patient_new")
    assert not browser.session.get("kept")


@pytest.mark.parametrize("token", ["", "x", "a" * 64, "a" * 32])
def test_a_form_with_no_token_of_before_is_not_kept_after_a_sign_in(cast, sign_in, token):
    browser = strict(sign_in("doctor"))
    signs_in(browser, cast.people["doctor"].email)
    signs_in(browser, cast.people["doctor"].email)
    answer = browser.post(reverse("doctor_patient_new"), TYPED | {"csrfmiddlewaretoken": token})
    assert link_of(answer) == reverse("doctor_patient_new") and "kept" not in browser.session


def test_a_request_from_another_site_keeps_nothing_whatever_its_token(cast, sign_in):
    browser = strict(sign_in("doctor"))
    sent = TYPED | {FOR: str(cast.doctor.pk), "csrfmiddlewaretoken": token_of(browser)}
    signs_in(browser, cast.people["doctor"].email)
    url = reverse("doctor_patient_new")
    assert link_of(browser.post(url, sent, headers={"Origin": "https://elsewhere.example"})) == url
    assert link_of(browser.post(url, sent, headers={"Referer": "http://elsewhere.example/"}, secure=True)) == url
    assert "kept" not in browser.session
    assert "kept=" in link_of(browser.post(url, sent))


def test_a_tab_of_more_than_an_hour_before_is_not_kept(cast, sign_in, monkeypatch):
    browser = strict(sign_in("doctor"))
    sent = TYPED | {FOR: str(cast.doctor.pk), "csrfmiddlewaretoken": token_of(browser)}
    signs_in(browser, cast.people["doctor"].email)
    session = browser.session
    session[stale.FORMER] = [session[stale.FORMER][0], session[stale.FORMER][1] - kept.LASTS - 1]
    session.save()
    assert link_of(browser.post(reverse("doctor_patient_new"), sent)) == reverse("doctor_patient_new")
    assert "kept" not in browser.session


def test_django_judges_tokens_as_this_page_takes_it_to():
    """The page leans on what Django does not promise: a new release that does it otherwise fails here."""
    secret = csrf._get_new_csrf_string()
    token = csrf._mask_cipher_secret(secret)
    csrf._check_token_format(token)
    assert csrf._does_token_match(token, secret)
    assert not csrf._does_token_match(token, csrf._get_new_csrf_string())
    with pytest.raises(csrf.InvalidTokenFormat):
        csrf._check_token_format("x")
    request = RequestFactory().post("/", {"csrfmiddlewaretoken": csrf._mask_cipher_secret(csrf._get_new_csrf_string())})
    request.COOKIES[settings.CSRF_COOKIE_NAME] = secret
    with pytest.raises(csrf.RejectRequest) as refused:
        csrf.CsrfViewMiddleware(lambda _request: None)._check_token(request)
    assert refused.value.reason == stale.WRONG
