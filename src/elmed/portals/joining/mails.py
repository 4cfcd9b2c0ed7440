"""The demo's letter box: the mails it would have sent, for whoever tries it out. No other installation has this page."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from elmed.notifications import files
from elmed.portals.page import public_page


@public_page
def mails(request: HttpRequest) -> HttpResponse:
    """The newest first, with links that can be followed."""
    if not settings.DEMO:
        raise Http404
    return render(request, "joining/mails.html", {"mails": files.newest()})
