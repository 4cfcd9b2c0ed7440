"""Joining by oneself: a doctor, a pharmacy or a developer registers, and confirms the e-mail address.

Called by the public pages. Whether somebody has an account already is told by mail alone, never by the page.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.accounts import documents
from elmed.accounts.actions import add_member, judge, register
from elmed.accounts.models import Account, AccountKind, AccountState, Document, Person, Role
from elmed.accounts.queries import person_by_email
from elmed.accounts.told import tell_waiting
from elmed.core.refusals import Invalid
from elmed.events.record import record
from elmed.notifications import mail

FIRST_ROLES = {
    AccountKind.DOCTOR: (Role.PRESCRIBER,),
    AccountKind.PHARMACY: (Role.OWNER,),
    AccountKind.DEVELOPER: (Role.DEVELOPER,),
}
UNCONFIRMED_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Newcomer:
    """Somebody who has no sign-in yet."""

    name: str
    email: str
    password: str


@dataclass(frozen=True)
class NewAccount:
    """What a registration says of the account."""

    kind: AccountKind
    name: str
    licence_number: str = ""
    licence_body: str = ""
    licence_expires_on: date | None = None
    specialty: str = ""
    phone: str = ""
    address: str = ""
    city: str = ""
    also_pharmacist: str = ""  # a pharmacy's owner who is a pharmacist: their own registration number
    document: documents.Judged | None = None


def judge_password(password: str, *, email: str, name: str) -> None:
    """Raise Invalid (`/password`) where it is too easy to guess."""
    if errors := weaknesses(password, email=email, name=name):
        raise Invalid(errors)


def weaknesses(password: str, *, email: str, name: str) -> list[dict[str, str]]:
    """What is wrong with it: one error, or none."""
    try:
        validate_password(password, Person(email=email, name=name))
    except ValidationError as error:
        detail = f"{' '.join(error.messages)} {_('Take several words that nobody would guess of you.')}"
        return [{"pointer": "/password", "code": "weak_password", "detail": detail}]
    return []


@transaction.atomic
def join(who: Newcomer | Person, new: NewAccount, *, language: str = "", now: datetime) -> Account | None:
    """Register an account for a newcomer, or for a person who has signed in. None where the newcomer's address is known.

    Its owner is then told by mail. Raises Invalid: weak password, licence expired or used, no document.
    """
    errors = []
    if new.kind not in FIRST_ROLES:
        raise Invalid.field("/kind", "not_open", _("An account of this kind is not made by registering."))
    if new.kind != AccountKind.DEVELOPER:
        if new.licence_expires_on is None or new.licence_expires_on < now.date():
            detail = _("Give a day that lies ahead: an expired licence cannot be verified.")
            errors.append({"pointer": "/licence_expires_on", "code": "expired", "detail": detail})
        if new.document is None:
            errors.append({"pointer": "/document", "code": "required", "detail": _("Send your licence.")})
    if isinstance(who, Newcomer):
        errors += weaknesses(who.password, email=who.email, name=who.name)
    if errors:
        raise Invalid(errors)
    if isinstance(who, Person):
        account = _account(who, new, now)
        if who.terms_accepted_at is None:
            who.terms_accepted_at = now
            who.save(update_fields=["terms_accepted_at"])
        if new.kind != AccountKind.DEVELOPER:
            tell_waiting(now)
        return account
    # Before the question, so that it is refused alike for an address that is known and for one that is not.
    judge(kind=new.kind, name=new.name, licence_number=new.licence_number, licence_body=new.licence_body)
    known = person_by_email(who.email)
    if known is not None:
        # One password is reckoned either way, so that the answer takes about as long.
        _tell_known(known, now, same=known.check_password(who.password))
        return None
    person = Person(email=who.email.strip().lower(), name=who.name.strip(), language=language, terms_accepted_at=now)
    person.password = make_password(who.password)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:  # the same address registered in this very moment: it has its link
        return None
    address = EmailAddress.objects.create(user=person, email=person.email, verified=False, primary=True)
    account = _account(person, new, now)
    ask_to_confirm(address, now)
    return account


def _account(person: Person, new: NewAccount, now: datetime) -> Account:
    developer = new.kind is AccountKind.DEVELOPER
    account = register(
        kind=new.kind, name=new.name, person=person, roles=FIRST_ROLES[new.kind], now=now,
        # A developer has no licence to look at: the test world is open as soon as the address is confirmed.
        state=AccountState.VERIFIED if developer else AccountState.PENDING,
        licence_number=new.licence_number, licence_body=new.licence_body, licence_expires_on=new.licence_expires_on,
        specialty=new.specialty, phone=new.phone, address=new.address, city=new.city,
    )  # fmt: skip
    if new.kind is AccountKind.PHARMACY and new.also_pharmacist.strip():
        add_member(account, person, Role.PHARMACIST, registration_number=new.also_pharmacist.strip())
    if new.document is not None:
        documents.keep(account, new.document, person_id=person.pk, now=now)
    return account


def _tell_known(person: Person, now: datetime, *, same: bool) -> None:
    """The address has a sign-in: its owner is told, once an hour at most; unconfirmed, they get the link again.

    An address that two registered with two passwords (not `same`) has none until its owner sets one by mail: whoever
    registered somebody else's address first does not get in when the owner confirms it.
    """
    address = EmailAddress.objects.filter(user=person, email__iexact=person.email).first()
    if address is not None and not address.verified:
        if not same:
            person.set_unusable_password()
            person.save(update_fields=["password"])
        ask_to_confirm(address, now)
        return
    mail.queue(
        to=person.email, template="already_known", language=person.language, at=now, context={"name": person.name},
        dedupe_key=f"known:{person.pk}:{now:%Y-%m-%dT%H}",
    )  # fmt: skip


def ask_to_confirm(address: EmailAddress, now: datetime) -> bool:
    """Queue the mail with the link that confirms an address, once in five minutes at most. Whether it was queued."""
    person: Person = address.user
    window = int(now.timestamp()) // 300
    return mail.queue(
        to=address.email, template="confirm_email", language=person.language, at=now,
        context={"id": address.pk, "name": person.name}, dedupe_key=f"confirm:{address.pk}:{window}",
    )  # fmt: skip


@transaction.atomic
def send_again(email: str, *, now: datetime) -> None:
    """The link once more, where that address waits to be confirmed. Says nothing either way."""
    address = EmailAddress.objects.filter(email__iexact=email.strip(), verified=False).select_related("user").first()
    if address is not None:
        ask_to_confirm(address, now)


@transaction.atomic
def confirmed(person: Person, now: datetime) -> None:
    """The person's address was confirmed: what they registered comes before staff."""
    if Account.objects.filter(memberships__person=person, state=AccountState.PENDING).exists():
        tell_waiting(now)


