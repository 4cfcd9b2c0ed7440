"""Settings → Profile: one's name and language; phone and address of the account, by who manages it."""

import pytest
from django.urls import reverse

from elmed.accounts import profile
from elmed.accounts.models import AccountState
from elmed.core.refusals import Invalid, NotAllowed
from elmed.events.models import Event


def test_name_and_language(cast, sign_in):
    browser, person = sign_in("technician"), cast.people["technician"]
    assert browser.post(reverse("profile"), {"name": "Jo Hart", "language": "ar"}).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.language) == ("Jo Hart", "ar")
    assert 'dir="rtl"' in browser.get(reverse("profile")).content.decode()
    for wrong in ({"name": " ", "language": ""}, {"name": "Jo", "language": "xx"}):
        assert browser.post(reverse("profile"), wrong).status_code == 422
    person.refresh_from_db()
    assert (person.name, person.language) == ("Jo Hart", "ar")


@pytest.mark.parametrize("name", ["doctor", "owner"])
def test_phone_and_address(cast, sign_in, name):
    browser, account = sign_in(name), cast.doctor if name == "doctor" else cast.pharmacy
    assert reverse("profile_contact") in browser.get(reverse("profile")).content.decode()
    sent = {"phone": "+44 117 496 0199", "address": "2 New Street", "city": "Bath"}
    assert browser.post(reverse("profile_contact"), sent).status_code == 302
    account.refresh_from_db()
    assert (account.phone, account.address, account.city) == tuple(sent.values())
    assert Event.objects.filter(type="account.contact_changed", subject_account_id=account.pk).count() == 1
    assert browser.post(reverse("profile_contact"), sent | {"phone": "none"}).status_code == 422
    account.refresh_from_db()
    assert account.phone == sent["phone"]


def test_who_may_not(cast, sign_in):
    before = cast.pharmacy.phone
    for name in ("pharmacist", "technician", "patient", "staff"):
        answer = sign_in(name).post(reverse("profile_contact"), {"phone": "1"})
        assert answer.status_code == 403, name
    for name in ("pharmacist", "technician"):
        page = sign_in(name).get(reverse("profile")).content.decode()
        assert reverse("profile_contact") not in page and "An owner of the pharmacy" in page
        with pytest.raises(NotAllowed):
            profile.change_contact(cast.actor(name), phone="1", address="", city="")
    cast.pharmacy.state = AccountState.SUSPENDED
    cast.pharmacy.save()
    with pytest.raises(NotAllowed):
        profile.change_contact(cast.actor("owner"), phone="1", address="", city="")
    with pytest.raises(Invalid):
        profile.change_contact(cast.actor("doctor"), phone="", address="", city="")
    cast.pharmacy.refresh_from_db()
    assert cast.pharmacy.phone == before
    assert not Event.objects.filter(type="account.contact_changed").exists()
