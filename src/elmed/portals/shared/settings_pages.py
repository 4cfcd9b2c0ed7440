"""The settings' contents."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from elmed.access.permissions import Permission
from elmed.portals.page import actor_of, person_page


@person_page
def index(request: HttpRequest) -> HttpResponse:
    """What can be set; the licence is for those who answer for the account."""
    account = getattr(request, "account", None)
    manages = account is not None and Permission.ACCOUNT_MANAGE in actor_of(request, account).permissions
    return render(request, "settings/index.html", {"manages": manages})
