"""Accounts: registering, their states, licences that run out."""

from datetime import timedelta

import pytest

from elmed.accounts.actions import STATE_CHANGES, add_member, change_state, register
from elmed.accounts.licences import lapse_due
from elmed.accounts.models import Account, AccountKind, AccountState, Membership, Person, Role
from elmed.core.models import Mode
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.models import Event
from elmed.notifications.models import Mail
from tests.cast import NOW, newcomer


def doctor(**words):
    words = {"kind": AccountKind.DOCTOR, "name": "Dr New", "roles": [Role.PRESCRIBER], "licence_number": "D9",
             "licence_body": "GMC", "now": NOW} | words  # fmt: skip
    return register(person=words.pop("person", None) or newcomer("new"), **words)


def test_a_doctor_begins_pending_with_a_test_world(cast):
    account = doctor()
    assert account.state == AccountState.PENDING
    assert account.test_world.mode == Mode.TEST
    assert account.test_world_id != cast.doctor.test_world_id
    event = Event.objects.get(type="account.created", subject_account_id=account.pk)
    assert event.actor_person_id == Person.objects.get(email="new@example.org").pk


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"name": " "}, "required"),
        ({"licence_number": " "}, "required"),
        ({"licence_number": "D1"}, "already_registered"),
        ({"licence_number": " D1 "}, "already_registered"),
        ({"roles": [Role.STAFF]}, "role_not_available"),
    ],
)
def test_what_cannot_be_registered(cast, words, code):
    accounts = Account.objects.count()
    with pytest.raises(Invalid) as no:
        doctor(**words)
    assert no.value.errors[0]["code"] == code
    assert Account.objects.count() == accounts


def test_the_same_number_of_another_body_is_another_licence(cast):
    assert doctor(licence_number="D1", licence_body="NMC")


@pytest.mark.parametrize("kind", list(AccountKind))
def test_a_kind_of_account_has_only_its_own_roles(cast, kind):
    own = {
        "doctor": {"prescriber"}, "pharmacy": {"owner", "pharmacist", "technician"}, "patient": {"patient"},
        "developer": {"developer"}, "staff": {"staff"},
    }[kind]  # fmt: skip
    account = Account.objects.filter(kind=kind).first() or doctor(kind=kind, roles=[], licence_number="")
    for role in Role:
        if role in own:
            add_member(account, cast.people["patient"], role)
        else:
            with pytest.raises(Invalid):
                add_member(account, cast.people["patient"], role)
    assert (
        set(Membership.objects.filter(account=account, person=cast.people["patient"]).values_list("role", flat=True))
        == own
    )


@pytest.mark.parametrize("before", list(AccountState))
@pytest.mark.parametrize("after", list(AccountState))
def test_staff_change_states_along_the_table(cast, before, after):
    account = doctor(state=before)
    legal = {
        (AccountState.PENDING, AccountState.VERIFIED), (AccountState.REJECTED, AccountState.VERIFIED),
        (AccountState.SUSPENDED, AccountState.VERIFIED), (AccountState.LAPSED, AccountState.VERIFIED),
        (AccountState.PENDING, AccountState.REJECTED), (AccountState.PENDING, AccountState.SUSPENDED),
        (AccountState.VERIFIED, AccountState.SUSPENDED), (AccountState.LAPSED, AccountState.SUSPENDED),
    }  # fmt: skip
    events = Event.objects.count()
    if (before, after) in legal:
        assert change_state(cast.actor("staff"), account.pk, after, reason="Checked", now=NOW).state == after
        assert Event.objects.latest("pk").type == f"account.{after.value}"
        return
    with pytest.raises(NotNow):
        change_state(cast.actor("staff"), account.pk, after, reason="Checked", now=NOW)
    account.refresh_from_db()
    assert account.state == before and Event.objects.count() == events


def test_states_are_staffs_business_and_have_reasons(cast):
    account = doctor()
    for who in ("doctor", "owner", "patient"):
        with pytest.raises(NotAllowed):
            change_state(cast.actor(who), account.pk, AccountState.VERIFIED, now=NOW)
    with pytest.raises(NotVisible):
        change_state(cast.actor("staff"), 10**9, AccountState.VERIFIED, now=NOW)
    for reason in ("", "x" * 501):
        with pytest.raises(Invalid):
            change_state(cast.actor("staff"), account.pk, AccountState.REJECTED, reason=reason, now=NOW)
    assert AccountState.LAPSED not in STATE_CHANGES  # only time does that


def test_a_licence_holds_to_the_end_of_its_last_day(cast):
    today = NOW.date()
    lapsing = doctor(state=AccountState.VERIFIED, licence_expires_on=today - timedelta(days=1))
    last_day = doctor(
        state=AccountState.VERIFIED, licence_expires_on=today, licence_number="D10", person=cast.people["doctor"]
    )
    assert lapse_due(today, NOW) == 1
    assert lapse_due(today, NOW) == 0
    lapsing.refresh_from_db()
    last_day.refresh_from_db()
    assert (lapsing.state, last_day.state) == (AccountState.LAPSED, AccountState.VERIFIED)
    assert Event.objects.latest("pk").type == "account.lapsed"


def test_people_are_one_by_their_address_in_any_case(db):
    from django.db import IntegrityError, transaction

    made = Person.objects.create_user(email=" Ann@Example.org ", name="Ann")
    assert Person.objects.get_by_natural_key("ANN@example.ORG") == made
    assert not made.has_usable_password()
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.create(email="ANN@EXAMPLE.ORG", name="Ann again")


def test_a_licence_that_ended_during_a_suspension_is_renewed_after_it(cast):
    account = doctor(state=AccountState.SUSPENDED, licence_expires_on=NOW.date() - timedelta(days=1))
    assert change_state(cast.actor("staff"), account.pk, AccountState.VERIFIED, now=NOW).state == AccountState.LAPSED
    assert Event.objects.latest("pk").type == "account.lapsed"
    assert [row.template for row in Mail.objects.all()] == ["account_lapsed"]
    with pytest.raises(NotNow, match="renewal"):
        change_state(cast.actor("staff"), account.pk, AccountState.VERIFIED, now=NOW)


def test_a_registration_whose_licence_ended_meanwhile_begins_anew(cast):
    account = doctor(licence_expires_on=NOW.date() - timedelta(days=1))
    with pytest.raises(NotNow, match="Reject it"):
        change_state(cast.actor("staff"), account.pk, AccountState.VERIFIED, now=NOW)
    account.refresh_from_db()
    assert account.state == AccountState.PENDING


def test_staff_cannot_shut_themselves_out(cast):
    events = Event.objects.count()
    with pytest.raises(NotNow):
        change_state(cast.actor("staff"), cast.staff.pk, AccountState.SUSPENDED, reason="By mistake", now=NOW)
    cast.staff.refresh_from_db()
    assert cast.staff.state == AccountState.VERIFIED and Event.objects.count() == events
