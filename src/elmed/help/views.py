"""The guides at /help. Every example carries this installation's own address; no sign-in is needed to read them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from elmed.api.problems import ERROR_CODES
from elmed.portals.page import public_page


@public_page
def index(request: HttpRequest) -> HttpResponse:
    """What there is to read."""
    return render(request, "help/index.html")


@public_page
def developers(request: HttpRequest) -> HttpResponse:
    """The developer guide: the public promise, word for word."""
    return render(request, "help/developers.html")


@public_page
def errors(request: HttpRequest) -> HttpResponse:
    """Every error code of the API, each an anchor: where a problem's `type` leads."""
    rows = [(code, status, meaning.split("`")) for code, (status, meaning) in ERROR_CODES.items()]
    return render(request, "help/errors.html", {"errors": rows})
