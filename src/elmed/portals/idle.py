"""A session that nobody uses is locked, then ended: whoever finds the screen needs the password.

After IDLE_LOCK_MINUTES the browser covers the page (static/elmed/lock.js); from a minute later the server too answers
nothing but the page that asks who it is (shared/confirm.py). After IDLE_END_MINUTES the session is over,
and 12 hours after the sign-in, however much it was used.
What a page fetches by itself (htmx: `HX-Request`) is no use of the session; typing is told by `/alive`.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse

from elmed.accounts.models import Person
from elmed.portals import kept
from elmed.portals.middleware import ANONYMOUS

SEEN = "seen_at"  # seconds since 1970, in the session
SINCE = "signed_in_at"  # the same
EVERY = 60  # seconds: the session is written no more often
OPEN = ("unlock", "passkey_options", "account_logout", "language")


class IdleLock:
    """Looks when the session was last used, before anything of an account is looked up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """End, lock, or go on and note the use."""
        if request.path.startswith(ANONYMOUS):
            return self.get_response(request)
        by_itself = "HX-Request" in request.headers
        now = int(time.time())
        if isinstance(request.user, Person):
            idle = now - request.session.get(SEEN, now)
            since = request.session.get(SINCE, now)
            if idle >= settings.IDLE_END_SECONDS or now - since >= settings.SESSION_COOKIE_AGE:
                ended = request.user.pk
                logout(request)
                setattr(request, kept.ENDED, ended)
            elif idle >= settings.IDLE_LOCK_SECONDS + EVERY and request.path not in map(reverse, OPEN):
                return _locked(request, by_itself=by_itself)
        response = self.get_response(request)
        if by_itself and response.status_code == 302 and response.get("Location", "").startswith(_sign_in()):
            return HttpResponse(status=401)  # a fragment of the page must not become the sign-in page
        if isinstance(request.user, Person) and not by_itself and request.path != reverse("unlock"):
            used(request, now)
        return response


def used(request: HttpRequest, now: int) -> None:
    """Note that the session is used, once a minute."""
    if now - request.session.get(SEEN, 0) >= EVERY:
        request.session[SEEN] = now
        kept.drop_old(request)


def _locked(request: HttpRequest, *, by_itself: bool) -> HttpResponse:
    if by_itself:
        return HttpResponse(status=401)
    return redirect(f"{reverse('unlock')}?{urlencode({'next': _way_back(request)})}")


def _way_back(request: HttpRequest) -> str:
    """Where to go on once it is unlocked; what was sent is kept where it came from one of our own pages."""
    shows = False
    if request.method == "POST":
        with suppress(Resolver404):
            shows = getattr(resolve(request.path_info).func, kept.SHOWS, False)
    # Django checks the token only before a view, and here none is reached.
    if shows and CsrfViewMiddleware(_unreached).process_view(request, _unreached, (), {}) is None:
        return kept.keep(request)
    return request.get_full_path()


def _unreached(request: HttpRequest) -> HttpResponse:
    raise AssertionError(request.path)


def _sign_in() -> str:
    return reverse(settings.LOGIN_URL)
