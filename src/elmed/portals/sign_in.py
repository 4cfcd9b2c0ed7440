"""What surrounds a sign-in: the second factor that some need, the browser it came from, and which sessions it ends.

The middleware stands after CurrentAccount. What is decided here comes from access/second_factor.py and access/sessions.py.
"""

import time
from collections.abc import Callable
from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.signals import authenticator_removed
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from elmed.access import second_factor, sessions
from elmed.accounts.models import Person
from elmed.core.clock import real_now
from elmed.portals import kept, stale
from elmed.portals.devices import COOKIE, device_words
from elmed.portals.factor_forms import forgive
from elmed.portals.idle import EVERY, SEEN, SINCE

NEW = "new_device"  # on the request, until its answer sets the cookie
HAS_FACTOR = "has_second_factor"  # in the session; `factor_removed` and a reset by staff see to it that it stays true
# What can be reached before a needed second factor is set up: setting it up, and leaving.
OPEN = frozenset({
    "second_factor", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
    "confirm", "passkey_options", "account_logout", "account_confirm_email",
    "language", "unlock", "alive",
})  # fmt: skip


class SignIn:
    """Sends who needs a second factor and has none to set one up; notes the use of a session; hands out the device's cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the cookie where a new device has signed in."""
        response = self.get_response(request)
        if token := getattr(request, NEW, None):
            response.set_cookie(
                COOKIE, token, max_age=int(sessions.KEPT.total_seconds()), httponly=True, samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )  # fmt: skip
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> HttpResponse | None:
        """Note the use; send away who has to set up a second factor first."""
        if not getattr(request, "accounts", None):
            return None
        if "HX-Request" not in request.headers and int(time.time()) - request.session.get(SEEN, 0) >= EVERY:
            sessions.seen(request.session.session_key, address=address_of(request), now=real_now())
        match = request.resolver_match
        free = (match is not None and match.url_name in OPEN) or view.__module__.startswith("elmed.help")
        if free or not lacks_factor(request):
            return None
        return HttpResponse(status=401) if "HX-Request" in request.headers else redirect("second_factor")


def lacks_factor(request: HttpRequest) -> bool:
    """Whether the signed-in person needs a second factor and has none."""
    if not second_factor.needed(getattr(request, "accounts", ())) or request.session.get(HAS_FACTOR):
        return False
    if not second_factor.present(request.user.pk):
        return True
    request.session[HAS_FACTOR] = True
    return False


def address_of(request: HttpRequest) -> str:
    """The client's address, as the sign-in's limits reckon it."""
    return get_client_ip(request) or "0.0.0.0"  # noqa: S104 - no address at all


def greet(request: HttpRequest | None = None, user: object = None, **_: Any) -> None:
    """A sign-in succeeded: note since when, and tell the person where the browser is new."""
    if request is None or not isinstance(user, Person):
        return
    request.session[SINCE] = int(time.time())
    kept.belongs(request, user)
    stale.signed_in_anew(request, user)
    token = sessions.greet(
        user, request.COOKIES.get(COOKIE, ""), device=device_words(request.META.get("HTTP_USER_AGENT", "")) or "?",
        address=address_of(request), now=real_now(),
    )  # fmt: skip
    if token:
        setattr(request, NEW, token)


def end_others(request: HttpRequest, user: Person, **_: Any) -> None:
    """The password is new: whoever signed in with the old one is out, and so are their guesses at the second factor."""
    forgive(user.pk)
    own = request.session.session_key if request.user.is_authenticated else None
    sessions.end_all(user.pk, but=own)


def factor_removed(request: HttpRequest, user: Person, **_: Any) -> None:
    """A second factor is gone: where it was the last, this session asks for a new one and the others end."""
    request.session.pop(HAS_FACTOR, None)
    if not second_factor.present(user.pk):
        sessions.end_all(user.pk, but=request.session.session_key)


def connect() -> None:
    """Listen. Called once, when the app is ready."""
    user_logged_in.connect(greet, dispatch_uid="elmed.greet")
    password_changed.connect(end_others, dispatch_uid="elmed.changed")
    authenticator_removed.connect(factor_removed, dispatch_uid="elmed.factor")
    password_reset.connect(end_others, dispatch_uid="elmed.reset")
