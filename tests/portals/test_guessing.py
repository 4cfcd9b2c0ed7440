"""Guesses at passwords and codes, and what else somebody outside tries at the sign-in; nobody else is kept out by them."""

import time

import pytest
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse

from elmed.access.models import ApiKey
from elmed.accounts.actions import add_member
from elmed.accounts.models import Role
from elmed.notifications.models import Mail
from elmed.portals.sign_in import COOKIE
from tests.portals.conftest import PASSWORD
from tests.portals.test_security import code, older, with_app


@pytest.fixture(autouse=True)
def no_counts(db):
    cache.clear()


def login(browser, person, password=PASSWORD):
    return browser.post(reverse("account_login"), {"login": person.email, "password": password})


def lock_out(person) -> None:
    """Somebody without any cookie tries five passwords."""
    for _ in range(5):
        assert login(Client(), person, "not the password").status_code == 200


class TestPasswords:
    def test_five_wrong_ones_stop_strangers_and_not_the_owners_own_browser(self, cast, sign_in):
        own, person = sign_in("doctor"), cast.people["doctor"]
        own.post(reverse("account_logout"))
        lock_out(person)
        stranger = login(Client(), person)
        assert stranger.status_code == 200 and "Too many wrong tries" in stranger.content.decode()
        assert login(own, person).status_code == 302

    def test_nor_do_they_keep_a_screen_locked(self, cast, sign_in):
        own, person = sign_in("doctor"), cast.people["doctor"]
        lock_out(person)
        assert own.post(reverse("unlock"), {"password": PASSWORD}).status_code == 302

    def test_the_cookie_of_another_person_helps_nobody(self, cast, sign_in):
        sign_in("doctor")
        theirs = sign_in("owner").cookies[COOKIE].value
        lock_out(cast.people["doctor"])
        browser = Client()
        for token in (theirs, "made-up", ""):
            browser.cookies[COOKIE] = token
            assert login(browser, cast.people["doctor"]).status_code == 200, token

    def test_wrong_ones_from_a_known_browser_are_counted_too(self, cast, sign_in):
        own, person = sign_in("doctor"), cast.people["doctor"]
        own.post(reverse("account_logout"))
        for _ in range(5):
            login(own, person, "not the password")
        assert "Too many wrong tries" in login(own, person).content.decode()
        assert login(Client(), person).status_code == 302  # and stop no other browser


class TestCodes:
    @pytest.fixture
    def person(self, cast, sign_in):
        sign_in("doctor")
        with_app(cast.people["doctor"])
        return cast.people["doctor"]

    def asked(self, person) -> Client:
        """A browser that has given the password."""
        browser = Client()
        assert login(browser, person)["Location"] == reverse("mfa_authenticate")
        return browser

    def give(self, browser, given):
        return browser.post(reverse("mfa_authenticate"), {"code": given})

    def inside(self, browser) -> bool:
        return browser.get(reverse("doctor_home")).status_code == 200

    def five_minutes_later(self, person) -> None:
        request = RequestFactory(REMOTE_ADDR="127.0.0.1").get("/")
        ratelimit.clear(request, action="login_failed", key=f"mfa-auth-user-{person.pk}")

    def test_one_that_was_seen_works_no_second_time(self, person):
        shown = code()
        first = self.asked(person)
        self.give(first, shown)
        assert self.inside(first)
        cache.delete(f"allauth.mfa.totp.used?user={person.pk}&code={shown}")  # half a minute later
        second = self.asked(person)
        answer = self.give(second, shown)
        assert "used already" in answer.content.decode() and not self.inside(second)

    def test_a_long_row_is_told_by_mail_and_stopped(self, person):
        browser = self.asked(person)
        for number in range(20):
            if number % 4 == 0:
                self.five_minutes_later(person)
            self.give(browser, "000000")
            assert Mail.objects.filter(template="wrong_codes").count() == (1 if number >= 4 else 0)
        self.five_minutes_later(person)
        answer = self.give(browser, code())
        assert "Too many wrong codes within a day" in answer.content.decode() and not self.inside(browser)
        assert Mail.objects.get(template="wrong_codes").to == person.email

    def test_a_right_one_starts_the_count_anew(self, person):
        for _ in range(2):
            browser = self.asked(person)
            for _wrong in range(3):
                self.give(browser, "000000")
            cache.delete_many(
                [f"app-code:{person.pk}:{code()}", f"allauth.mfa.totp.used?user={person.pk}&code={code()}"]
            )
            self.give(browser, code())
            assert self.inside(browser)
        assert not Mail.objects.filter(template="wrong_codes").exists()

    def test_a_new_password_does_too(self, person):
        browser = self.asked(person)
        for number in range(20):
            if number % 4 == 0:
                self.five_minutes_later(person)
            self.give(browser, "000000")
        browser.post(reverse("account_reset_password"), {"email": person.email})
        link = next(
            line for line in Mail.objects.latest("pk").context["text"].split() if "/password/reset/key/" in line
        )
        path = "/" + link.split("/", 3)[3]
        fresh, new = Client(), "a-quite-different-passphrase"
        form = fresh.get(path, follow=True).redirect_chain[-1][0]
        assert fresh.post(form, {"password1": new, "password2": new}).status_code == 302
        self.five_minutes_later(person)
        browser = Client()
        login(browser, person, new)
        self.give(browser, code())
        assert self.inside(browser)

    def test_what_cannot_be_read_is_said_in_words(self, person):
        app = Authenticator.objects.get(user=person, type="totp")
        app.data["secret"] = "fernet:gAAAAA"
        app.save()
        browser = self.asked(person)
        answer = self.give(browser, "000000")
        assert answer.status_code == 200 and "Codes cannot be checked" in answer.content.decode()
        assert not self.inside(browser)


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1/", "http://localhost:9/", "//evil.example", "https:evil.example", "javascript:x"]
)
def test_nobody_is_led_elsewhere(cast, sign_in, target):
    sign_in("patient")
    answer = Client().post(
        reverse("account_login"), {"login": cast.people["patient"].email, "password": PASSWORD, "next": target}
    )
    assert answer["Location"] == reverse("home")


