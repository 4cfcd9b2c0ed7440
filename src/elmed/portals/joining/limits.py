"""How often an address on the network may try the public pages of joining (settings.py: `join`)."""

from typing import cast

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse


def too_often(request: HttpRequest) -> HttpResponse | None:
    """Count a POST; the page that says so, where there were too many."""
    if request.method != "POST" or ratelimit.consume(request, action="join"):
        return None
    return cast("HttpResponse", ratelimit.respond_429(request))
