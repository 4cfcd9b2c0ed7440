"""The switch of the language, at the foot of every page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from elmed.accounts.models import Person
from elmed.accounts.profile import choose_language
from elmed.portals.onward import onward
from elmed.portals.page import public_page

A_YEAR = 365 * 24 * 3600


@public_page
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the choice, in the browser and with the person, and show the same page again."""
    chosen = request.POST.get("language", "")
    response = redirect(onward(request))
    if chosen in dict(settings.LANGUAGES):
        if isinstance(request.user, Person):
            choose_language(request.user, chosen)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=A_YEAR,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response
