"""The settings' contents, and Settings → Security."""

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from elmed.portals.page import person_page


@person_page
def index(request: HttpRequest) -> HttpResponse:
    """What can be set."""
    return render(request, "settings/index.html")


@person_page
def security(request: HttpRequest) -> HttpResponse:
    """Password, e-mail address, and the second factors that protect the sign-in."""
    kinds = set(Authenticator.objects.filter(user_id=request.user.pk).values_list("type", flat=True))
    return render(request, "settings/security.html", {"kinds": kinds})
