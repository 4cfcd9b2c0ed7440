"""The answer to a form whose token does not hold any more: the page was opened before the last sign-in, or the cookies are gone.

Named in config/settings.py. Nothing was done. Where the form's token is that of the same person's time before they signed in
anew (a tab that outlived the session), what was typed is kept and shown again, as kept.py does for an ended session. No other
site knows that token, and no form of somebody else had it: each sign-in makes a new one.
"""

import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware import csrf
from django.shortcuts import render

from elmed.access import sessions
from elmed.accounts.models import Person
from elmed.portals import kept
from elmed.portals.devices import COOKIE

FORMER = "former_csrf_secret"  # in the session, with since when: it opens nothing any more
WRONG = "CSRF token from POST incorrect."  # Django's reason; the others are of other sites, or of no token of ours


def page(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say so, with the way back."""
    shows = getattr(getattr(request.resolver_match, "func", None), kept.SHOWS, False)
    back = kept.keep(request) if shows and reason == WRONG and _of_before(request) else request.get_full_path()
    context = {"back": back, "is_kept": kept.waits(request, back)}
    return render(request, "403_csrf.html", context, status=403)


def signed_in_anew(request: HttpRequest, person: Person) -> None:
    """Note the secret of the forms of before, where they were the same person's: who signed in last with this browser."""
    before = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
    if before and sessions.last_person(request.COOKIES.get(COOKIE, "")) == person.pk:
        request.session[FORMER] = [before, int(time.time())]


def _of_before(request: HttpRequest) -> bool:
    secret, since = request.session.get(FORMER) or ("", 0)
    token = request.POST.get("csrfmiddlewaretoken", "")
    if not isinstance(request.user, Person) or not secret or time.time() - since > kept.LASTS:
        return False
    try:
        csrf._check_token_format(token)  # type: ignore[attr-defined]
    except csrf.InvalidTokenFormat:
        return False
    return bool(csrf._does_token_match(token, secret))  # type: ignore[attr-defined]
