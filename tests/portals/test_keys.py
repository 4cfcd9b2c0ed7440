"""Settings → API Keys: made, shown once, listed by hint, revoked; by the roles that may."""

import re

from django.urls import reverse

from elmed.access.keys import digest
from elmed.access.models import ApiKey
from elmed.accounts.models import AccountState


def make(browser, **typed):
    page = browser.get(reverse("api_key_new")).content.decode()
    once = re.search(r'name="once" value="([^"]+)"', page)[1]
    data = {"once": once, "name": "Till", "mode": "live", "scopes": ["rx:read"]} | typed
    return browser.post(reverse("api_key_new"), data), data


def secret_in(answer) -> str:
    return re.search(r"elm_(?:test_)?[0-9a-f]{64}", answer.content.decode())[0]


def test_made_shown_once_and_revoked(cast, sign_in):
    pharmacist = sign_in("pharmacist")
    assert "Create new key" in pharmacist.get(reverse("api_keys")).content.decode()
    answer, sent = make(pharmacist, scopes=["rx:read", "rx:dispense"])
    secret = secret_in(answer)
    key = ApiKey.objects.get()
    assert bytes(key.digest) == digest(secret)
    assert f"curl -H &quot;X-API-Key: {secret}&quot; http://localhost:8000/api/public/v1/me" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    again = pharmacist.post(reverse("api_key_new"), sent, follow=True)
    assert ApiKey.objects.count() == 1
    assert secret not in again.content.decode()
    listed = pharmacist.get(reverse("api_keys")).content.decode()
    assert f"…{secret[-4:]}" in listed
    assert secret not in listed
    url = reverse("api_key_revoke", args=[key.pk])
    assert "401 Unauthorized" in pharmacist.get(url).content.decode()
    assert pharmacist.post(url).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert pharmacist.post(url).status_code == 409


def test_only_the_scopes_of_the_role(cast, sign_in):
    doctor = sign_in("doctor")
    page = doctor.get(reverse("api_key_new")).content.decode()
    assert "rx:dispense" not in page
    answer, _ = make(doctor, scopes=["rx:dispense"])
    assert answer.status_code == 422
    assert ApiKey.objects.count() == 0


def test_a_technician_sees_keys_and_makes_none(cast, sign_in):
    technician = sign_in("technician")
    page = technician.get(reverse("api_keys"))
    assert page.status_code == 200
    assert "Create new key" not in page.content.decode()
    assert technician.get(reverse("api_key_new")).status_code == 403
    assert technician.post(reverse("api_key_new"), {"name": "x"}).status_code == 403
    assert ApiKey.objects.count() == 0


def test_another_accounts_key_is_not_found(cast, sign_in):
    make(sign_in("pharmacist"))
    key = ApiKey.objects.get()
    other = sign_in("other_pharmacist")
    assert other.post(reverse("api_key_revoke", args=[key.pk])).status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None


def test_a_pending_account_makes_test_keys_only(cast, sign_in):
    cast.doctor.state = AccountState.PENDING
    cast.doctor.save()
    doctor = sign_in("doctor")
    assert make(doctor, mode="live")[0].status_code == 422
    answer, _ = make(doctor, mode="test")
    assert secret_in(answer).startswith("elm_test_")
    assert ApiKey.objects.get().mode == "test"


def test_a_wrong_address_is_told_at_its_field(cast, sign_in):
    answer, _ = make(sign_in("doctor"), allowed_ips="203.0.113.0/24\nnowhere")
    assert answer.status_code == 422
    assert 'href="#id_allowed_ips"' in answer.content.decode()
    assert ApiKey.objects.count() == 0


def test_a_preset_fills_the_form(cast, sign_in):
    page = sign_in("pharmacist").get(reverse("api_key_new") + "?preset=dispensing").content.decode()
    assert 'value="Dispensing system"' in page
    assert page.count(" checked>") == 3


def test_staff_make_admin_keys_with_addresses_and_an_end(cast, sign_in):
    answer, _ = make(sign_in("staff"), scopes=["admin"])
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "needs an IP list" in text
    assert "90 days" in text
    assert ApiKey.objects.count() == 0
