"""Two at the same moment: one link is used once, one address is registered once, one record is claimed once."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from elmed.access.actors import of_person
from elmed.accounts import joining, links, members
from elmed.accounts.models import Account, Membership, Person
from elmed.core.clock import real_now
from elmed.core.refusals import Refusal
from elmed.patients import claim
from elmed.patients.actions import Finding, consult
from elmed.patients.models import IdentityCheck
from tests.accounts.joined import new_account, newcomer

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> tuple[list[object], list[Refusal]]:
    """What each gave back, and what was refused; anything else fails the test."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is nothing to race")
    start, done, refused, broken = threading.Barrier(len(acts)), [], [], []

    def run(act):
        start.wait()
        try:
            done.append(act())
        except Refusal as no:
            refused.append(no)
        except Exception as error:  # the test's own thread must hear of it
            broken.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken, broken
    return done, refused


def test_one_link_makes_one_member(cast):
    row = members.invite(cast.actor("owner"), email="tess@example.org", roles=["technician"], now=real_now())
    link = links.token(links.MEMBER, row.pk, row.serial)
    accept = lambda: members.accept(link, newcomer(), now=real_now())  # noqa: E731
    done, refused = at_once(accept, accept)
    assert (len(done), len(refused)) == (1, 1)
    assert Membership.objects.filter(person__email="tess@example.org").count() == 1


def test_one_address_is_registered_once(cast):
    first, second = (lambda: joining.join(newcomer(), new_account(licence_number="N1"), now=real_now()),
                     lambda: joining.join(newcomer(), new_account(licence_number="N2"), now=real_now()))  # fmt: skip
    done, refused = at_once(first, second)
    assert not refused
    assert sorted(one is None for one in done) == [False, True]
    assert Person.objects.filter(email="new@example.org").count() == 1
    assert Account.objects.filter(name="Dr New").count() == 1


def test_one_licence_is_registered_once(cast):
    done, refused = at_once(*(
        lambda email=email: joining.join(newcomer(email), new_account(), now=real_now()) for email in ("a@example.org", "b@example.org")
    ))  # fmt: skip
    assert (len(done), len(refused)) == (1, 1)
    assert Account.objects.filter(licence_number="N100").count() == 1
    assert Person.objects.filter(email__in=["a@example.org", "b@example.org"]).count() == 1


def test_one_record_is_claimed_once(cast):
    doctor, patient = cast.actor("doctor"), cast.other_patient
    found = Finding("Ewing", patient.date_of_birth, "H2")
    consult(doctor, patient.pk, found_by=found, identity_check=IdentityCheck.KNOWN, now=real_now())
    row = claim.invite(doctor, patient.pk, email="dora@example.org", now=real_now())
    link = links.token(links.PATIENT, row.pk, row.serial)
    take = lambda: claim.claim(link, newcomer(), date_of_birth=patient.date_of_birth, now=real_now())  # noqa: E731
    done, refused = at_once(take, take)
    assert (len(done), len(refused)) == (1, 1)
    patient.refresh_from_db()
    assert patient.account == done[0]
    assert Account.objects.filter(kind="patient").count() == 2


def test_tries_at_the_same_moment_count_like_tries_in_a_row(cast):
    doctor, patient = cast.actor("doctor"), cast.other_patient
    found = Finding("Ewing", patient.date_of_birth, "H2")
    consult(doctor, patient.pk, found_by=found, identity_check=IdentityCheck.KNOWN, now=real_now())
    row = claim.invite(doctor, patient.pk, email="dora@example.org", now=real_now())
    link = links.token(links.PATIENT, row.pk, row.serial)
    wrong = lambda: claim.claim(link, newcomer(), date_of_birth=real_now().date(), now=real_now())  # noqa: E731
    _, refused = at_once(*[wrong] * 7)
    row.refresh_from_db()
    assert (len(refused), row.wrong_tries, row.ended_at is not None) == (7, 5, True)


def test_a_newcomer_whom_two_pharmacies_invited_is_one_person(cast):
    now = real_now()
    Membership.objects.create(person=cast.people["owner"], account=cast.other_pharmacy, role="owner")
    other = of_person(cast.people["owner"], cast.other_pharmacy)
    rows = [
        members.invite(one, email="tess@example.org", roles=["technician"], now=now)
        for one in (cast.actor("owner"), other)
    ]
    done, refused = at_once(*(
        lambda row=row: members.accept(links.token(links.MEMBER, row.pk, row.serial), newcomer(), now=now) for row in rows
    ))  # fmt: skip
    assert (len(done), [no.errors[0]["code"] for no in refused]) == (1, ["known"])
    assert Person.objects.filter(email="tess@example.org").count() == 1


@pytest.mark.parametrize("turn", range(5))
def test_taken_back_or_accepted_never_both(cast, turn):
    row = members.invite(cast.actor("owner"), email="tess@example.org", roles=["technician"], now=real_now())
    link, owner = links.token(links.MEMBER, row.pk, row.serial), cast.actor("owner")
    done, refused = at_once(
        lambda: members.revoke(owner, row.pk, now=real_now()), lambda: members.accept(link, newcomer(), now=real_now())
    )
    row.refresh_from_db()
    assert (len(done), len(refused)) == (1, 1)
    assert (row.accepted_at is None) != (row.revoked_at is None)


@pytest.mark.parametrize("turn", range(5))
def test_claimed_while_invited_anew_waits_and_does_not_break(cast, turn):
    doctor, patient = cast.actor("doctor"), cast.other_patient
    found = Finding("Ewing", patient.date_of_birth, "H2")
    consult(doctor, patient.pk, found_by=found, identity_check=IdentityCheck.KNOWN, now=real_now())
    row = claim.invite(doctor, patient.pk, email="dora@example.org", now=real_now())
    link = links.token(links.PATIENT, row.pk, row.serial)
    done, refused = at_once(
        lambda: claim.claim(link, newcomer(), date_of_birth=patient.date_of_birth, now=real_now()),
        lambda: claim.invite(doctor, patient.pk, email="dora@example.org", now=real_now()),
    )
    assert (len(done), len(refused)) == (1, 1)
