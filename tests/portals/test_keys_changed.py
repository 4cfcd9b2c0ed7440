"""Settings → API Keys: rotated, changed, more asked for; and staff's pages on anybody's keys and on limits."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from elmed.access import keys
from elmed.access.models import ApiKey, LimitRequest, RateWindow
from elmed.access.policy import PRESENCE
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.core.refusals import NotAllowed
from elmed.notifications.models import Mail
from elmed.prescriptions.jurisdiction import jurisdiction
from tests.portals.test_keys import make, secret_in


@pytest.fixture
def key(cast):
    made, _ = keys.create(cast.actor("pharmacist"), name="Till", scopes=["rx:read", "rx:dispense"])
    return made


def used(key, address="203.0.113.7", **ago):
    moment = real_now() - timedelta(**ago)
    RateWindow.objects.create(key=key, opened_at=moment, used=1, last_used_at=moment, last_used_from=address)


def rotate(browser, key, **typed):
    url = reverse("api_key_rotate", args=[key.pk])
    once = re.search(r'name="once" value="([^"]+)"', browser.get(url).content.decode())[1]
    data = {"once": once, "overlap_days": "3", "life": "same"} | typed
    return browser.post(url, data), data


def last_day(key):
    return timezone.localtime(key.expires_at - timedelta(microseconds=1), jurisdiction().zone).date()


def test_rotated_with_days_of_overlap_and_shown_once(cast, sign_in, key):
    browser = sign_in("owner")
    answer, sent = rotate(browser, key)
    secret = secret_in(answer)
    key.refresh_from_db()
    assert key.replaced_by.digest == keys.digest(secret)
    assert "works until" in answer.content.decode()
    again = browser.post(reverse("api_key_rotate", args=[key.pk]), sent, follow=True)
    assert secret not in again.content.decode()
    assert ApiKey.objects.count() == 2
    listed = browser.get(reverse("api_keys")).content.decode()
    assert "in 2 days" in listed and "Rotated" in listed


def test_a_rotated_key_gets_a_longer_life(cast, sign_in):
    short, _ = keys.create(cast.actor("owner"), name="x", scopes=["rx:read"], expires_at=real_now() + timedelta(days=5))
    answer, _ = rotate(sign_in("owner"), short, life="90")
    assert answer.status_code == 200
    short.refresh_from_db()
    assert last_day(short.replaced_by) == jurisdiction().day(real_now()) + timedelta(days=90)


def test_rotation_refused(cast, sign_in, key):
    assert rotate(sign_in("owner"), key, overlap_days="8")[0].status_code == 422
    assert (
        sign_in("technician").post(reverse("api_key_rotate", args=[key.pk]), {"overlap_days": "0"}).status_code == 403
    )
    assert sign_in("other_pharmacist").get(reverse("api_key_rotate", args=[key.pk])).status_code == 404
    assert ApiKey.objects.count() == 1
    keys.revoke(cast.actor("owner"), key.pk)
    assert sign_in("owner").get(reverse("api_key_rotate", args=[key.pk])).status_code == 409


def test_changed(cast, sign_in, key):
    browser = sign_in("owner")
    url = reverse("api_key_change", args=[key.pk])
    day = jurisdiction().day(real_now()) + timedelta(days=30)
    sent = {"name": "Till 2", "expires_at": day.isoformat(), "allowed_ips": "203.0.113.0/24\n2001:db8::/32"}
    assert browser.post(url, sent).status_code == 302
    key.refresh_from_db()
    assert f'value="{day.isoformat()}"' in browser.get(url).content.decode()
    assert (key.name, last_day(key), key.allowed_ips) == ("Till 2", day, ["203.0.113.0/24", "2001:db8::/32"])
    kept = key.expires_at
    assert browser.post(url, sent | {"name": "Till 3"}).status_code == 302
    key.refresh_from_db()
    assert (key.name, key.expires_at) == ("Till 3", kept)
    for wrong in (
        {"expires_at": (day + timedelta(days=1)).isoformat()}, {"expires_at": ""}, {"expires_at": "2020-01-01"},
        {"allowed_ips": "nowhere"}, {"name": " "},
    ):  # fmt: skip
        assert browser.post(url, sent | wrong).status_code == 422, wrong
    key.refresh_from_db()
    assert (key.name, key.expires_at, len(key.allowed_ips)) == ("Till 3", kept, 2)


def test_nobody_elses_key_is_changed(cast, sign_in, key):
    for who, status in (("technician", 403), ("other_pharmacist", 404), ("staff", 404)):
        browser = sign_in(who)
        for page in ("api_key_change", "api_key_limit"):
            sent = {"name": "x", "requests_per_minute": "500", "reason": "x"}
            assert browser.post(reverse(page, args=[key.pk]), sent).status_code == status, (who, page)
    key.refresh_from_db()
    assert key.name == "Till" and not LimitRequest.objects.exists()


def test_the_acts_themselves_want_somebody_present(cast, key):
    from dataclasses import replace

    away = replace(cast.actor("owner"), authenticated_at=real_now() - PRESENCE - timedelta(seconds=1))
    for act in (
        lambda: keys.create(away, name="x", scopes=["rx:read"], mode=Mode.TEST),
        lambda: keys.rotate(away, key.pk, overlap_days=0),
        lambda: keys.change(away, key.pk, name="x", expires_at=None, allowed_ips=[]),
    ):
        with pytest.raises(NotAllowed, match="reauthentication_required"):
            act()
    assert ApiKey.objects.get().name == "Till"
    assert keys.revoke(away, key.pk).revoked_at  # what leaked has to stop at once


def test_a_life_in_days_and_a_day_of_ones_own(cast, sign_in):
    browser = sign_in("pharmacist")
    make(browser, life="30")
    assert last_day(ApiKey.objects.get()) == jurisdiction().day(real_now()) + timedelta(days=30)
    assert make(browser, life="day")[0].status_code == 422
    make(browser, life="never")
    assert ApiKey.objects.filter(expires_at=None).count() == 1
    assert ApiKey.objects.count() == 2


def test_an_admin_key_for_ninety_days(cast, sign_in):
    answer, _ = make(sign_in("staff"), scopes=["admin"], life="90", allowed_ips="203.0.113.0/24")
    assert secret_in(answer)


def test_nothing_is_chosen_without_a_preset(cast, sign_in):
    page = sign_in("pharmacist").get(reverse("api_key_new")).content.decode()
    assert page.count(" checked>") == 1  # the environment
    assert "rx:dispense: Mark a prescription as dispensed" in page


def test_last_use_says_when_and_from_where(cast, sign_in, key):
    used(key, minutes=3)
    browser = sign_in("owner")
    for page in (reverse("api_keys"), reverse("api_key_revoke", args=[key.pk])):
        text = browser.get(page).content.decode().replace("\xa0", " ")
        assert "3 minutes ago" in text and "203.0.113.7" in text
    assert "Something uses this key now" in browser.get(reverse("api_key_revoke", args=[key.pk])).content.decode()


def test_a_request_notes_where_it_came_from(cast):
    _, secret = keys.create(cast.actor("pharmacist"), name="till", scopes=["rx:read"])
    for address in ("198.51.100.4", "2001:db8::7"):
        Client(REMOTE_ADDR=address).get("/api/public/v1/me", headers={"x-api-key": secret})
        assert RateWindow.objects.get().last_used_from == address
    assert RateWindow.objects.get().used == 2


def test_more_is_asked_for_and_granted(cast, sign_in, key):
    url = reverse("api_key_limit", args=[key.pk])
    owner, staff = sign_in("owner"), sign_in("staff")
    assert owner.post(url, {"requests_per_minute": "100", "reason": "Robots"}).status_code == 422
    assert not LimitRequest.objects.exists()
    assert owner.post(url, {"requests_per_minute": "600", "reason": "Robots"}).status_code == 302
    assert "Limit asked for" in owner.get(reverse("api_keys")).content.decode()
    assert owner.post(url, {"requests_per_minute": "600", "reason": "Robots"}).status_code == 409
    row = LimitRequest.objects.get()
    assert "Brook Street Pharmacy" in staff.get(reverse("staff_limits")).content.decode()
    page = reverse("staff_limit", args=[row.pk])
    assert "Robots" in staff.get(page).content.decode()
    assert staff.post(page, {"decision": "grant", "granted": ""}).status_code == 422
    assert staff.post(page, {"decision": "refuse"}).status_code == 422
    assert LimitRequest.objects.get().decided_at is None
    assert staff.post(page, {"decision": "grant", "granted": "600"}).status_code == 302
    key.refresh_from_db()
    assert key.requests_per_minute == 600
    assert "granted: 600" in staff.get(reverse("staff_limits") + "?show=decided").content.decode()
    assert staff.post(page, {"decision": "refuse", "answer": "No"}).status_code == 409


def test_staff_see_and_revoke_anybodys_key_with_a_reason(cast, sign_in, key):
    staff = sign_in("staff")
    listed = staff.get(reverse("staff_account_keys", args=[cast.pharmacy.pk])).content.decode()
    assert f"…{key.hint}" in listed
    url = reverse("staff_key_revoke", args=[cast.pharmacy.pk, key.pk])
    assert url in listed
    assert staff.post(url, {"reason": ""}).status_code == 422
    assert staff.post(reverse("staff_key_revoke", args=[cast.doctor.pk, key.pk]), {"reason": "x"}).status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None and not Mail.objects.exists()
    assert staff.post(url, {"reason": "Found in public."}).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at
    assert Mail.objects.get().context["reason"] == "Found in public."


def test_nobody_else_opens_staffs_pages(cast, sign_in, key):
    for who in ("owner", "doctor", "patient"):
        browser = sign_in(who)
        for name, args in (
            ("staff_limits", []), ("staff_limit", [1]), ("staff_account_keys", [cast.pharmacy.pk]),
            ("staff_key_revoke", [cast.pharmacy.pk, key.pk]), ("staff_sign_ins", [cast.pharmacy.pk]),
            ("staff_second_factor_reset", [cast.pharmacy.pk, 1]),
        ):  # fmt: skip
            assert browser.post(reverse(name, args=args), {"reason": "x"}).status_code == 403, (who, name)
    key.refresh_from_db()
    assert key.revoked_at is None


def test_statements_do_not_grow(cast, sign_in, django_assert_max_num_queries):
    actor = cast.actor("owner")
    for _ in range(12):
        made, _secret = keys.create(actor, name="x", scopes=["rx:read"])
        used(made, hours=1)
        LimitRequest.objects.create(
            key=made, requests_per_minute=500, reason="x", asked_by=cast.people["owner"], created_at=real_now()
        )
    owner, staff = sign_in("owner"), sign_in("staff")
    row = LimitRequest.objects.first()
    for browser, name, args in (
        (owner, "api_keys", []), (owner, "api_key_new", []), (owner, "api_key_rotate", [made.pk]), (owner, "profile", []),
        (owner, "api_key_change", [made.pk]), (owner, "api_key_limit", [made.pk]), (owner, "api_key_revoke", [made.pk]),
        (staff, "staff_limits", []), (staff, "staff_limit", [row.pk]), (staff, "staff_account_keys", [cast.pharmacy.pk]),
        (staff, "staff_key_revoke", [cast.pharmacy.pk, made.pk]),
    ):  # fmt: skip
        with django_assert_max_num_queries(9):
            assert browser.get(reverse(name, args=args)).status_code == 200
