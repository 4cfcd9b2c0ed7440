"""`elmed accounts`."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP

from elmed.access import factor_secrets
from elmed.accounts.models import Account, Membership, Person
from elmed.config.environment import environment
from elmed.events.models import Event
from tests import factories

DOCTOR = ("accounts", "create", "doctor", "--email", "new@example.org", "--name", "Dr Nora Vance")
LICENCE = ("--licence-number", "N1", "--licence-body", "GMC")
PASSWORD = "a long walk by the sea"


def counted():
    return Person.objects.count(), Account.objects.count(), Membership.objects.count(), Event.objects.count()


def test_create_makes_person_account_role_and_confirmed_address(elmed, db):
    ran = elmed(*DOCTOR, *LICENCE, "--password", PASSWORD)
    assert ran.code == 0, ran.err
    person = Person.objects.get(email="new@example.org")
    assert person.check_password(PASSWORD)
    membership = Membership.objects.get(person=person)
    assert (membership.role, membership.account.kind, membership.account.state) == ("prescriber", "doctor", "pending")
    assert EmailAddress.objects.get(user=person).verified
    assert PASSWORD not in ran.out


def test_create_verified_at_once(elmed, db):
    assert elmed(*DOCTOR, *LICENCE, "--password", PASSWORD, "--verified").code == 0
    account = Account.objects.get(name="Dr Nora Vance")
    assert account.state == "verified"
    assert list(Event.objects.filter(subject_account_id=account.pk).order_by("pk").values_list("type", "source"))[
        -1
    ] == (
        "account.verified",
        "command",
    )


def test_create_one_more_person_on_the_staff(elmed, db):
    staff = ("accounts", "create", "staff", "--email", "help@example.org", "--name", "Second desk", "--verified")
    assert elmed(*staff, "--password", PASSWORD).code == 0
    membership = Membership.objects.get(person__email="help@example.org")
    assert (membership.role, membership.account.kind, membership.account.state) == ("staff", "staff", "verified")


def test_create_without_a_password_prints_a_link_that_works(elmed, db, client):
    ran = elmed(*DOCTOR, *LICENCE)
    assert ran.code == 0, ran.err
    link = ran.out.split("here: ")[1].strip()
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    assert page.status_code == 200
    assert b'type="password"' in page.content


def test_an_existing_person_gets_one_more_account(elmed, cast):
    before = Person.objects.count()
    ran = elmed("accounts", "create", "developer", "--email", "DOCTOR@example.org", "--name", "Ada's tools")
    assert ran.code == 0, ran.err
    assert Person.objects.count() == before
    assert cast.people["doctor"].memberships.count() == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*DOCTOR, "--password", PASSWORD), "licence_number"),
        ((*DOCTOR, *LICENCE, "--password", "short"), "password"),
        ((*DOCTOR, "--licence-number", "D1", "--licence-body", "GMC", "--password", PASSWORD), "licence"),
        ((*DOCTOR[:4], "no-address", *DOCTOR[5:], *LICENCE), "email"),
        ((*DOCTOR, *LICENCE, "--role", "pharmacist", "--password", PASSWORD), "role"),
    ],
)
def test_create_refused_changes_nothing(elmed, cast, arguments, words):
    before = counted()
    ran = elmed(*arguments)
    assert ran.code == 1
    assert words in ran.err
    assert counted() == before


def test_verify_and_suspend(elmed, cast):
    account = Account.objects.create(kind="doctor", name="Dr P", licence_number="X", licence_body="GMC", world_id=1)
    assert elmed("accounts", "verify", account.pk).code == 0
    account.refresh_from_db()
    assert account.state == "verified"
    assert elmed("accounts", "suspend", account.pk, "--reason", "Licence withdrawn").code == 0
    account.refresh_from_db()
    assert (account.state, account.state_reason) == ("suspended", "Licence withdrawn")


@pytest.mark.parametrize(
    "arguments", [("verify", "{doctor}"), ("verify", "999999"), ("suspend", "{doctor}", "--reason", " ")]
)
def test_changes_refused_change_nothing(elmed, cast, arguments):
    before = counted(), sorted(Account.objects.values_list("pk", "state"))
    ran = elmed("accounts", *(one.format(doctor=cast.doctor.pk) for one in arguments))
    assert ran.code == 1
    assert ran.err.startswith("elmed: ")
    assert (counted(), sorted(Account.objects.values_list("pk", "state"))) == before


def test_suspended_for_fraud_what_the_doctor_signed_is_on_hold(elmed, cast):
    rx = factories.verified(cast)
    ran = elmed("accounts", "suspend", cast.doctor.pk, "--reason", "Forged identity", "--fraud")
    assert ran.code == 0 and "1 prescriptions are on hold" in ran.out
    rx.refresh_from_db()
    cast.doctor.refresh_from_db()
    assert (rx.status, cast.doctor.state) == ("on_hold", "suspended")
    assert elmed("accounts", "suspend", cast.pharmacy.pk, "--reason", "x", "--fraud").code == 1
    cast.pharmacy.refresh_from_db()
    assert cast.pharmacy.state == "verified"


def test_list_shows_ids_and_filters_by_state(elmed, cast):
    Account.objects.create(kind="doctor", name="Dr Waiting", licence_number="X", world_id=1)
    everyone = elmed("accounts", "list").out
    assert "Dr Ada Brook" in everyone
    waiting = elmed("accounts", "list", "--state", "pending").out
    assert "Dr Waiting" in waiting
    assert "Dr Ada Brook" not in waiting


def test_a_lost_second_factor_is_removed(elmed, cast):
    staff = cast.people["staff"]
    Authenticator.objects.create(user=staff, type="totp", data={"secret": "x"})
    command = ("accounts", "reset-second-factor", str(cast.staff.pk), "--identity-check", "in_person", "--email")
    assert elmed(*command, "nobody@example.org").code != 0
    assert elmed(*command, cast.people["doctor"].email).code != 0  # not of this account
    assert Authenticator.objects.filter(user=staff).exists()
    assert elmed(*command, staff.email).code == 0
    assert not Authenticator.objects.filter(user=staff).exists()
    assert Event.objects.get(type="person.second_factor_reset").source == "command"


def test_the_second_factor_key_is_changed(elmed, cast, data):
    factor_secrets.make_key()
    TOTP.activate(cast.people["doctor"], "JBSWY3DPEHPK3PXP")
    before = Authenticator.objects.get().data["secret"]
    assert "0 second factors" in elmed("accounts", "encrypt-second-factors").out
    ran = elmed("accounts", "encrypt-second-factors", "--new-key")
    assert ran.code == 0 and "1 second factors" in ran.out and "Copy the file to every host" in ran.out
    after = Authenticator.objects.get().data["secret"]
    assert after != before and factor_secrets.decrypt(after) == "JBSWY3DPEHPK3PXP"


def test_a_second_factor_key_of_the_environment_is_changed_there(elmed, cast, data, monkeypatch):
    monkeypatch.setenv("SECOND_FACTOR_KEYS", factor_secrets.Fernet.generate_key().decode())
    environment.cache_clear()
    ran = elmed("accounts", "encrypt-second-factors", "--new-key")
    environment.cache_clear()
    assert ran.code == 1 and "put a new one in front" in ran.err
    assert not factor_secrets.key_file().exists()


def test_what_no_key_opens_is_said_and_left(elmed, cast, data):
    factor_secrets.make_key()
    TOTP.activate(cast.people["doctor"], "JBSWY3DPEHPK3PXP")
    before = Authenticator.objects.get().data
    factor_secrets.key_file().unlink()
    factor_secrets.make_key()
    ran = elmed("accounts", "encrypt-second-factors")
    assert ran.code == 1 and "No second-factor key" in ran.err
    assert Authenticator.objects.get().data == before
