"""Where somebody is signed in: listed, ended, ended by a new password; a new browser is told by mail."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from elmed.access import sessions
from elmed.access.models import Device
from elmed.core.clock import real_now
from elmed.notifications.models import Mail
from elmed.portals.devices import device_words
from elmed.portals.sign_in import COOKIE
from tests.portals.conftest import PASSWORD

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.0 Safari/604.1"


def again(cast, name, *, browser=None, agent=FIREFOX):
    """The same person signs in once more."""
    client = browser or Client()
    answer = client.post(
        reverse("account_login"),
        {"login": cast.people[name].email, "password": PASSWORD},
        headers={"user-agent": agent},
    )
    assert answer.status_code == 302
    return client


def works(browser) -> bool:
    return browser.get(reverse("security")).status_code == 200


def test_listed_and_one_ended(cast, sign_in):
    here = sign_in("doctor")
    there = again(cast, "doctor", agent=SAFARI)
    page = here.get(reverse("sessions")).content.decode()
    assert "Safari, iPhone" in page and "127.0.0.1" in page and page.count("This one") == 1
    row = UserSession.objects.get(user_agent=SAFARI)
    assert reverse("session_end", args=[row.pk]) in page
    assert here.post(reverse("session_end", args=[row.pk])).status_code == 302
    assert works(here) and not works(there)
    assert not UserSession.objects.filter(pk=row.pk).exists()


def test_nobody_elses(cast, sign_in):
    theirs = sign_in("other_doctor")
    row = UserSession.objects.get(user=cast.people["other_doctor"])
    mine = sign_in("doctor")
    assert mine.post(reverse("session_end", args=[row.pk])).status_code == 404
    assert mine.get(reverse("session_end", args=[row.pk])).status_code == 405
    assert works(theirs)
    assert reverse("session_end", args=[row.pk]) not in mine.get(reverse("sessions")).content.decode()


def test_all_others_ended(cast, sign_in):
    here, others, theirs = sign_in("doctor"), [again(cast, "doctor") for _ in range(3)], sign_in("owner")
    assert here.post(reverse("sessions_end_others")).status_code == 302
    assert works(here) and works(theirs) and not any(map(works, others))


def test_a_new_password_ends_the_others(cast, sign_in):
    here, other = sign_in("doctor"), again(cast, "doctor")
    new = "a-quite-different-passphrase"
    answer = here.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert answer.status_code == 302
    assert works(here) and not works(other)
    assert UserSession.objects.filter(user=cast.people["doctor"]).count() == 1
    assert Mail.objects.filter(to=cast.people["doctor"].email, template="plain").exists()


def test_what_is_over_is_not_listed(cast, sign_in, settings):
    here = sign_in("doctor")
    again(cast, "doctor", agent=SAFARI)
    late = real_now() - timedelta(seconds=settings.IDLE_END_SECONDS + 61)
    UserSession.objects.filter(user_agent=SAFARI).update(last_seen_at=late)
    assert "Safari" not in here.get(reverse("sessions")).content.decode()


def test_use_is_noted_once_a_minute(cast, sign_in):
    here = sign_in("doctor")
    long_ago = real_now() - timedelta(minutes=5)
    UserSession.objects.update(last_seen_at=long_ago)
    works(here)
    assert UserSession.objects.get().last_seen_at == long_ago
    session = here.session
    session["seen_at"] -= 61
    session.save()
    works(here)
    assert UserSession.objects.get().last_seen_at > long_ago


def test_a_new_browser_is_told_by_mail_and_the_first_and_the_known_are_not(cast, sign_in):
    first = sign_in("doctor")
    assert first.cookies[COOKIE]["httponly"]
    assert not Mail.objects.exists()
    first.post(reverse("account_logout"))
    again(cast, "doctor", browser=first)
    assert not Mail.objects.exists()
    again(cast, "doctor", agent=SAFARI)
    mail = Mail.objects.get()
    assert (mail.to, mail.template) == (cast.people["doctor"].email, "new_device")
    assert (mail.context["device"], mail.context["address"]) == ("Safari, iPhone", "127.0.0.1")
    assert Device.objects.filter(person=cast.people["doctor"]).count() == 2


def test_anothers_device_is_new_for_me(cast, sign_in):
    shared = sign_in("doctor")
    sign_in("owner")  # at her own
    shared.post(reverse("account_logout"))
    again(cast, "owner", browser=shared)
    assert Mail.objects.get().to == cast.people["owner"].email


def test_purge(cast, sign_in):
    sign_in("doctor")
    Session.objects.update(expire_date=real_now() - timedelta(days=1))
    Device.objects.update(last_seen_at=real_now() - sessions.KEPT - timedelta(days=1))
    assert sessions.purge(real_now()) == 1
    assert not UserSession.objects.exists() and not Device.objects.exists()
    assert sessions.purge(real_now()) == 0


def test_statements_do_not_grow(cast, sign_in, django_assert_max_num_queries):
    here = sign_in("doctor")
    for _ in range(12):
        again(cast, "doctor")
    with django_assert_max_num_queries(8):
        here.get(reverse("sessions"))


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox, Windows"), (SAFARI, "Safari, iPhone"), ("", ""), ("curl/8.0", "curl"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 (KHTML, like Gecko) Version/17 Safari/605", "Safari, macOS"),
    ],
)  # fmt: skip
def test_a_browser_in_words(agent, words):
    assert device_words(agent) == words
