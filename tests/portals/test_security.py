"""The second factor: set up, asked for, required where the work needs it, given back by staff; passkeys' pages."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse

from elmed.access import second_factor
from elmed.access.models import Device
from elmed.accounts.actions import add_member
from elmed.accounts.models import Role
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.models import Event
from elmed.notifications.models import Mail
from tests.cast import assemble
from tests.portals.conftest import PASSWORD

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(secret: str = SECRET) -> str:
    """What the app would show now."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def with_app(person) -> None:
    """That person has an authenticator app and recovery codes."""
    TOTP.activate(person, SECRET)
    RecoveryCodes.activate(person)


def older(browser, seconds: int = 600) -> None:
    """The browser's last password was given so long ago."""
    session = browser.session
    for record in session["account_authentication_methods"]:
        record["at"] = time.time() - seconds
    session.save()


def test_the_app_is_set_up_and_the_codes_are_shown_once(cast, sign_in):
    browser = sign_in("doctor")
    page = browser.get(reverse("mfa_activate_totp")).content.decode()
    secret = re.search(r'id="totp-secret"[^>]*>([A-Z2-7]+)<', page)[1]
    assert browser.post(reverse("mfa_activate_totp"), {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.exists()
    answer = browser.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    shown = browser.get(answer["Location"]).content.decode()
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    assert len(codes) == 10 and all(one in shown for one in codes)
    again = browser.get(answer["Location"]).content.decode()
    assert not any(one in again for one in codes)
    assert "10 are left" in browser.get(reverse("security")).content.decode()


def test_the_factor_is_asked_for_and_a_recovery_code_stands_in_once(cast, sign_in):
    sign_in("doctor")
    person = cast.people["doctor"]
    with_app(person)
    spare = RecoveryCodes(Authenticator.objects.get(user=person, type="recovery_codes")).get_unused_codes()[0]
    for given, enters in ((spare, True), (spare, False), (code(), True)):
        browser = Client()
        answer = browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        assert answer["Location"] == reverse("mfa_authenticate")
        assert browser.get(reverse("doctor_home")).status_code == 302  # not in yet
        page = browser.get(reverse("mfa_authenticate")).content.decode()
        assert "recovery codes" in page
        browser.post(reverse("mfa_authenticate"), {"code": given})
        assert (browser.get(reverse("doctor_home")).status_code == 200) is enters


@pytest.mark.django_db(transaction=True)
def test_a_changed_factor_is_told_by_mail(sign_in_for_good):
    browser, email = sign_in_for_good
    secret = re.search(
        r'id="totp-secret"[^>]*>([A-Z2-7]+)<', browser.get(reverse("mfa_activate_totp")).content.decode()
    )[1]
    browser.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    assert Mail.objects.filter(to=email, template="plain").count() == 1


@pytest.fixture
def sign_in_for_good(transactional_db):
    """A browser whose requests commit, and its person's address."""
    cast = assemble()
    person = cast.people["doctor"]
    person.set_password(PASSWORD)
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    browser = Client()
    browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return browser, person.email


@pytest.mark.parametrize("name", ["doctor", "owner", "pharmacist", "technician", "staff"])
def test_who_needs_one_reaches_nothing_else_without(cast, sign_in, settings, name):
    settings.REQUIRE_SECOND_FACTOR = True
    browser = sign_in(name)
    setting_up = reverse("second_factor")
    for page in ("home", "settings", "api_keys", "api_key_new", "profile", "sessions", "account_email"):
        assert browser.get(reverse(page))["Location"] == setting_up, page
    assert browser.post(reverse("api_key_new"), {"name": "x"})["Location"] == setting_up
    assert browser.get(reverse("home"), headers={"HX-Request": "true"}).status_code == 401
    for page in ("second_factor", "mfa_activate_totp", "mfa_add_webauthn", "help"):
        assert browser.get(reverse(page)).status_code == 200, page
    with_app(cast.people[name])
    assert browser.get(reverse("settings")).status_code == 200
    assert browser.get(setting_up)["Location"] == reverse("home")


def test_patients_and_the_demo_need_none(cast, sign_in, settings):
    assert sign_in("doctor").get(reverse("settings")).status_code == 200
    settings.REQUIRE_SECOND_FACTOR = True
    assert sign_in("patient").get(reverse("patient_home")).status_code == 200
    add_member(cast.pharmacy, cast.people["patient"], Role.TECHNICIAN)
    assert sign_in("patient").get(reverse("patient_home"))["Location"] == reverse("second_factor")


def test_the_api_is_not_asked(cast, settings):
    from elmed.access import keys

    settings.REQUIRE_SECOND_FACTOR = True
    _, secret = keys.create(cast.actor("pharmacist"), name="till", scopes=["rx:read"])
    assert Client().get("/api/public/v1/me", headers={"x-api-key": secret}).status_code == 200


def test_the_last_needed_factor_stays(cast, sign_in, settings):
    browser = sign_in("doctor")
    with_app(cast.people["doctor"])
    settings.REQUIRE_SECOND_FACTOR = True
    answer = browser.post(reverse("mfa_deactivate_totp"))
    assert "add another one first" in answer.content.decode()
    assert Authenticator.objects.filter(type="totp").exists()
    settings.REQUIRE_SECOND_FACTOR = False
    assert browser.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert not Authenticator.objects.exists()


def test_a_removed_passkey_is_asked_for_anew(cast, sign_in, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    browser = sign_in("doctor")
    key = Authenticator.objects.create(
        user=cast.people["doctor"], type="webauthn", data={"name": "Stick", "credential": {}}
    )
    assert browser.get(reverse("settings")).status_code == 200
    browser.post(reverse("mfa_remove_webauthn", args=[key.pk]))
    assert not Authenticator.objects.exists()
    assert browser.get(reverse("settings"))["Location"] == reverse("second_factor")


def test_what_was_typed_goes_on_after_the_password(cast, sign_in):
    from elmed.access.models import ApiKey

    browser = sign_in("pharmacist")
    page = browser.get(reverse("api_key_new")).content.decode()
    once = re.search(r'name="once" value="([^"]+)"', page)[1]
    older(browser)
    asked = browser.post(
        reverse("api_key_new"), {"once": once, "name": "Kept name", "mode": "live", "scopes": ["rx:read"]}
    )
    assert asked.status_code == 302 and asked["Location"].startswith(reverse("confirm"))
    assert not ApiKey.objects.exists()
    wrong = browser.post(asked["Location"], {"password": "not it", "next": reverse("api_key_new")})
    assert wrong.status_code == 422 and not ApiKey.objects.exists()
    answer = browser.post(asked["Location"], {"password": PASSWORD, "next": reverse("api_key_new")})
    assert "Your new key “Kept name”" in answer.content.decode()
    assert ApiKey.objects.get().name == "Kept name"


@pytest.mark.parametrize(
    "page", ["api_key_new", "mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"]
)
def test_what_protects_the_sign_in_asks_who_it_is(cast, sign_in, page):
    browser = sign_in("doctor")
    older(browser)
    answer = browser.get(reverse(page))
    assert answer["Location"].startswith(reverse("confirm"))
    assert browser.post(answer["Location"], {"password": PASSWORD, "next": reverse(page)})["Location"] == reverse(page)


def test_a_new_address_asks_who_it_is(cast, sign_in):
    browser = sign_in("patient")
    older(browser)
    answer = browser.post(reverse("account_email"), {"action_add": "", "email": "new@example.org"})
    assert answer["Location"].startswith(reverse("confirm"))
    assert not EmailAddress.objects.filter(email="new@example.org").exists()


def test_a_forgotten_password_is_answered_the_same_for_anybody(cast, sign_in):
    sign_in("doctor")
    answers = [
        Client().post(reverse("account_reset_password"), {"email": email}, follow=True).content.decode()
        for email in (cast.people["doctor"].email, "nobody@example.org")
    ]
    plain = [re.sub(r'(csrfmiddlewaretoken" value|X-CSRFToken)[^>]+', "", text) for text in answers]
    assert plain[0] == plain[1]
    assert "A mail is on its way" in plain[0]
    assert Mail.objects.filter(to=cast.people["doctor"].email).count() == 1


class TestReset:
    @pytest.fixture
    def lost(self, cast, sign_in):
        browser = sign_in("pharmacist")
        with_app(cast.people["pharmacist"])
        return browser

    def test_by_staff_on_its_page(self, cast, sign_in, lost):
        person, staff = cast.people["pharmacist"], sign_in("staff")
        listed = staff.get(reverse("staff_sign_ins", args=[cast.pharmacy.pk])).content.decode()
        url = reverse("staff_second_factor_reset", args=[cast.pharmacy.pk, person.pk])
        assert url in listed
        assert staff.post(url, {"identity_check": ""}).status_code == 422
        assert Authenticator.objects.exists()
        older(staff)
        assert staff.get(url).status_code == 302
        staff.post(reverse("confirm"), {"password": PASSWORD})
        assert staff.post(url, {"identity_check": "called_back"}).status_code == 302
        assert not Authenticator.objects.exists()
        assert not Device.objects.filter(person=person).exists()
        assert lost.get(reverse("pharmacy_queue")).status_code == 302  # signed out
        event = Event.objects.get(type="person.second_factor_reset")
        assert event.data == {"person_id": person.pk, "identity_check": "called_back"}
        assert event.actor_person_id == cast.people["staff"].pk
        assert Mail.objects.get(template="second_factor_reset").to == person.email

    def test_refused_and_nothing_changed(self, cast, lost):
        person = cast.people["pharmacist"]
        with_app(cast.people["staff"])
        before = Authenticator.objects.count()
        pharmacy, staff = cast.pharmacy.pk, cast.staff.pk
        for actor, account, who, check, refusal in (
            ("owner", pharmacy, person.pk, "called_back", NotAllowed),
            ("staff", pharmacy, person.pk, "", Invalid),
            ("staff", cast.other_pharmacy.pk, person.pk, "called_back", NotVisible),
            ("staff", staff, cast.people["staff"].pk, "called_back", NotAllowed),
            ("staff", pharmacy, cast.people["owner"].pk, "called_back", NotNow),
        ):
            with pytest.raises(refusal):
                second_factor.reset(cast.actor(actor), account, who, identity_check=check)
        assert Authenticator.objects.count() == before
        assert not Event.objects.filter(type="person.second_factor_reset").exists()
        assert not Mail.objects.filter(template="second_factor_reset").exists()
        assert lost.get(reverse("pharmacy_queue")).status_code == 200

    def test_not_by_somebody_who_left_the_screen_open(self, cast, lost):
        from dataclasses import replace
        from datetime import timedelta

        away = replace(cast.actor("staff"), authenticated_at=real_now() - timedelta(minutes=6))
        with pytest.raises(NotAllowed, match="reauthentication_required"):
            second_factor.reset(away, cast.pharmacy.pk, cast.people["pharmacist"].pk, identity_check="called_back")
        assert Authenticator.objects.count() == 2


def test_statements(cast, sign_in, django_assert_max_num_queries):
    browser, staff = sign_in("pharmacist"), sign_in("staff")
    with_app(cast.people["pharmacist"])
    with django_assert_max_num_queries(12):
        browser.get(reverse("security"))
    with django_assert_max_num_queries(12):
        staff.get(reverse("staff_sign_ins", args=[cast.pharmacy.pk]))
