"""Which world a person looks at: live, or the test world of the account they act for.

The choice is kept in the session with the account's id, so that it ends where another account is chosen; middleware.py puts it on
the request, page.py acts by it, base.html says it on every page and every sheet of paper.
"""

from dataclasses import replace

from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils.translation import gettext as _

from elmed.access.actors import Actor
from elmed.accounts.models import Account, AccountState
from elmed.core.models import Mode
from elmed.core.refusals import NotAllowed

VIEWED = "test_data_of"  # in the session: the id of the account whose test world is looked at


def possible(account: Account | None) -> bool:
    """Whether the account has a test world that may be looked into."""
    return account is not None and account.test_world_id is not None and account.state != AccountState.SUSPENDED


def viewed(request: HttpRequest, account: Account | None) -> bool:
    """Whether the person looks at that account's test world. No statement."""
    if account is None or not possible(account):
        return False
    return bool(request.session.get(VIEWED) == account.pk)


def view(request: HttpRequest, account: Account, *, on: bool) -> None:
    """Look at the test world from now on, or at the live one. What other tabs show of the one before cannot be sent any more."""
    if on and not possible(account):
        raise NotAllowed("account_not_active", _("This account has no test world."))
    if viewed(request, account) != on:
        rotate_token(request)
    if on:
        request.session[VIEWED] = account.pk
    else:
        request.session.pop(VIEWED, None)


def in_test_world(actor: Actor, account: Account) -> Actor:
    """The same person in the account's test world. Raises NotAllowed where it has none."""
    if account.test_world_id is None:
        raise NotAllowed("account_not_active", _("This account has no test world."))
    return replace(actor, world_id=account.test_world_id, mode=Mode.TEST)


def mark(account: Account | None, *, test: bool) -> str:
    """What a page says it was made for: another account's, or the other world's, is fetched anew."""
    return f"{account.pk}{'-test' if test else ''}" if account else ""
