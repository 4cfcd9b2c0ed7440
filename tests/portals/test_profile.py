"""Settings → Profile: one's name and language; phone and address of the account, by who manages it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from elmed.access.actors import of_person
from elmed.accounts import profile
from elmed.accounts.models import AccountState
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed
from elmed.events.models import Event
from elmed.notifications import send
from elmed.notifications.models import Mail
from tests.portals.conftest import PASSWORD
from tests.portals.test_security import older


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


@pytest.mark.parametrize("name", ["doctor", "owner"])
def test_another_phone_asks_who_it_is_goes_on_and_is_told_once(cast, sign_in, name):
    browser, account = sign_in(name), cast.doctor if name == "doctor" else cast.pharmacy
    account.phone = "+44 117 496 0112"
    account.save()
    older(browser)
    url, sent = reverse("profile_contact"), {"phone": "+44 117 496 0199", "address": "2 New Street", "city": "Bath"}
    assert browser.post(url, sent)["Location"].startswith(reverse("confirm"))
    assert browser.post(reverse("confirm"), {"next": url, "password": "not it"}).status_code == 422
    before = account.address
    account.refresh_from_db()
    assert (account.phone, account.address) == ("+44 117 496 0112", before)
    assert not Mail.objects.exists() and not Event.objects.filter(type="account.contact_changed").exists()
    answer = browser.post(reverse("confirm"), {"next": url, "password": PASSWORD})
    assert answer["Location"] == reverse("profile")
    account.refresh_from_db()
    assert (account.phone, account.address, account.city) == tuple(sent.values())
    for address in ("2 New Street", "3 New Street"):  # the same number again: nothing to tell
        assert browser.post(url, sent | {"address": address}).status_code == 302
    mail = Mail.objects.get(template="phone_changed")
    assert mail.to == cast.people[name].email
    text = send.words(mail)[1]
    assert "The old number ends in 12." in text and "The new number ends in 99." in text
    assert "496" not in text + str(mail.context)


def test_the_act_itself_asks_who_it_is(cast):
    long_ago = of_person(cast.people["doctor"], cast.doctor, authenticated_at=real_now() - timedelta(minutes=6))
    before = cast.doctor.phone
    with pytest.raises(NotAllowed) as refusal:
        profile.change_contact(long_ago, phone="+44 117 496 0199", address="", city="")
    assert refusal.value.code == "reauthentication_required"
    cast.doctor.refresh_from_db()
    assert cast.doctor.phone == before and not Mail.objects.exists()


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
