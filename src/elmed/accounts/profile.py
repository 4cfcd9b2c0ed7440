"""What people change themselves: their name and language, and how their account can be reached.

Called by the portals. A licence, and the name that stands on it, is changed by ELMED's staff alone.
"""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts.models import Account, AccountKind, Person
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid
from elmed.events.record import record


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

    Raises NotAllowed, Invalid (a doctor or a pharmacy without a phone number).
    """
    policy.require_unverified(actor, Permission.ACCOUNT_MANAGE)
    account = Account.objects.select_for_update(no_key=True).get(pk=actor.acting_account_id)
    if account.kind in (AccountKind.DOCTOR, AccountKind.PHARMACY) and not any(map(str.isdigit, phone)):
        raise Invalid.field("/phone", "required", _("Give a phone number: doctors and pharmacies call each other."))
    account.phone, account.address, account.city = phone.strip(), address.strip(), city.strip()
    account.save(update_fields=["phone", "address", "city", "updated_at"])
    record(actor, "account.contact_changed", accounts=[account.pk], at=real_now(), subject_account_id=account.pk)
    return account


def _check_language(language: str) -> None:
    if language not in dict(settings.LANGUAGES):
        raise Invalid.field("/language", "unknown", _("There is no such language here."))
