"""Registering by oneself: what it makes, what it refuses, and that nobody learns which addresses are known."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction

from elmed.accounts import joining
from elmed.accounts.actions import change_state
from elmed.accounts.models import Account, AccountKind, AccountState, Document, Membership, Person
from elmed.accounts.queries import to_verify
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotNow
from elmed.events.models import Event
from elmed.notifications.models import Mail
from tests.accounts.joined import PASSWORD, ahead, document, new_account, newcomer, waiting, words_of


def join(who=None, new=None, **words):
    return joining.join(who or newcomer(), new or new_account(), now=real_now(), **words)


def counts():
    return [kind.objects.count() for kind in (Person, Account, Membership, Document, EmailAddress, Event, Mail)]


def test_a_doctor_registers_and_comes_before_staff_once_the_address_is_confirmed(cast):
    account = join()
    person = Person.objects.get(email="new@example.org")
    assert (account.state, account.city, account.documents.count()) == (AccountState.PENDING, "Bristol", 1)
    assert person.check_password(PASSWORD) and person.terms_accepted_at is not None
    assert set(person.memberships.values_list("role", flat=True)) == {"prescriber"}
    assert waiting() == ["new@example.org"]
    assert list(to_verify()) == []
    EmailAddress.objects.filter(user=person).update(verified=True)
    joining.confirmed(person, real_now())
    assert list(to_verify()) == [account]
    assert waiting("staff_queue") == ["staff@example.org"]
    joining.confirmed(person, real_now())
    assert waiting("staff_queue") == ["staff@example.org"]  # once a day


def test_the_mail_carries_the_link_and_the_row_does_not(cast):
    join()
    row = Mail.objects.get()
    assert row.context == {"id": EmailAddress.objects.get().pk, "name": "Dr New"}
    assert "/accounts/confirm-email/" in words_of("confirm_email")


def test_a_pharmacys_owner_may_be_a_pharmacist(cast):
    account = join(new=new_account(AccountKind.PHARMACY, name="New Pharmacy", also_pharmacist="R7"))
    held = dict(account.memberships.values_list("role", "registration_number"))
    assert held == {"owner": "", "pharmacist": "R7"}


def test_a_developer_needs_no_licence_and_no_staff(cast):
    new = joining.NewAccount(kind=AccountKind.DEVELOPER, name="Till Ltd")
    account = join(new=new)
    assert (account.state, account.licence_number) == (AccountState.VERIFIED, "")
    assert account.test_world_id is not None
    joining.confirmed(account.memberships.get().person, real_now())
    assert waiting("staff_queue") == []


def test_a_known_address_makes_nothing_and_its_owner_is_told_once(cast):
    before = counts()
    assert join(newcomer("DOCTOR@example.org")) is None
    assert waiting("already_known") == ["doctor@example.org"]
    assert join(newcomer("doctor@example.org")) is None
    assert counts() == [*before[:-1], before[-1] + 1]
    cast.people["doctor"].refresh_from_db()
    assert not cast.people["doctor"].check_password(PASSWORD)


def test_an_address_that_waits_gets_its_link_again(cast):
    join()
    assert join(newcomer(name="Somebody Else"), new_account(licence_number="N2")) is None
    assert Person.objects.get(email="new@example.org").name == "Dr New"
    assert waiting("confirm_email") == ["new@example.org"]  # one in five minutes
    joining.send_again("New@Example.org", now=real_now() + timedelta(minutes=6))
    assert waiting("confirm_email") == ["new@example.org"] * 2
    assert waiting("already_known") == []


def test_who_has_signed_in_adds_an_account(cast):
    account = join(cast.people["patient"])
    assert set(cast.people["patient"].memberships.values_list("account_id", flat=True)) == {
        cast.patient.account_id, account.pk,
    }  # fmt: skip
    assert waiting("staff_queue") == ["staff@example.org"]
    assert waiting("confirm_email") == []


@pytest.mark.parametrize(("who", "new", "pointer"), [
    ({"password": "short"}, {}, "/password"),
    ({"password": "password1234"}, {}, "/password"),
    ({}, {"licence_number": "D1"}, "/licence_number"),
    ({}, {"licence_number": "d1", "licence_body": "gmc"}, "/licence_number"),
    ({}, {"licence_number": " "}, "/licence_number"),
    ({}, {"licence_expires_on": ahead(-1)}, "/licence_expires_on"),
    ({}, {"licence_expires_on": None}, "/licence_expires_on"),
    ({}, {"document": None}, "/document"),
    ({}, {"name": " "}, "/name"),
    ({}, {"kind": AccountKind.STAFF}, "/kind"),
    ({}, {"kind": AccountKind.PATIENT}, "/kind"),
])  # fmt: skip
def test_refused_and_nothing_changed(cast, who, new, pointer):
    before = counts()
    with pytest.raises(Invalid) as no:
        join(newcomer(**who), new_account(**new))
    assert [error["pointer"] for error in no.value.errors] == [pointer]
    assert counts() == before


def test_a_rejected_registration_does_not_hold_the_licence(cast):
    first = join()
    change_state(cast.actor("staff"), first.pk, AccountState.REJECTED, reason="Not in the register", now=real_now())
    second = join(newcomer("true@example.org"))
    assert second.licence_number == first.licence_number
    with pytest.raises(NotNow), transaction.atomic():
        change_state(cast.actor("staff"), first.pk, AccountState.VERIFIED, now=real_now())
    first.refresh_from_db()
    assert first.state == AccountState.REJECTED


def test_an_address_that_nobody_confirms_frees_the_licence_after_a_week(cast):
    account, now = join(), real_now()
    kept = join(newcomer("kept@example.org"), new_account(licence_number="N200"))
    EmailAddress.objects.filter(email="kept@example.org").update(verified=True)
    assert joining.reject_unconfirmed(now + timedelta(days=6, hours=23)) == 0
    assert joining.reject_unconfirmed(now + timedelta(days=8)) == 1
    assert joining.reject_unconfirmed(now + timedelta(days=9)) == 0
    account.refresh_from_db()
    kept.refresh_from_db()
    assert (account.state, kept.state) == (AccountState.REJECTED, AccountState.PENDING)
    assert Event.objects.get(type="account.rejected").subject_account_id == account.pk
    assert list(Document.objects.values_list("account_id", flat=True)) == [kept.pk]


@pytest.mark.parametrize(("state", "template"), [
    (AccountState.VERIFIED, "account_verified"),
    (AccountState.REJECTED, "account_rejected"),
    (AccountState.SUSPENDED, "account_suspended"),
])  # fmt: skip
def test_every_change_of_state_is_mailed(cast, state, template):
    account = join()
    Mail.objects.all().delete()
    change_state(cast.actor("staff"), account.pk, state, reason="Because of A & B", now=real_now())
    assert waiting() == ["new@example.org"]
    text = words_of(template)
    assert "Dr New" in text
    assert ("Because of A & B" in text) == (state != AccountState.VERIFIED)


def test_the_end_of_a_suspension_is_mailed_as_such(cast):
    change_state(cast.actor("staff"), cast.pharmacy.pk, AccountState.SUSPENDED, reason="x", now=real_now())
    change_state(cast.actor("staff"), cast.pharmacy.pk, AccountState.VERIFIED, now=real_now())
    assert waiting("account_reinstated") == ["owner@example.org"]  # who manages it, nobody else


def test_an_expired_licence_is_not_verified(cast):
    account = join()
    Account.objects.filter(pk=account.pk).update(licence_expires_on=ahead(-1))
    with pytest.raises(NotNow):
        change_state(cast.actor("staff"), account.pk, AccountState.VERIFIED, now=real_now())
    account.refresh_from_db()
    assert account.state == AccountState.PENDING


def test_a_document_is_kept_with_the_account(cast):
    account = join(new=new_account(document=document(name="../../My licence (1).exe")))
    kept = account.documents.get()
    assert (kept.name, kept.content_type, kept.size) == ("My-licence-1.pdf", "application/pdf", len(bytes(kept.data)))


@pytest.mark.parametrize("email", ["doctor@example.org", "nobody@example.org", "further@example.org"])
@pytest.mark.parametrize("new", [{"licence_number": "D2"}, {"name": " "}, {"licence_number": ""}])
def test_what_is_refused_is_refused_alike_for_known_and_unknown_addresses(cast, email, new):
    EmailAddress.objects.create(user=cast.people["doctor"], email="further@example.org", verified=True)
    before = counts()
    with pytest.raises(Invalid):
        join(newcomer(email), new_account(**new))
    assert counts() == before and waiting() == []


def test_a_confirmed_further_address_is_known(cast):
    EmailAddress.objects.create(user=cast.people["doctor"], email="further@example.org", verified=True)
    before = counts()
    assert join(newcomer("Further@example.org")) is None
    assert waiting("already_known") == ["doctor@example.org"]
    assert counts() == [*before[:-1], before[-1] + 1]


def test_who_registered_anothers_address_first_does_not_get_in_when_it_is_confirmed(cast):
    join(newcomer(password="the-strangers-own-password"))
    person = Person.objects.get(email="new@example.org")
    assert join(newcomer(password="the-strangers-own-password"), new_account(licence_number="N2")) is None
    person.refresh_from_db()
    assert person.check_password("the-strangers-own-password")  # the same once more: the mail was slow
    assert join(newcomer(), new_account(licence_number="N3")) is None
    person.refresh_from_db()
    assert not person.has_usable_password()  # set anew by mail, which only the address's owner reads


def test_the_mail_to_an_address_repeats_nothing_that_a_stranger_typed(cast):
    join(newcomer(name="You won: http://evil.example"))
    assert "evil" not in words_of("confirm_email")
