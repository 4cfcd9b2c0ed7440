"""The settings' contents."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from elmed.access.permissions import Permission
from elmed.access.policy import account_active
from elmed.accounts.models import AccountState
from elmed.portals.page import actor_of, person_page
from elmed.webhooks.queries import endpoints_of


@person_page
def index(request: HttpRequest) -> HttpResponse:
    """What can be set; the licence is for those who answer for the account."""
    account = getattr(request, "account", None)
    actor = actor_of(request, account) if account is not None else None
    manages = actor is not None and Permission.ACCOUNT_MANAGE in actor.permissions
    hooks = actor is not None and Permission.WEBHOOK_READ in actor.permissions
    if actor is not None and hooks and not account_active(actor, Permission.WEBHOOK_READ):
        ended = actor.account_state is AccountState.SUSPENDED
        hooks = ended and endpoints_of(actor).exists()  # to switch them off
    return render(request, "settings/index.html", {"manages": manages, "hooks": hooks})