def reject_unconfirmed(now: datetime) -> int:
    """Reject what was registered a week ago with an address that nobody confirmed; it holds no licence any more.

    Returns how many; the worker calls it.
    """
    clock = Actor(None, None, AccountState.VERIFIED, frozenset(), "clock")
    addresses = EmailAddress.objects.filter(user__memberships__account=OuterRef("pk"))
    due = Account.objects.filter(
        Exists(addresses.filter(verified=False)), ~Exists(addresses.filter(verified=True)),
        state=AccountState.PENDING, created_at__lt=now - UNCONFIRMED_FOR,
    )  # fmt: skip
    count = 0
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            account = Account.objects.select_for_update(no_key=True).get(pk=pk)
            if account.state != AccountState.PENDING or addresses_confirmed(account):
                continue
            account.state, account.state_reason = AccountState.REJECTED, "The e-mail address was never confirmed."
            account.save(update_fields=["state", "state_reason", "updated_at"])
            Document.objects.filter(account=account).delete()  # whoever sent it never said that the address is theirs
            record(clock, "account.rejected", accounts=[pk], at=now, subject_account_id=pk)
            count += 1
    return count


def addresses_confirmed(account: Account) -> bool:
    """Whether one of the account's people has a confirmed address."""
    confirmed_ones = EmailAddress.objects.filter(user__memberships__account=account, verified=True)
    return bool(confirmed_ones.exists())
