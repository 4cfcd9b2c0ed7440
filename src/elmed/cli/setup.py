"""`elmed setup`: a new installation's keys and first staff person. Safe to run again: it makes only what is missing."""

import argparse
import os
import secrets
from pathlib import Path
from smtplib import SMTPException
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

from elmed.access import factor_secrets
from elmed.accounts.actions import register
from elmed.accounts.models import AccountKind, AccountState, Membership, Role
from elmed.cli.migrate import migrate
from elmed.cli.people import find_person, make_person
from elmed.cli.words import CommandFailed, ask, say, say_error
from elmed.config.checks import findings, secret_key_file
from elmed.config.environment import environment
from elmed.core.clock import real_now
from elmed.prescriptions import seal

if TYPE_CHECKING:
    from elmed.cli.words import Groups

PASSWORD_VARIABLE = "ELMED_SETUP_PASSWORD"  # noqa: S105 - the name of a variable


def add(groups: "Groups") -> None:
    """The command's options."""
    parser = groups.add_parser(
        "setup",
        help="first start: keys, tables, the first staff person, a test mail",
        description="Makes what is missing and says what is still unsafe. Without options it asks at the terminal; "
        f"without a terminal give --email and --name, and the password in {PASSWORD_VARIABLE}.",
    )
    parser.add_argument("--email", help="of the first staff person; the test mail goes there")
    parser.add_argument("--name", help="of the first staff person")
    parser.add_argument("--no-mail", action="store_true", help="send no test mail")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make keys, tables and the staff person; then judge the configuration."""
    Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True, mode=0o700)
    make_secret_key()
    make_sealing_key()
    make_factor_key()
    migrate()
    say("Tables are up to date.")
    email = _staff_person(options)
    if not options.no_mail:
        _test_mail(email)
    say()
    unsafe = findings()
    for one in unsafe:
        say(f"Still unsafe, {one.check}: {one.words}")
    if not unsafe:
        say("Nothing unsafe was found. `elmed serve` and `elmed worker` start ELMED.")
    return 0


def make_secret_key() -> bool:
    """Write ELMED_DATA/secret-key where there is none and the environment gives none. Whether it was written."""
    file = secret_key_file()
    if environment().secret_key.get_secret_value() or file.exists():
        say("Secret key: there.")
        return False
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(secrets.token_urlsafe(48) + "\n")
    settings.SECRET_KEY = file.read_text().strip()
    say(f"Secret key: written to {file}. Back it up apart from the database.")
    return True


def make_sealing_key() -> bool:
    """Make the first sealing key. Whether it was made."""
    folder = Path(settings.SEALING_KEYS_DIR)
    if any(not file.name.endswith(".pub.pem") for file in folder.glob("*.pem")):
        say("Sealing key: there.")
        return False
    file = seal.make_key(folder, real_now())
    say(f"Sealing key: written to {file}. Back it up apart from the database: without it nothing can be signed.")
    say("Whoever has both it and the database can forge prescriptions.")
    return True


def make_factor_key() -> bool:
    """Make the first key that encrypts second factors' secrets. Whether it was made."""
    if environment().second_factor_keys.get_secret_value() or factor_secrets.key_file().exists():
        say("Second-factor key: there.")
        return False
    file = factor_secrets.make_key()
    settings.SECOND_FACTOR_KEYS = ""
    say(
        f"Second-factor key: written to {file}. Back it up apart from the database: without it no second factor signs in."
    )
    return True


def _staff_person(options: argparse.Namespace) -> str:
    """The staff person's address; makes person and account where ELMED has no staff yet."""
    staff = (
        Membership.objects.filter(role=Role.STAFF, account__state=AccountState.VERIFIED)
        .select_related("person")
        .first()
    )
    if staff is not None:
        say("Staff: there.")
        return options.email or staff.person.email
    email = options.email or ask("E-mail of the first staff person")
    name = options.name or ask("Their name")
    if find_person(email) is not None:
        raise CommandFailed("Somebody with this address exists. Give the staff person an address of their own.")
    password = os.environ.get(PASSWORD_VARIABLE) or _new_password()
    with transaction.atomic():
        person = make_person(email=email, name=name, password=password)
        register(
            kind=AccountKind.STAFF, name=f"{settings.SITE_NAME} staff", person=person, roles=[Role.STAFF],
            now=real_now(), state=AccountState.VERIFIED,
        )  # fmt: skip
    say(f"Staff: {person.email} signs in at {settings.BASE_URL}.")
    return person.email


def _new_password() -> str:
    first = ask("Password (12 characters or more)", secret=True)
    if first != ask("The same again", secret=True):
        raise CommandFailed("The two passwords differ. Nothing was made of the staff person; run it again.")
    return first


def _test_mail(email: str) -> None:
    """Send one; what keeps it from leaving is said, and does not undo the rest."""
    site = settings.SITE_NAME
    try:
        send_mail(f"{site}: test mail", f"{site} at {settings.BASE_URL} can send mail.", None, [email])
    except (SMTPException, OSError) as error:
        say_error(f"The test mail could not be sent: {error}")
        return
    where = f"through {settings.EMAIL_HOST}" if settings.EMAIL_HOST else f"to a file in {settings.EMAIL_FILE_PATH}"
    say(f"Test mail for {email}: sent {where}.")
