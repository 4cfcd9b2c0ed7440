"""May they? The account's state and the permission, decided in one place for every face.

What depends on a prescription's status is decided by its table (prescriptions/states.py); which rows
somebody sees at all, by visibility.py.
"""

from dataclasses import replace
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from elmed.access.actors import Actor
from elmed.access.permissions import SCOPES, Permission
from elmed.accounts.models import AccountKind, AccountState
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.core.refusals import NotAllowed

# Signing, making keys and changing what protects the sign-in: the password or a second factor is not older than this.
PRESENCE = timedelta(minutes=5)
_WHY = {
    AccountState.PENDING: gettext_noop("ELMED's staff have not verified this account yet."),
    AccountState.REJECTED: gettext_noop("ELMED's staff did not accept this account."),
    AccountState.SUSPENDED: gettext_noop("This account is suspended."),
    AccountState.LAPSED: gettext_noop("This account's licence has expired: it can read, not act. Renew the licence."),
}


def account_active(actor: Actor, permission: Permission) -> bool:
    """Whether the account's state lets it: verified everything, lapsed reads; a test world only no suspension."""
    if actor.account_state is AccountState.VERIFIED:
        return True
    if actor.account_state is AccountState.SUSPENDED:
        return False
    return actor.mode is Mode.TEST or (actor.account_state is AccountState.LAPSED and permission.reads_only)


def require_unverified(actor: Actor, permission: Permission) -> None:
    """The same for what concerns the account itself: also while it waits, was rejected or lapsed; not suspended."""
    require(replace(actor, mode=Mode.TEST), permission)


def require_to_end(actor: Actor, permission: Permission) -> None:
    """The same for what only takes away, as switching a webhook off: a person may also once the account acts no more.

    A key may not: suspension stops keys, and a licence that ended leaves them reading.
    """
    over = actor.account_state in (AccountState.LAPSED, AccountState.SUSPENDED) and not actor.by_key
    require(replace(actor, account_state=AccountState.VERIFIED) if over else actor, permission)


def require_presence(actor: Actor) -> None:
    """Raise NotAllowed (`reauthentication_required`) unless whoever sits at a portal proved lately who they are."""
    if actor.source != "portal":
        return
    if actor.authenticated_at is None or real_now() - actor.authenticated_at > PRESENCE:
        raise NotAllowed("reauthentication_required", _("Confirm that it is you, then try again."))


def require(actor: Actor, permission: Permission) -> None:
    """Raise NotAllowed (`account_not_active`, `insufficient_scope`, `permission_denied`) unless the actor may."""
    if not account_active(actor, permission):
        raise NotAllowed("account_not_active", _(_WHY[actor.account_state]))
    if permission in actor.permissions:
        return
    if actor.by_key:
        needed = [scope.value for scope, grants in SCOPES.items() if permission in grants]
        raise NotAllowed(
            "insufficient_scope",
            f"This key lacks a scope for that; it needs: {' or '.join(needed) or 'none has it'}.",
            needed_scopes=needed,
        )
    words = _("Your role in this account does not include that.")
    if actor.account_kind is AccountKind.PHARMACY:
        words = f"{words} {_('An owner of the pharmacy can do it, or change your role: Settings → Staff lists the owners.')}"
    raise NotAllowed("permission_denied", words)