def test_a_session_ends_twelve_hours_after_the_sign_in_however_much_it_is_used(cast, sign_in, settings):
    browser = sign_in("doctor")
    session = browser.session
    session["signed_in_at"] = int(time.time()) - settings.SESSION_COOKIE_AGE + 60
    session.save()
    assert browser.get(reverse("doctor_home")).status_code == 200
    session["signed_in_at"] -= 61
    session.save()
    assert browser.get(reverse("doctor_home"))["Location"].startswith(reverse("account_login"))
    assert not browser.session.get("_auth_user_id")


class TestTwoAccounts:
    """What one tab shows of one account is not done for another that was chosen in a second tab."""

    @pytest.fixture
    def browser(self, cast, sign_in):
        add_member(cast.other_pharmacy, cast.people["owner"], Role.OWNER)
        browser = sign_in("owner")
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = browser.cookies
        self.choose(strict, cast.pharmacy)
        return strict

    def token(self, browser, url) -> str:
        return browser.get(url).content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]

    def choose(self, browser, account):
        sent = {"csrfmiddlewaretoken": self.token(browser, reverse("choose_account")), "account": account.pk}
        assert browser.post(reverse("choose_account"), sent).status_code == 302

    def test_a_stale_tab_is_refused(self, cast, browser):
        url = reverse("api_key_new")
        sent = {
            "csrfmiddlewaretoken": self.token(browser, url),
            "once": "x",
            "name": "Till",
            "mode": "live",
            "scopes": ["rx:read"],
        }
        self.choose(browser, cast.other_pharmacy)
        assert browser.post(url, sent).status_code == 403
        assert not ApiKey.objects.exists()
        self.choose(browser, cast.other_pharmacy)  # staying changes nothing
        fresh = sent | {"csrfmiddlewaretoken": self.token(browser, url)}
        self.choose(browser, cast.other_pharmacy)
        assert browser.post(url, fresh).status_code == 200
        assert ApiKey.objects.get().account_id == cast.other_pharmacy.pk

    def test_what_waited_for_the_password_is_not_done_for_the_other(self, cast, browser):
        url = reverse("api_key_new")
        sent = {
            "csrfmiddlewaretoken": self.token(browser, url),
            "once": "x",
            "name": "Till",
            "mode": "live",
            "scopes": ["rx:read"],
        }
        older(browser)
        assert browser.post(url, sent)["Location"].startswith(reverse("confirm"))
        self.choose(browser, cast.other_pharmacy)
        token = self.token(browser, reverse("confirm"))
        browser.post(reverse("confirm"), {"csrfmiddlewaretoken": token, "next": url, "password": PASSWORD})
        assert not ApiKey.objects.exists()

    def test_what_a_page_fetches_by_itself_is_of_its_own_account(self, cast, browser):
        url = reverse("pharmacy_queue")
        fetch = {"HX-Request": "true", "X-Account": str(cast.pharmacy.pk)}
        assert "HX-Refresh" not in browser.get(url, headers=fetch)
        assert f'"X-Account": "{cast.pharmacy.pk}"' in browser.get(url).content.decode()
        self.choose(browser, cast.other_pharmacy)
        answer = browser.get(url, headers=fetch)
        assert answer["HX-Refresh"] == "true" and not answer.content

    def test_the_choice_leads_on_to_what_was_asked_for(self, cast, sign_in):
        add_member(cast.other_pharmacy, cast.people["pharmacist"], Role.PHARMACIST)
        browser = sign_in("pharmacist")
        asked = browser.get(reverse("api_keys"))
        assert asked["Location"] == f"{reverse('choose_account')}?next=%2Fsettings%2Fapi-keys"
        assert 'value="/settings/api-keys"' in browser.get(asked["Location"]).content.decode()
        sent = {"account": cast.other_pharmacy.pk, "next": "/settings/api-keys"}
        assert browser.post(reverse("choose_account"), sent)["Location"] == "/settings/api-keys"
        sent = {"account": cast.pharmacy.pk, "next": reverse("doctor_home")}  # no page of a pharmacy
        assert browser.post(reverse("choose_account"), sent)["Location"] == reverse("home")
