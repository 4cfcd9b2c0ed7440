"""Is it still you? The password or a second factor again, where it was given more than five minutes ago.

`@confirmed` stands below `@page` on what makes keys or changes what protects the sign-in. What was sent meanwhile is
kept in the session and done once the person is confirmed, so that nothing typed is lost.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from allauth.account.internal.flows.reauthentication import suspend_request
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from elmed.access.policy import PRESENCE
from elmed.core.clock import real_now
from elmed.portals.page import PortalRequest, last_authentication

P = ParamSpec("P")
View = Callable[Concatenate[PortalRequest, P], HttpResponse]


def fresh(request: HttpRequest) -> bool:
    """Whether the person proved who they are within the last five minutes."""
    last = last_authentication(request)
    return last is not None and real_now() - last <= PRESENCE


def confirmed(view: View[P]) -> View[P]:
    """Ask first, where it is due; then go on with what was asked for or sent."""

    @wraps(view)
    def wrapped(request: PortalRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if fresh(request):
            return view(request, *args, **kwargs)
        suspend_request(request, reverse("confirm"))
        # Not its own redirect: what was sent goes on only where the address to go on to is its path alone.
        onward = request.path if request.method == "POST" else request.get_full_path()
        return redirect(f"{reverse('confirm')}?{urlencode({'next': onward})}")

    return cast("View[P]", wrapped)
