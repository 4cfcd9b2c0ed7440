"""The frame: no page without a permission, sign-in by default, accounts and their states, refusals in words."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from elmed.accounts.actions import add_member
from elmed.accounts.models import AccountState, Role
from elmed.portals.page import route


def test_a_view_without_a_permission_fails_at_import():
    def view(request):
        return HttpResponse()

    with pytest.raises(ImproperlyConfigured):
        route("secret", view, "secret")


def portal_patterns(resolver=None):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            if entry.lookup_str.startswith(("elmed.portals", "elmed.help")):
                yield entry
        else:
            yield from portal_patterns(entry)


def test_every_page_is_registered_with_a_permission():
    patterns = list(portal_patterns())
    assert len(patterns) > 40
    assert all(getattr(entry.callback, "elmed_page", False) for entry in patterns)


NOT_THERE = (
    "doctor_disown",
    "help_client",
    "product_picture",
    "mails",
    "join_kind",
    "invited_member",
    "invited_patient",
)  # no such picture, kind, link, file
JOINING = ("join", "join_sent", "terms")


def test_every_page_but_help_asks_to_sign_in(db):
    for entry in portal_patterns():
        url = reverse(entry.name, kwargs=dict.fromkeys(entry.pattern.converters, 1))
        answer = Client().get(url)
        if entry.name in NOT_THERE:
            assert answer.status_code == 404
        elif entry.name == "language":
            assert answer.status_code == 405
        elif entry.lookup_str.startswith("elmed.help") or entry.name in ("components", *JOINING):
            assert answer.status_code == 200
        else:
            assert answer.status_code == 302, url
            assert answer["Location"].startswith("/accounts/login/")


def test_one_of_several_accounts_is_chosen(cast, sign_in):
    add_member(cast.other_pharmacy, cast.people["pharmacist"], Role.TECHNICIAN)
    browser = sign_in("pharmacist")
    assert browser.get(reverse("pharmacy_queue"))["Location"].startswith(reverse("choose_account"))
    browser.post(reverse("choose_account"), {"account": cast.other_pharmacy.pk})
    assert "Hill Pharmacy" in browser.get(reverse("pharmacy_queue")).content.decode()
    assert browser.post(reverse("choose_account"), {"account": cast.doctor.pk}).status_code == 404


@pytest.mark.parametrize("state", [AccountState.PENDING, AccountState.REJECTED, AccountState.SUSPENDED])
def test_an_account_that_cannot_act_sees_why(cast, sign_in, state):
    cast.doctor.state = state
    cast.doctor.save()
    browser = sign_in("doctor")
    page = browser.get(reverse("home"))
    assert page.status_code == 200
    assert {"pending": "waiting to be verified", "rejected": "not accepted", "suspended": "suspended"}[
        state
    ] in page.content.decode()
    assert browser.get(reverse("doctor_patients")).status_code == 403
    assert browser.post(reverse("doctor_patient_new"), {}).status_code == 403


def test_a_lapsed_account_reads_only(cast, sign_in):
    cast.doctor.state = AccountState.LAPSED
    cast.doctor.save()
    browser = sign_in("doctor")
    assert browser.get(reverse("doctor_patients")).status_code == 200
    answer = browser.get(reverse("doctor_patient_new"))
    assert answer.status_code == 403
    assert "licence has expired" in answer.content.decode()


def test_wrong_passwords_are_limited(cast, sign_in):
    sign_in("doctor")
    wrong = {"login": cast.people["doctor"].email, "password": "not this one"}
    for _ in range(5):
        Client().post(reverse("account_login"), wrong)
    from tests.portals.conftest import PASSWORD

    answer = Client().post(reverse("account_login"), wrong | {"password": PASSWORD})
    assert answer.status_code != 302


def test_the_pages_obey_the_content_security_policy(cast, sign_in):
    import re

    for browser, names in (
        (Client(), ("account_login", "account_reset_password", "help", "help_developers", "help_errors")),
        (sign_in("doctor"), ("doctor_home", "doctor_patients", "doctor_patient_new", "api_keys", "api_key_new", "security",
                             "account_change_password", "account_email", "mfa_index", "mfa_activate_totp", "mfa_add_webauthn")),
    ):  # fmt: skip
        for name in names:
            answer = browser.get(reverse(name), follow=True)
            text = answer.content.decode()
            assert answer.status_code == 200, name
            assert "default-src 'self'" in answer["Content-Security-Policy"]
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", text), name
            for tag in re.findall(r"<script[^>]*>", text):
                assert "src=" in tag or "application/json" in tag, (name, tag)
            assert not re.search(r"(src|href)=\"(https?:)?//", text), name


def test_the_guide_carries_this_installations_address(db, settings):
    settings.BASE_URL = "https://rx.example.org"
    settings.SUPPORT_EMAIL = "help@example.org"
    text = Client().get(reverse("help_developers")).content.decode()
    assert "https://rx.example.org/api/public/v1" in text
    assert "help@example.org" in text
    assert "elmed.healthcare" not in text


def test_every_page_of_the_sign_in_opens(cast, sign_in):
    browser = sign_in("doctor")
    assert "You are signed in as" in browser.get(reverse("security")).content.decode()
    for name in (
        "account_email",
        "account_change_password",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
    ):
        answer = browser.get(reverse(name), follow=True)
        assert answer.status_code == 200, name
        assert '<main id="main"' in answer.content.decode(), name


def test_one_slash_too_many_leads_to_the_page(db, client):
    found = client.get("/help/?q=label")
    assert (found.status_code, found["Location"]) == (301, "/help?q=label")
    assert client.get("/no-such-page/").status_code == 404
    assert client.post("/help/").status_code == 404
