"""What allauth would say in its own words, it says in ours: pages, messages, mails, refusals, fields."""

from pathlib import Path

import allauth
import pytest
from allauth.account import forms as account_forms
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django.template.loader import get_template
from django.urls import reverse

from elmed.portals import allauth_words
from tests.portals.conftest import PASSWORD

THEIRS = Path(allauth.__file__).parent / "templates"
# What this installation never shows: codes by mail, phones, allauth's sign-up, pages that lead to ours.
UNUSED = (
    "account/base_", "account/confirm_email_verification_code", "account/confirm_login_code", "account/confirm_password_reset_code",
    "account/confirm_phone_verification_code", "account/email_change", "account/password_set", "account/phone_change",
    "account/reauthenticate", "account/request_login_code", "account/signup", "account/snippets/", "account/verified_email_required",
    "account/email/account_already_exists", "account/email/email_confirmation", "account/email/login_code", "account/email/password_reset_code",
    "account/messages/login_code_sent", "account/messages/phone_", "mfa/base_", "mfa/index", "mfa/reauthenticate", "mfa/trust",
    "mfa/recovery_codes/base", "mfa/recovery_codes/download", "mfa/totp/base", "mfa/webauthn/base", "mfa/webauthn/reauthenticate",
    "mfa/webauthn/signup_form", "mfa/webauthn/snippets/",
)  # fmt: skip
UNUSED_REFUSALS = ("phone_", "username_", "unknown_phone", "select_only_one")
FORMS = (
    account_forms.LoginForm, account_forms.ChangePasswordForm, account_forms.ResetPasswordForm, account_forms.ResetPasswordKeyForm,
    account_forms.AddEmailForm, AuthenticateForm, ActivateTOTPForm, AddWebAuthnForm, EditWebAuthnForm,
)  # fmt: skip


def templates() -> list[str]:
    names = [str(path.relative_to(THEIRS)) for kind in ("account", "mfa") for path in (THEIRS / kind).rglob("*.*")]
    assert len(names) > 80
    return sorted(names)


def test_every_template_that_is_shown_is_ours():
    theirs = [
        name
        for name in templates()
        if not name.startswith(UNUSED) and str(THEIRS) in str(get_template(name).origin.name)  # type: ignore[attr-defined]
    ]
    assert not theirs


def test_nothing_is_called_unused_that_is_not_there():
    assert not [start for start in UNUSED if not any(name.startswith(start) for name in templates())]


@pytest.mark.parametrize(
    ("default", "ours"), [(DefaultAccountAdapter, allauth_words.SIGN_IN), (DefaultMFAAdapter, allauth_words.FACTORS)]
)
def test_every_refusal_is_ours(default, ours):
    assert not [code for code in default.error_messages if code not in ours and not code.startswith(UNUSED_REFUSALS)]
    assert not set(ours) - set(default.error_messages)


@pytest.mark.parametrize("form", FORMS)
def test_every_field_is_ours(form):
    shown = set(form.base_fields) - {"credential", "remember", "passwordless"}
    assert shown <= set(allauth_words.FIELDS)


def test_the_address_is_changed_in_our_words(cast, sign_in):
    browser = sign_in("doctor")
    url = reverse("account_email")
    page = browser.get(url).content.decode()
    assert "action_primary" not in page and "action_remove" not in page, "there is one address: nothing to choose"
    assert "<script data-allauth" not in page
    answer = browser.post(url, {"action_add": "", "email": "new@example.org"}, follow=True).content.decode()
    assert "A link is on its way to new@example.org" in answer and "Not confirmed yet" in answer
    assert "Make it the main one" in answer
    refused = browser.post(url, {"action_primary": "", "email": "new@example.org"}, follow=True).content.decode()
    assert "Confirm that address first" in refused
    again = browser.post(url, {"action_add": "", "email": "new@example.org"}).content.decode()
    assert "This address is yours already" in again
    main = browser.post(url, {"action_remove": "", "email": cast.people["doctor"].email}, follow=True).content.decode()
    assert "make another address the main one first" in main
    browser.post(url, {"action_remove": "", "email": "new@example.org"})
    assert "new@example.org</bdi>" not in browser.get(url).content.decode()


def test_an_empty_sign_in_says_what_to_do(client, db):
    page = client.post(reverse("account_login"), {"login": "", "password": PASSWORD}).content.decode()
    assert "E-mail address: Fill this in." in page and "placeholder" not in page
