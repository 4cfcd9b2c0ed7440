"""Settings → Staff of a pharmacy, and the verification queue of ELMED's staff; statements that do not grow with rows."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from elmed.access import keys
from elmed.accounts import documents, licences, members, review
from elmed.accounts.models import Account, AccountKind, AccountState, Invitation, Membership
from elmed.core.clock import real_now
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Status
from tests import factories
from tests.accounts.joined import ahead, document, waiting
from tests.cast import newcomer


def once(browser, url):
    return re.search(r'name="once" value="([^"]+)"', browser.get(url).content.decode())[1]


def pending(number, *, confirmed=True):
    """A registration whose address is confirmed, or not."""
    person = newcomer(f"new_{number}")
    EmailAddress.objects.create(user=person, email=person.email, verified=confirmed, primary=True)
    account = Account.objects.create(
        kind=AccountKind.DOCTOR, name=f"Dr {number}", licence_number=f"N{number}", world_id=1
    )
    Membership.objects.create(account=account, person=person, role="prescriber")
    return account


def test_the_queue_is_oldest_first_and_counts(cast, sign_in):
    first, second, asked = pending(1), pending(2), pending(3)
    pending(4, confirmed=False)
    Account.objects.filter(pk=second.pk).update(created_at=real_now() - timedelta(days=2))
    review.ask(cast.actor("staff"), asked.pk, text="More", now=real_now())
    browser = sign_in("staff")
    assert browser.get(reverse("home"))["Location"] == reverse("staff_verification")
    page = browser.get(reverse("staff_verification")).content.decode()
    assert page.index("Dr 2") < page.index("Dr 1")
    assert "Dr 3" not in page and "Dr 4" not in page
    assert re.findall(r'class="count">(\d+)<', page) == ["2", "1", "0"]
    assert "Dr 3" in browser.get(reverse("staff_verification"), {"show": "asked"}).content.decode()
    assert browser.get(reverse("staff_verification"), {"show": "nonsense"}).status_code == 200
    assert first.state == AccountState.PENDING


def test_the_sheet_has_everything_to_judge(cast, sign_in):
    account = pending(1)
    Account.objects.filter(pk=account.pk).update(name="Dr Ada Brook", licence_number="d1")
    kept = documents.keep(account, document(), person_id=None, now=real_now())
    page = sign_in("staff").get(reverse("staff_account", args=[account.pk])).content.decode()
    assert reverse("document", args=[kept.pk]) in page
    assert reverse("staff_account", args=[cast.doctor.pk]) in page  # the same name and number
    assert "new_1@example.org" in page
    assert "Approve" in page and "Reject" in page and "Ask for more" in page


def test_asked_from_the_sheet_and_answered(cast, sign_in):
    account, browser = pending(1), sign_in("staff")
    url = reverse("staff_account_ask", args=[account.pk])
    assert browser.post(url, {"text": " ", "once": once(browser, url)}).status_code == 422
    sent = {"text": "The back side, please", "once": once(browser, url)}
    for _ in range(2):  # a double click asks once
        assert browser.post(url, sent).status_code == 302
    assert account.messages.count() == 1
    assert "The back side, please" in browser.get(reverse("staff_account", args=[account.pk])).content.decode()
    assert browser.post(reverse("staff_account_verified", args=[account.pk]), {"reason": ""}).status_code == 302
    assert waiting("account_verified") == ["new_1@example.org"]
    assert browser.post(url, {"text": "Again", "once": once(browser, url)}).status_code == 409


@pytest.mark.parametrize("name", ["staff_verification", "staff_account_ask", "staff_account", "staff_renewal"])
@pytest.mark.parametrize("who", ["doctor", "owner", "patient"])
def test_nobody_else_opens_staffs_pages(cast, sign_in, who, name):
    url = reverse(name, args=[] if name == "staff_verification" else [cast.doctor.pk])
    browser = sign_in(who)
    assert (browser.get(url).status_code, browser.post(url, {"text": "x"}).status_code) == (403, 403)


def test_a_renewal_is_decided_on_its_page(cast, sign_in):
    Account.objects.filter(pk=cast.doctor.pk).update(state=AccountState.LAPSED, licence_expires_on=ahead(-3))
    now = real_now()
    row = licences.renew(cast.actor("doctor"), expires_on=ahead(300), document=document(), today=now.date(), now=now)
    browser, url = sign_in("staff"), reverse("staff_renewal", args=[row.pk])
    assert "Dr Ada Brook" in browser.get(reverse("staff_verification"), {"show": "renewals"}).content.decode()
    assert browser.get(url).status_code == 200
    assert browser.post(url, {"decision": "decline", "reason": ""}).status_code == 422
    assert browser.post(url, {"decision": "accept", "reason": ""}).status_code == 302
    cast.doctor.refresh_from_db()
    assert cast.doctor.state == AccountState.VERIFIED
    assert browser.post(url, {"decision": "decline", "reason": "x"}).status_code == 409


def test_suspension_stops_everything_and_fraud_pauses_what_was_signed(cast, sign_in):
    rx, doctor, staff = factories.verified(cast), sign_in("doctor"), sign_in("staff")
    assert doctor.get(reverse("doctor_patients")).status_code == 200
    url = reverse("staff_account_suspended", args=[cast.doctor.pk])
    assert 'name="fraud"' in staff.get(url).content.decode()
    assert 'name="fraud"' not in staff.get(reverse("staff_account_suspended", args=[cast.pharmacy.pk])).content.decode()
    assert staff.post(url, {"reason": "", "fraud": "on"}).status_code == 422
    assert Prescription.objects.get(pk=rx.pk).status == Status.VERIFIED
    page = staff.post(url, {"reason": "Forged identity", "fraud": "on"}, follow=True).content.decode()
    assert "1 of 1 prescription looked at" in page
    assert re.search(r"<dt>On hold</dt><dd>1</dd>", page)
    assert Prescription.objects.get(pk=rx.pk).status == Status.ON_HOLD
    assert doctor.get(reverse("doctor_patients")).status_code == 403  # the session that was open
    assert waiting("account_suspended") == ["doctor@example.org"]
    assert "Reinstate" in staff.get(reverse("staff_account", args=[cast.doctor.pk])).content.decode()
    assert staff.post(reverse("staff_account_verified", args=[cast.doctor.pk]), {"reason": ""}).status_code == 302
    assert doctor.get(reverse("doctor_patients")).status_code == 200
    assert Prescription.objects.get(pk=rx.pk).status == Status.ON_HOLD


def test_without_fraud_what_was_signed_stays(cast, sign_in):
    rx = factories.verified(cast)
    sign_in("staff").post(reverse("staff_account_suspended", args=[cast.doctor.pk]), {"reason": "Fee unpaid"})
    assert Prescription.objects.get(pk=rx.pk).status == Status.VERIFIED
    assert Account.objects.get(pk=cast.doctor.pk).state == AccountState.SUSPENDED


def test_the_owner_invites_sends_again_and_revokes(cast, sign_in):
    owner = sign_in("owner")
    assert reverse("staff") in owner.get(reverse("settings")).content.decode()
    url = reverse("staff_invite")
    assert owner.post(url, {"email": "tess@example.org"}).status_code == 422
    assert owner.post(url, {"email": "tess@example.org", "roles": ["pharmacist"]}).status_code == 302
    assert owner.post(url, {"email": "tess@example.org", "roles": ["pharmacist"]}).status_code == 422
    row = Invitation.objects.get()
    assert "tess@example.org" in owner.get(reverse("staff")).content.decode()
    again = reverse("staff_invite_again", args=[row.pk])
    assert owner.get(again).status_code == 302
    assert len(waiting("member_invited")) == 1  # a link that is only opened sends nothing
    owner.post(again)
    assert len(waiting("member_invited")) == 2
    revoke = reverse("staff_invite_revoke", args=[row.pk])
    assert "stops working at once" in owner.get(revoke).content.decode()
    assert owner.post(revoke).status_code == 302
    assert owner.post(revoke).status_code == 409
    assert "tess@example.org" not in owner.get(reverse("staff")).content.decode()


def test_the_owner_changes_roles_and_removes(cast, sign_in):
    owner, tech, me = sign_in("owner"), cast.people["technician"].pk, cast.people["owner"].pk
    roles = reverse("staff_roles", args=[tech])
    assert owner.post(roles, {"roles": ["pharmacist"], "registration_number": ""}).status_code == 422
    assert owner.post(roles, {"roles": ["pharmacist"], "registration_number": "R3"}).status_code == 302
    assert "R3" in owner.get(reverse("staff")).content.decode()
    answer = owner.post(reverse("staff_roles", args=[me]), {"roles": ["technician"]})
    assert answer.status_code == 409 and "at least one owner" in answer.content.decode()
    assert owner.post(reverse("staff_remove", args=[me])).status_code == 409
    working = sign_in("technician")
    assert working.get(reverse("pharmacy_queue")).status_code == 200
    assert owner.get(reverse("staff_remove", args=[tech])).status_code == 200
    assert owner.post(reverse("staff_remove", args=[tech])).status_code == 302
    assert working.get(reverse("pharmacy_queue"))["Location"] == reverse("home")
    assert owner.post(reverse("staff_remove", args=[tech])).status_code == 404


@pytest.mark.parametrize("who", ["pharmacist", "technician"])
def test_others_see_who_works_here_and_change_nothing(cast, sign_in, who):
    browser = sign_in(who)
    page = browser.get(reverse("staff")).content.decode()
    assert "owner@example.org" in page and reverse("staff_invite") not in page
    row = members.invite(cast.actor("owner"), email="x@example.org", roles=["technician"], now=real_now())
    for name, args in (
        ("staff_invite", []), ("staff_invite_again", [row.pk]), ("staff_invite_revoke", [row.pk]),
        ("staff_roles", [cast.people["owner"].pk]), ("staff_remove", [cast.people["owner"].pk]),
    ):  # fmt: skip
        assert browser.post(reverse(name, args=args), {"email": "y@example.org", "roles": ["owner"]}).status_code == 403
    row.refresh_from_db()
    assert (row.serial, row.revoked_at) == (1, None)
    assert Membership.objects.filter(account=cast.pharmacy).count() == 3


def test_another_pharmacys_people_are_not_found(cast, sign_in):
    owner = sign_in("owner")
    stranger = cast.people["other_pharmacist"].pk
    for name in ("staff_roles", "staff_remove"):
        assert owner.post(reverse(name, args=[stranger]), {"roles": ["technician"]}).status_code == 404
    assert sign_in("doctor").get(reverse("staff")).status_code == 403


@pytest.mark.parametrize("rows", [1, 8])
def test_statements_do_not_grow_with_rows(cast, sign_in, django_assert_max_num_queries, rows):
    for number in range(rows):
        account = pending(number)
        documents.keep(account, document(), person_id=None, now=real_now())
        person = newcomer(f"tech_{number}")
        Membership.objects.create(account=cast.pharmacy, person=person, role="technician")
        members.invite(cast.actor("owner"), email=f"i{number}@example.org", roles=["technician"], now=real_now())
        documents.keep(cast.doctor, document(), person_id=None, now=real_now())
        review.ask(cast.actor("staff"), account.pk, text="?", now=real_now())
    browsers = {name: sign_in(name) for name in ("staff", "owner", "doctor")}
    for who, url in (
        ("staff", reverse("staff_verification")), ("staff", reverse("staff_verification") + "?show=asked"),
        ("staff", reverse("staff_account", args=[account.pk])), ("staff", reverse("staff_accounts")),
        ("owner", reverse("staff")), ("owner", reverse("licence")), ("doctor", reverse("licence")),
    ):  # fmt: skip
        with django_assert_max_num_queries(12):
            assert browsers[who].get(url).status_code == 200


def test_what_somebody_who_goes_may_still_know_is_listed(cast, sign_in):
    key, _ = keys.create(cast.actor("pharmacist"), name="Till by the door", scopes=["rx:read"])
    keys.create(cast.actor("owner"), name="Not theirs", scopes=["rx:read"])
    gone, _ = keys.create(cast.actor("pharmacist"), name="Revoked one", scopes=["rx:read"])
    keys.revoke(cast.actor("pharmacist"), gone.pk)
    members.invite(cast.actor("owner"), email="new@example.org", roles=["technician"], now=real_now())
    browser = sign_in("owner")
    for url in ("staff_remove", "staff_roles"):
        page = browser.get(reverse(url, args=[cast.people["pharmacist"].pk])).content.decode()
        assert "Till by the door" in page and reverse("api_key_revoke", args=[key.pk]) in page
        assert "Not theirs" not in page and "Revoked one" not in page and "1 invitation" not in page
        assert (
            "1 invitation that they sent" in browser.get(reverse(url, args=[cast.people["owner"].pk])).content.decode()
        )
