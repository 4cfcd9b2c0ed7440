"""The conversation between ELMED's staff and a registrant: asking for more, and answering. The state stays `pending`.

Approving and rejecting is `change_state` (actions.py). Called by the portals.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.accounts import documents
from elmed.accounts.models import Account, AccountState, Message
from elmed.accounts.told import tell, tell_waiting
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.events.record import record

MAX_TEXT = 2000
MOST = 50  # messages of one account: it is a question and its answer, not a chat


@transaction.atomic
def ask(actor: Actor, account_id: int, *, text: str, now: datetime) -> Message:
    """Ask a registrant for more. Raises NotAllowed, NotVisible, NotNow (not pending), Invalid (no words)."""
    policy.require(actor, Permission.ACCOUNT_VERIFY)
    account = _locked(account_id)
    if account.state != AccountState.PENDING:
        raise NotNow(
            "invalid_state", _("Only a registration that waits can be asked for more."), current_state=account.state
        )
    message = Message.objects.create(
        account=account, from_staff=True, person_id=actor.person_id, text=_words(text), created_at=now
    )
    account.asked_at = now
    account.save(update_fields=["asked_at", "updated_at"])
    record(actor, "account.asked", accounts=[account.pk], at=now, subject_account_id=account.pk)
    tell(account, "account_asked", at=now, text=message.text)
    return message


@transaction.atomic
def answer(actor: Actor, *, text: str, document: documents.Judged | None = None, now: datetime) -> Message:
    """Answer ELMED's staff, with a further document where there is one; the registration comes before staff again.

    Raises NotAllowed, NotNow (not pending), Invalid (no words, too many documents or messages).
    """
    policy.require_unverified(actor, Permission.ACCOUNT_MANAGE)
    account = _locked(actor.acting_account_id)
    if account.state != AccountState.PENDING:
        raise NotNow("invalid_state", _("Nothing is asked of this account now."), current_state=account.state)
    if Message.objects.filter(account=account).count() >= MOST:
        raise Invalid.field("/text", "too_many", _("Too many messages. Write to the support address instead."))
    kept = documents.keep(account, document, person_id=actor.person_id, now=now) if document else None
    message = Message.objects.create(
        account=account, from_staff=False, person_id=actor.person_id, text=_words(text), document=kept, created_at=now
    )
    account.asked_at = None
    account.save(update_fields=["asked_at", "updated_at"])
    record(actor, "account.answered", accounts=[account.pk], at=now, subject_account_id=account.pk)
    tell_waiting(now)
    return message


def _locked(account_id: int) -> Account:
    account = Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    if account is None:
        raise NotVisible("account")
    return account


def _words(text: str) -> str:
    words = text.strip()
    if not words:
        raise Invalid.field("/text", "required", _("Write something."))
    if len(words) > MAX_TEXT:
        raise Invalid.field("/text", "too_long", _("At most 2000 characters."))
    return words
