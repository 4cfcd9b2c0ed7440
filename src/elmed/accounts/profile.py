"""What people choose for themselves: the language of their pages and mails.

Called by the portals. It concerns no account and leaves no event.
"""

from django.conf import settings
from django.db import transaction

from elmed.accounts.models import Person
from elmed.core.refusals import Invalid


@transaction.atomic
def choose_language(person: Person, language: str) -> None:
    """Keep the language of this person's pages and mails. Raises Invalid where there is no such language."""
    if language not in dict(settings.LANGUAGES):
        raise Invalid.field("/language", "unknown", "There is no such language here.")
    person.language = language
    person.save(update_fields=["language"])
