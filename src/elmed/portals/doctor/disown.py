"""“I did not sign these”: the page of the evening mail's link. No sign-in is needed, and no patient is named."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from elmed.core.refusals import NotVisible
from elmed.portals import refused
from elmed.portals.page import public_page
from elmed.portals.templatetags.portal import moment
from elmed.prescriptions.actions import disown as act
from elmed.prescriptions.jurisdiction import jurisdiction


@public_page
def disown(request: HttpRequest, token: str) -> HttpResponse:
    """Ask once more; then hold everything open of that day, end the sign-ins, tell staff."""
    try:
        claim = act.read(token)
        if request.method == "POST":
            context: dict[str, object] = {"done": True, "held": act.disown(token)}
        else:
            with timezone.override(jurisdiction().zone):
                context = {
                    "count": act.count_signed(claim), "since": moment(claim.since), "until": moment(claim.until)
                }  # fmt: skip
    except NotVisible as refusal:
        return refused.page(request, refusal)
    response = render(request, "doctor/disown.html", context)
    add_never_cache_headers(response)
    return response
