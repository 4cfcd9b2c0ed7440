"""`elmed accounts`: make a person with an account, verify, suspend. The rules are accounts/actions.py's."""

import argparse
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction

from elmed.access import factor_secrets
from elmed.access.actors import of_command
from elmed.access.second_factor import IDENTITY_CHECKS, reset
from elmed.accounts.actions import change_state, register
from elmed.accounts.models import Account, AccountKind, AccountState, Person, Role
from elmed.accounts.queries import for_staff
from elmed.cli.people import find_person, make_person, password_link
from elmed.cli.words import CommandFailed, ask, say, table
from elmed.config.environment import environment
from elmed.core.clock import real_now
from elmed.core.refusals import NotVisible
from elmed.prescriptions.actions import sweeps
from elmed.prescriptions.actions.fraud import suspend_for_fraud
from elmed.webhooks import sealed

if TYPE_CHECKING:
    from elmed.cli.words import Groups

# The roles that the first person of an account gets.
FIRST_ROLES: dict[AccountKind, tuple[Role, ...]] = {
    AccountKind.DOCTOR: (Role.PRESCRIBER,),
    AccountKind.PHARMACY: (Role.OWNER, Role.PHARMACIST),
    AccountKind.PATIENT: (Role.PATIENT,),
    AccountKind.DEVELOPER: (Role.DEVELOPER,),
    AccountKind.STAFF: (Role.STAFF,),
}


def add(groups: "Groups") -> None:
    """The commands' options."""
    group = groups.add_parser("accounts", help="make, list, verify and suspend accounts")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)

    make = commands.add_parser("create", help="a person and their account")
    make.add_argument("kind", choices=[kind.value for kind in AccountKind])
    make.add_argument("--email", required=True, help="the sign-in; an existing person gets one more account")
    make.add_argument("--name", required=True, help="of the account: the doctor's or the pharmacy's name")
    make.add_argument("--person-name", help="of the person, where it differs")
    make.add_argument("--role", action="append", choices=[role.value for role in Role], help="repeatable")
    make.add_argument("--licence-number", default="")
    make.add_argument("--licence-body", default="", help="who issued the licence, such as GMC or GPhC")
    make.add_argument("--licence-expires", type=date.fromisoformat, metavar="YYYY-MM-DD")
    make.add_argument("--specialty", default="")
    make.add_argument("--phone", default="")
    make.add_argument("--address", default="")
    make.add_argument("--city", default="")
    make.add_argument("--password", help="visible to other users of this machine: prefer --ask-password")
    make.add_argument("--ask-password", action="store_true", help="ask for it; without either, a link is printed")
    make.add_argument("--verified", action="store_true", help="verified at once: you have seen the licence")
    make.set_defaults(run=create)

    shown = commands.add_parser("list", help="accounts with their ids")
    shown.add_argument("--state", choices=[state.value for state in AccountState], default="")
    shown.set_defaults(run=show)

    verify = commands.add_parser("verify", help="let it act: you have seen the licence")
    verify.add_argument("account", type=int, help="the account's id")
    verify.set_defaults(run=lambda options: _change(options, AccountState.VERIFIED))

    reset = commands.add_parser("reset-second-factor", help="of somebody who has lost phone and recovery codes")
    reset.add_argument("account", type=int, help="the id of an account that the person belongs to")
    reset.add_argument("--email", required=True, help="the person's sign-in")
    reset.add_argument(
        "--identity-check", required=True, choices=list(IDENTITY_CHECKS), help="how you know that it is this person"
    )
    reset.set_defaults(run=reset_factor)

    closed = commands.add_parser(
        "encrypt-second-factors",
        help="encrypt the secrets of second factors with the newest key",
        description="After the second-factor key was changed, or a database from before it was restored. Run again, it changes nothing.",
    )
    closed.add_argument(
        "--new-key",
        action="store_true",
        help="first add a new key to ELMED_DATA/second-factor-keys; the old ones stay in it",
    )
    closed.set_defaults(run=encrypt_factors)

    suspend = commands.add_parser("suspend", help="stop its keys and acts at once")
    suspend.add_argument("account", type=int, help="the account's id")
    suspend.add_argument("--reason", required=True)
    suspend.add_argument(
        "--fraud", action="store_true", help="a doctor's fraud: also put on hold everything open that they signed"
    )
    suspend.set_defaults(run=stop)


