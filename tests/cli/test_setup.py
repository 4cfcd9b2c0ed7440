"""`elmed setup`."""

import stat

import pytest

from elmed.accounts.models import Account, Person
from elmed.config.environment import environment
from elmed.prescriptions import seal

PASSWORD = "a long walk by the sea"
STAFF = ("setup", "--email", "ines@clinic.org", "--name", "Ines Moreau")


@pytest.fixture(autouse=True)
def tables_are_there(monkeypatch):
    monkeypatch.setattr("elmed.cli.setup.migrate", lambda: None)


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv("ELMED_SETUP_PASSWORD", PASSWORD)


def test_first_run_makes_keys_and_staff(elmed, db, data, password, mailoutbox):
    ran = elmed(*STAFF)
    assert ran.code == 0, ran.err
    for file in (data / "secret-key", data / "second-factor-keys", *(data / "sealing-keys").glob("*.pem")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len((data / "secret-key").read_text().strip()) >= 50
    assert seal.key_ring().signing_id
    person = Person.objects.get(email="ines@clinic.org")
    assert person.check_password(PASSWORD)
    account = Account.objects.get(memberships__person=person)
    assert (account.kind, account.state) == ("staff", "verified")
    assert [mail.to for mail in mailoutbox] == [["ines@clinic.org"]]
    assert ran.out.count("Back it up apart from the database") == 3
    assert PASSWORD not in ran.out + ran.err


def test_says_what_is_still_unsafe(elmed, db, data, password):
    out = elmed(*STAFF).out
    assert "Still unsafe, mail server" in out
    assert "Still unsafe, sealing key" not in out
    assert "Still unsafe, secret key" not in out
    assert "Still unsafe, second-factor key" not in out


def test_second_run_changes_nothing(elmed, db, data, password):
    elmed(*STAFF)
    files = {file: file.read_bytes() for file in data.rglob("*") if file.is_file()}
    people = list(Person.objects.values())
    again = elmed("setup", "--email", "someone-else@clinic.org", "--name", "Else", "--no-mail")
    assert again.code == 0, again.err
    assert {file: file.read_bytes() for file in data.rglob("*") if file.is_file()} == files
    assert list(Person.objects.values()) == people


def test_a_weak_password_makes_nobody(elmed, db, data, monkeypatch):
    monkeypatch.setenv("ELMED_SETUP_PASSWORD", "short")
    ran = elmed(*STAFF)
    assert ran.code == 1
    assert "password" in ran.err
    assert not Person.objects.exists()
    assert not Account.objects.exists()


def test_without_a_terminal_it_asks_nothing(elmed, db, data):
    ran = elmed("setup")
    assert ran.code == 1
    assert "give it as an option" in ran.err
    assert not Person.objects.exists()


def test_an_address_in_use_is_refused(elmed, cast, data, password):
    Account.objects.filter(kind="staff").update(state="suspended")
    before = Account.objects.count()
    ran = elmed("setup", "--email", cast.people["doctor"].email, "--name", "Ada")
    assert ran.code == 1
    assert Account.objects.count() == before


def test_mail_that_does_not_leave_is_said_and_undoes_nothing(elmed, db, data, password, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("elmed.cli.setup.send_mail", refuse)
    ran = elmed(*STAFF)
    assert ran.code == 0
    assert "could not be sent" in ran.err
    assert Person.objects.filter(email="ines@clinic.org").exists()
    assert environment().email_host == ""
