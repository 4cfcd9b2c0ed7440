"""Where a page goes on to: `next`, where that is a page of this installation. Called by the views that stand between."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def ours(request: HttpRequest, target: str) -> bool:
    """Whether that address is a page of the host that was asked."""
    return url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )


def onward(request: HttpRequest) -> str:
    """Where `next` leads, if that is one of our pages; else the start page."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    return target if ours(request, target) else reverse("home")
