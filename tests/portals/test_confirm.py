"""Is it still you? By password, by the app's code, by a passkey: before keys and security, after a pause, and to sign."""

import json
import time
from dataclasses import replace

import pytest
from django.core.cache import cache
from django.urls import reverse

from elmed.access.models import ApiKey
from elmed.core.clock import real_now
from elmed.prescriptions.models import Prescription
from tests import factories as f
from tests.portals.conftest import PASSWORD
from tests.portals.passkeys import Passkey
from tests.portals.test_security import code, older, with_app


def controlled_draft(cast) -> Prescription:
    """A draft that asks each time."""
    return f.draft(cast, now=real_now(), lines=(replace(f.AMOXICILLIN, is_controlled=True),))


def proof(way: str, browser, person) -> dict[str, str]:
    """What the person sends to prove who they are."""
    if way == "credential":
        return {way: Passkey(person).answer(browser)}
    if way == "code":
        with_app(person)
    return {way: PASSWORD if way == "password" else code()}


WAYS = ("password", "code", "credential")


@pytest.mark.parametrize("way", WAYS)
def test_each_way_lets_a_key_be_made(cast, sign_in, way):
    browser = sign_in("pharmacist")
    sent = proof(way, browser, cast.people["pharmacist"])
    older(browser)
    new = {"once": "x", "name": "Till", "mode": "live", "scopes": ["rx:read"]}
    assert browser.post(reverse("api_key_new"), new)["Location"].startswith(reverse("confirm"))
    assert not ApiKey.objects.exists()
    answer = browser.post(reverse("confirm"), {"next": reverse("api_key_new"), **sent})
    assert "Your new key “Till”" in answer.content.decode()
    assert ApiKey.objects.get().name == "Till"


@pytest.mark.parametrize("way", WAYS)
def test_each_way_signs_a_controlled_medicine(cast, sign_in, way):
    rx, doctor = controlled_draft(cast), sign_in("doctor")
    sent = proof(way, doctor, cast.people["doctor"])
    older(doctor, 60)
    url = reverse("doctor_review", args=[rx.pk])
    page = doctor.get(url).content.decode()
    assert f'name="{way}"' in page
    assert ("data-passkey-confirm" in page) is (way == "credential")
    answer = doctor.post(url, {"version": rx.version, "sign": "yes", **sent})
    assert answer.status_code == 302, answer.content.decode()
    rx.refresh_from_db()
    assert rx.status == "issued"


WRONG = {
    "nothing": lambda key, browser: {},
    "a wrong password": lambda key, browser: {"password": "not it"},
    "a wrong code": lambda key, browser: {"code": "000000"},
    "no finger": lambda key, browser: {"credential": key.answer(browser, verified=False)},
    "another question's answer": lambda key, browser: {"credential": key.answer(browser, challenge="AAAA")},
    "no passkey at all": lambda key, browser: {"credential": json.dumps({"id": "x"})},
    "no JSON": lambda key, browser: {"credential": "{"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_signs_nothing(cast, sign_in, wrong):
    rx, doctor = controlled_draft(cast), sign_in("doctor")
    with_app(cast.people["doctor"])
    sent = WRONG[wrong](Passkey(cast.people["doctor"]), doctor)
    older(doctor, 60)
    before = Prescription.objects.values().get(pk=rx.pk)
    answer = doctor.post(reverse("doctor_review", args=[rx.pk]), {"version": rx.version, "sign": "yes", **sent})
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert Prescription.objects.values().get(pk=rx.pk) == before
    assert doctor.post(reverse("confirm"), {"next": "/", **sent}).status_code == 422
    assert doctor.get(reverse("api_key_new")).status_code == 200  # the sign-in's own proof holds for five minutes
    older(doctor)
    doctor.post(reverse("confirm"), {"next": "/", **sent})
    assert doctor.get(reverse("api_key_new")).status_code == 302


def test_a_colleagues_passkey_is_not_mine(cast, sign_in):
    browser, colleague = sign_in("doctor"), sign_in("other_doctor")
    theirs = Passkey(cast.people["other_doctor"])
    Passkey(cast.people["doctor"])
    browser.get(reverse("passkey_options"))
    question = json.loads(browser.get(reverse("passkey_options")).content)["request_options"]["publicKey"]["challenge"]
    answer = theirs.answer(colleague, challenge=question)
    older(browser)
    assert browser.post(reverse("confirm"), {"credential": answer}).status_code == 422
    assert browser.get(reverse("api_key_new")).status_code == 302


def test_an_answer_counts_once(cast, sign_in):
    browser = sign_in("doctor")
    answer = Passkey(cast.people["doctor"]).answer(browser)
    assert browser.post(reverse("confirm"), {"credential": answer}).status_code == 302
    assert browser.post(reverse("confirm"), {"credential": answer}).status_code == 422


def test_a_pause_ends_with_a_passkey(cast, sign_in, settings):
    browser = sign_in("doctor")
    key = Passkey(cast.people["doctor"])
    session = browser.session
    session["seen_at"] = int(time.time()) - settings.IDLE_LOCK_SECONDS - 61
    session.save()
    assert browser.get(reverse("doctor_home"))["Location"].startswith(reverse("unlock"))
    answer = browser.post(reverse("unlock"), {"credential": key.answer(browser), "next": reverse("doctor_home")})
    assert answer["Location"] == reverse("doctor_home")
    assert browser.get(reverse("doctor_home")).status_code == 200


def test_only_what_one_has_is_asked_for(cast, sign_in):
    browser = sign_in("doctor")
    page = browser.get(reverse("confirm")).content.decode()
    assert 'name="password"' in page and 'name="code"' not in page and "data-passkey-confirm" not in page
    assert browser.get(reverse("passkey_options")).status_code == 404


@pytest.mark.parametrize("page", ["account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"])
def test_one_page_asks(cast, sign_in, page):
    answer = sign_in("doctor").get(f"{reverse(page)}?next=/settings")
    assert answer["Location"].startswith(reverse("confirm"))


def test_guesses_are_limited_in_every_way_together(cast, sign_in):
    cache.clear()
    browser = sign_in("doctor")
    with_app(cast.people["doctor"])
    for number in range(10):
        sent = {"password": "not it"} if number % 2 else {"code": "000000"}
        assert browser.post(reverse("confirm"), sent).status_code == 422
    answer = browser.post(reverse("confirm"), {"password": PASSWORD})
    assert answer.status_code == 429 and "Wait a minute" in answer.content.decode()


def test_the_signed_in_alone_are_asked(client):
    for page in ("confirm", "unlock", "passkey_options"):
        assert client.get(reverse(page))["Location"].startswith(reverse("account_login")), page


def test_a_draft_that_is_no_controlled_one_needs_no_proof_within_five_minutes(cast, sign_in):
    rx = f.draft(cast, now=real_now())
    page = sign_in("doctor").get(reverse("doctor_review", args=[rx.pk])).content.decode()
    assert 'name="password"' not in page and "data-passkey-confirm" not in page
