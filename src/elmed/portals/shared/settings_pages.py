"""The settings' contents."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from elmed.access.permissions import Permission
from elmed.access.policy import account_active
from elmed.portals.page import actor_of, person_page


@person_page
def index(request: HttpRequest) -> HttpResponse:
    """What can be set; the licence is for those who answer for the account."""
    account = getattr(request, "account", None)
    actor = actor_of(request, account) if account is not None else None
    manages = actor is not None and Permission.ACCOUNT_MANAGE in actor.permissions
    webhooks = Permission.WEBHOOK_READ
    hooks = actor is not None and webhooks in actor.permissions and account_active(actor, webhooks)
    return render(request, "settings/index.html", {"manages": manages, "hooks": hooks})
