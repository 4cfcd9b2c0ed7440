"""What people change themselves: their name and language, and how their account can be reached; and what staff correct.

Called by the portals. A licence, and the name that stands on it, is changed by ELMED's staff alone.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.models import Account, AccountKind, NameCorrection, Person
from elmed.accounts.told import tell
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.events.record import record

SHORTEST, LONGEST = 10, 300  # characters of a reason
LONGEST_NAME = 200


@transaction.atomic
def choose_language(person: Person, language: str) -> None:
    """Keep the language of this person's pages and mails. Raises Invalid where there is no such language."""
    _check_language(language)
    person.language = language
    person.save(update_fields=["language"])


@transaction.atomic
def change_person(person: Person, *, name: str, language: str) -> Person:
    """Change a person's own name and language (empty: as the browser asks for). Raises Invalid."""
    if not name.strip():
        raise Invalid.field("/name", "required", _("Give your name."))
    if language:
        _check_language(language)
    person.name, person.language = name.strip()[:200], language
    person.save(update_fields=["name", "language"])
    return person


@transaction.atomic
def change_contact(actor: Actor, *, phone: str, address: str, city: str) -> Account:
    """Change how the actor's account can be reached. What was signed before keeps the number it was signed with.

    Another phone number is told to the account's people: staff call it before they remove a second factor. Raises
    NotAllowed (also `reauthentication_required`), Invalid (a doctor or a pharmacy without a phone number).
    """
    policy.require_unverified(actor, Permission.ACCOUNT_MANAGE)
    policy.require_presence(actor)
    account = Account.objects.select_for_update(no_key=True).get(pk=actor.acting_account_id)
    if account.kind in (AccountKind.DOCTOR, AccountKind.PHARMACY) and not any(map(str.isdigit, phone)):
        raise Invalid.field("/phone", "required", _("Give a phone number: doctors and pharmacies call each other."))
    before = account.phone
    account.phone, account.address, account.city = phone.strip(), address.strip(), city.strip()
    account.save(update_fields=["phone", "address", "city", "updated_at"])
    record(actor, "account.contact_changed", accounts=[account.pk], at=real_now(), subject_account_id=account.pk)
    if account.phone != before:
        tell(account, "phone_changed", at=real_now(), before=_end_of(before), after=_end_of(account.phone))
    return account


@transaction.atomic
def correct_name(actor: Actor, account_id: int, *, name: str, reason: str, now: datetime) -> Account | None:
    """Staff correct what an account is called, and its person where they are called so; what was signed keeps the name.

    Its people are told by mail. None where it is called so already: nothing is written. Raises NotAllowed, NotVisible,
    Invalid (name, reason), NotNow (`invalid_state`: their own account, or a patient's, which is called as its record).
    """
    policy.require(actor, Permission.NAME_CORRECT)
    rows = Account.objects.select_for_update(no_key=True).filter(pk=account_id, world_id=actor.world_id)
    account = rows.first()
    if account is None:
        raise NotVisible("account")
    if account.pk == actor.account_id:
        raise NotNow("invalid_state", _("Nobody corrects the name of the account they act for."))
    if account.kind == AccountKind.PATIENT:
        raise NotNow("invalid_state", _("A patient’s account is called as the record is: correct the record."))
    name, reason, before = " ".join(name.split()), " ".join(reason.split()), account.name
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid.field(
            "/name", "required", _("Give the name, in at most %(most)d characters.") % {"most": LONGEST_NAME}
        )
    if not SHORTEST <= len(reason) <= LONGEST:
        words = _("Say why, in %(least)d to %(most)d characters: the account’s people read it.")
        raise Invalid.field("/reason", "required", words % {"least": SHORTEST, "most": LONGEST})
    if name == before:
        return None
    account.name = name
    account.save(update_fields=["name", "updated_at"])
    Person.objects.filter(memberships__account=account, name=before).update(name=name)
    NameCorrection.objects.create(
        account=account, before=before, reason=reason, by_person_id=actor.acting_person_id, created_at=now
    )
    record(actor, "account.name_corrected", accounts=[account.pk], at=now, subject_account_id=account.pk)
    tell(account, "name_corrected", at=real_now(), before=before, reason=reason)
    return account


def _end_of(phone: str) -> str:
    """The last two digits, which tell its owner which number it is, and nobody else the number."""
    digits = "".join(filter(str.isdigit, phone))
    return digits[-2:] if len(digits) > 2 else ""


def _check_language(language: str) -> None:
    if language not in dict(settings.LANGUAGES):
        raise Invalid.field("/language", "unknown", _("There is no such language here."))
