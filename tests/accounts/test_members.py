"""Who works in a pharmacy: invited, joined, changed, removed; links work once; an owner stays."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection

from elmed.accounts import links, members
from elmed.accounts.actions import add_member
from elmed.accounts.joining import Newcomer
from elmed.accounts.models import Account, AccountState, Invitation, Membership, Person, Role
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.models import Event
from tests.accounts.joined import PASSWORD, newcomer, waiting, words_of


def invite(cast, who="owner", email="Tess@example.org", roles=("pharmacist",), now=None):
    return members.invite(cast.actor(who), email=email, roles=roles, now=now or real_now())


def token(row):
    row.refresh_from_db()
    return links.token(links.MEMBER, row.pk, row.serial)


def accept(link, who=None, number="R1", now=None):
    return members.accept(
        link, who or newcomer("ignored@example.org"), registration_number=number, now=now or real_now()
    )


def roles_in(account, person):
    return set(Membership.objects.filter(account=account, person=person).values_list("role", flat=True))


def test_a_newcomer_joins_with_the_invited_address(cast):
    row = invite(cast)
    assert waiting("member_invited") == ["tess@example.org"]
    assert "/join/invited/" in words_of("member_invited")
    assert accept(token(row)) == cast.pharmacy
    tess = Person.objects.get(email="tess@example.org")  # the invited address, whatever the form said
    assert tess.check_password(PASSWORD)
    assert EmailAddress.objects.get(user=tess).verified  # the link proved it
    held = Membership.objects.get(person=tess)
    assert (held.account, held.role, held.registration_number) == (cast.pharmacy, "pharmacist", "R1")
    joined = Event.objects.get(type="account.member_joined")
    assert (joined.actor_person_id, joined.subject_account_id) == (tess.pk, cast.pharmacy.pk)


def test_somebody_with_a_sign_in_accepts_with_it(cast):
    row = invite(cast, email="other_pharmacist@example.org", roles=["technician", "owner"])
    accept(token(row), cast.people["other_pharmacist"], number="")
    assert roles_in(cast.pharmacy, cast.people["other_pharmacist"]) == {"technician", "owner"}
    assert roles_in(cast.other_pharmacy, cast.people["other_pharmacist"]) == {"pharmacist"}


def test_a_link_works_once(cast):
    link = token(invite(cast))
    accept(link)
    with pytest.raises(NotVisible):
        accept(link, newcomer())
    assert Person.objects.filter(email="tess@example.org").count() == 1


def test_a_link_ends_when_it_is_replaced_revoked_or_a_week_old(cast):
    now, row = real_now(), invite(cast)
    old = token(row)
    members.invite_again(cast.actor("owner"), row.pk, now=now)
    assert len(waiting("member_invited")) == 2
    with pytest.raises(NotVisible):
        accept(old)
    with pytest.raises(NotVisible):
        accept(token(row), now=now + timedelta(days=7))
    assert members.opened(token(row), now=now + timedelta(days=6, hours=23)) == row
    members.revoke(cast.actor("owner"), row.pk, now=now)
    with pytest.raises(NotVisible):
        accept(token(row))
    with pytest.raises(NotNow):
        members.invite_again(cast.actor("owner"), row.pk, now=now)
    with pytest.raises(NotNow):
        members.revoke(cast.actor("owner"), row.pk, now=now)
    assert not Person.objects.filter(email="tess@example.org").exists()


@pytest.mark.parametrize(
    "change",
    [lambda link: link[:-1], lambda link: "x" + link, lambda link: "", lambda link: links.token("patient", 1, 1)],
)
def test_a_forged_link_opens_nothing(cast, change):
    link = change(token(invite(cast)))
    with pytest.raises(NotVisible):
        accept(link)


def test_a_suspended_pharmacy_takes_nobody(cast):
    link = token(invite(cast))
    Account.objects.filter(pk=cast.pharmacy.pk).update(state=AccountState.SUSPENDED)
    with pytest.raises(NotVisible):
        accept(link)


@pytest.mark.parametrize(("who", "number", "refusal"), [
    (newcomer(password="short"), "R1", Invalid),
    (newcomer(name=" "), "R1", Invalid),
    (newcomer(), " ", Invalid),
    ("doctor", "R1", NotNow),
])  # fmt: skip
def test_accepting_refused_and_nothing_changed(cast, who, number, refusal):
    row = invite(cast)
    people, held = Person.objects.count(), Membership.objects.count()
    with pytest.raises(refusal):
        accept(token(row), cast.people[who] if isinstance(who, str) else who, number)
    row.refresh_from_db()
    assert (row.accepted_at, Person.objects.count(), Membership.objects.count()) == (None, people, held)


def test_a_known_address_signs_in_instead_of_registering(cast):
    row = invite(cast, email="doctor@example.org")
    with pytest.raises(Invalid):
        accept(token(row))
    cast.people["doctor"].refresh_from_db()
    assert not cast.people["doctor"].check_password(PASSWORD)


@pytest.mark.parametrize(("who", "words", "refusal"), [
    ("pharmacist", {}, NotAllowed), ("technician", {}, NotAllowed), ("doctor", {}, NotAllowed), ("staff", {}, NotAllowed),
    ("owner", {"email": "nobody"}, Invalid), ("owner", {"email": "Technician@example.org"}, Invalid),
    ("owner", {"roles": []}, Invalid), ("owner", {"roles": ["pharmacist", "staff"]}, Invalid),
])  # fmt: skip
def test_inviting_refused_and_nothing_changed(cast, who, words, refusal):
    with pytest.raises(refusal):
        invite(cast, who, **words)
    assert (Invitation.objects.count(), Event.objects.count(), waiting()) == (0, 0, [])


def test_one_open_invitation_an_address(cast):
    now = real_now()
    invite(cast)
    with pytest.raises(Invalid):
        invite(cast, email="TESS@example.org")
    assert invite(cast, now=now + timedelta(days=8)).revoked_at is None  # the overdue one makes room
    assert Invitation.objects.filter(revoked_at=None).count() == 1


def test_another_pharmacys_invitations_are_not_there(cast):
    row = invite(cast)
    Membership.objects.create(account=cast.other_pharmacy, person=cast.people["other_pharmacist"], role="owner")
    for act in (members.revoke, members.invite_again):
        with pytest.raises(NotVisible):
            act(cast.actor("other_pharmacist"), row.pk, now=real_now())
    assert members.opened(token(row), now=real_now()) == row


def change(cast, name, roles, number="R9", who="owner"):
    members.change_roles(cast.actor(who), cast.people[name].pk, roles=roles, registration_number=number, now=real_now())


def test_roles_change_at_once(cast):
    change(cast, "technician", ["pharmacist"])
    assert roles_in(cast.pharmacy, cast.people["technician"]) == {"pharmacist"}
    assert Membership.objects.get(person=cast.people["technician"]).registration_number == "R9"
    change(cast, "technician", ["technician"])
    assert roles_in(cast.pharmacy, cast.people["technician"]) == {"technician"}
    assert Event.objects.filter(type="account.member_changed").count() == 2


def test_the_last_owner_stays(cast):
    for act in (
        lambda: change(cast, "owner", ["technician"]),
        lambda: members.remove(cast.actor("owner"), cast.people["owner"].pk, now=real_now()),
    ):
        with pytest.raises(NotNow):
            act()
        assert roles_in(cast.pharmacy, cast.people["owner"]) == {"owner"}
    change(cast, "technician", ["owner", "technician"])
    members.remove(cast.actor("owner"), cast.people["owner"].pk, now=real_now())
    assert roles_in(cast.pharmacy, cast.people["owner"]) == set()
    with pytest.raises(NotNow):
        change(cast, "technician", ["technician"], who="technician")


def test_removed_at_once_and_told(cast):
    members.remove(cast.actor("owner"), cast.people["pharmacist"].pk, now=real_now())
    assert waiting("member_removed") == ["pharmacist@example.org"]
    with pytest.raises(AssertionError):
        cast.actor("pharmacist")


@pytest.mark.parametrize(("who", "name", "roles", "number", "refusal"), [
    ("pharmacist", "technician", ["owner"], "", NotAllowed), ("owner", "other_pharmacist", ["technician"], "", NotVisible),
    ("owner", "technician", [], "", Invalid), ("owner", "technician", ["pharmacist"], " ", Invalid),
    ("owner", "technician", ["prescriber"], "", Invalid),
])  # fmt: skip
def test_changing_roles_refused_and_nothing_changed(cast, who, name, roles, number, refusal):
    before = sorted(Membership.objects.values_list("person_id", "account_id", "role"))
    with pytest.raises(refusal):
        change(cast, name, roles, number, who)
    assert sorted(Membership.objects.values_list("person_id", "account_id", "role")) == before


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_leave_at_the_same_moment(cast):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is nothing to race")
    import threading

    Membership.objects.create(account=cast.pharmacy, person=cast.people["technician"], role="owner")
    leaving = [(cast.actor(name), cast.people[name].pk) for name in ("owner", "technician")]
    start, refused = threading.Barrier(2), []

    def leave(actor, pk):
        start.wait()
        try:
            members.remove(actor, pk, now=real_now())
        except NotNow as no:
            refused.append(no)
        finally:
            connection.close()

    both = [threading.Thread(target=leave, args=one) for one in leaving]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(refused) == 1
    assert Membership.objects.filter(account=cast.pharmacy, role="owner").count() == 1


def test_a_confirmed_further_address_is_ones_own(cast):
    EmailAddress.objects.create(user=cast.people["patient"], email="tess@example.org", verified=True)
    row = members.invite(cast.actor("owner"), email="tess@example.org", roles=["technician"], now=real_now())
    link = links.token(links.MEMBER, row.pk, row.serial)
    with pytest.raises(Invalid):
        members.accept(link, newcomer(), now=real_now())
    EmailAddress.objects.create(user=cast.people["other_doctor"], email="tess@example.org", verified=False)
    with pytest.raises(NotNow):
        members.accept(link, cast.people["other_doctor"], now=real_now())
    assert not Membership.objects.filter(account=cast.pharmacy, person=cast.people["other_doctor"]).exists()
    members.accept(link, cast.people["patient"], now=real_now())
    assert Membership.objects.get(account=cast.pharmacy, person=cast.people["patient"]).role == "technician"


class TestAnOwnerWhoGoes:
    """Neither invitations that they sent nor keys that they made are a way back in unseen."""

    @pytest.fixture
    def two(self, cast):
        add_member(cast.pharmacy, cast.people["pharmacist"], Role.OWNER)
        row = members.invite(cast.actor("owner"), email="accomplice@example.org", roles=["owner"], now=real_now())
        other = members.invite(
            cast.actor("pharmacist"), email="colleague@example.org", roles=["technician"], now=real_now()
        )
        return links.token(links.MEMBER, row.pk, row.serial), links.token(links.MEMBER, other.pk, other.serial)

    @pytest.mark.parametrize("how", ["removed", "no owner any more"])
    def test_their_invitations_end(self, cast, two, how):
        theirs, others = two
        person = cast.people["owner"]
        if how == "removed":
            members.remove(cast.actor("pharmacist"), person.pk, now=real_now())
        else:
            members.change_roles(cast.actor("pharmacist"), person.pk, roles=["technician"], now=real_now())
        before = Membership.objects.count()
        with pytest.raises(NotVisible):
            members.accept(theirs, Newcomer("Accomplice", "", "a long walk by the sea"), now=real_now())
        assert Membership.objects.count() == before
        assert Event.objects.filter(type="account.invitation_revoked").count() == 1
        assert members.opened(others, now=real_now())

    def test_another_role_that_changes_ends_none(self, cast, two):
        members.change_roles(
            cast.actor("pharmacist"), cast.people["owner"].pk, roles=["owner", "technician"], now=real_now()
        )
        assert members.opened(two[0], now=real_now())