def create(options: argparse.Namespace) -> int:
    """Make person and account together, or neither."""
    password = ask("Password", secret=True) if options.ask_password else options.password
    with transaction.atomic():
        known = find_person(options.email)
        person = known or make_person(email=options.email, name=options.person_name or options.name, password=password)
        account = _register(options, person)
        if options.verified:
            change_state(of_command(), account.pk, AccountState.VERIFIED, now=real_now())
            account.refresh_from_db()
        link = password_link(person) if known is None and password is None else None
    say(f"Account {account.pk}: {account.kind}, {account.state}; person {person.pk}.")
    if known is not None:
        say("This person existed: their password is what it was.")
    elif link is not None:
        say(f"They choose a password here: {link}")
    return 0


def _register(options: argparse.Namespace, person: Person) -> Account:
    kind = AccountKind(options.kind)
    roles = [Role(role) for role in options.role or ()] or list(FIRST_ROLES[kind])
    return register(
        kind=kind, name=options.name, person=person, roles=roles, now=real_now(),
        licence_number=options.licence_number, licence_body=options.licence_body,
        licence_expires_on=options.licence_expires, specialty=options.specialty, phone=options.phone,
        address=options.address, city=options.city,
    )  # fmt: skip


def show(options: argparse.Namespace) -> int:
    """Print them."""
    rows = [
        (account.pk, account.kind, account.state, account.licence_number or "-", account.name)
        for account in for_staff(options.state)
    ]
    table(("id", "kind", "state", "licence", "name"), rows)
    return 0


def reset_factor(options: argparse.Namespace) -> int:
    """Remove a second factor: the way back where no other staff person can do it in the portal."""
    person = find_person(options.email)
    if person is None:
        raise NotVisible("person")
    reset(of_command(), options.account, person.pk, identity_check=options.identity_check)
    say(f"Person {person.pk} signs in with the password next, and sets a new second factor up where one is needed.")
    return 0


def encrypt_factors(options: argparse.Namespace) -> int:
    """Change the key, or bring everything under the newest one."""
    if options.new_key:
        if environment().second_factor_keys.get_secret_value():
            raise CommandFailed(
                "SECOND_FACTOR_KEYS has the keys: put a new one in front of them there, then run this without --new-key."
            )
        say(f"A new key stands first in {factor_secrets.make_key()}. Copy the file to every host and back it up.")
    try:
        with transaction.atomic():
            count, endpoints = factor_secrets.encrypt_all(), sealed.encrypt_all()
    except factor_secrets.Unreadable as error:
        raise CommandFailed(f"{error} Nothing was changed.") from None
    say(f"{count} second factors were encrypted anew. The newest key opens all of them.")
    say(f"So were the secrets of {endpoints} webhooks.")
    return 0


def stop(options: argparse.Namespace) -> int:
    """Suspend; on the word fraud, pause what the doctor signed in the same act."""
    if not options.fraud:
        return _change(options, AccountState.SUSPENDED)
    order = suspend_for_fraud(of_command(), options.account, reason=options.reason, now=real_now())
    while sweeps.advance(order.pk, seconds=10):  # a worker may go on with it too; each is done once
        pass
    order.refresh_from_db()
    say(f"Account {options.account} is suspended; {order.done} prescriptions are on hold.")
    return 0


def _change(options: argparse.Namespace, state: AccountState) -> int:
    reason = getattr(options, "reason", "")
    account = change_state(of_command(), options.account, state, reason=reason, now=real_now())
    say(f"Account {account.pk} is {account.state}.")
    return 0
