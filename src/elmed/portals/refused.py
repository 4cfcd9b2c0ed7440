"""Refusals, told to people once: as a page of their own, or inside the form that was sent.

page.py calls `page` for what a view lets through; views with a form call `PortalForm.attempt` (forms.py), so
that nothing typed is lost. The codes and words come from core/refusals.py.
"""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from elmed.core.refusals import NotAllowed, NotNow, NotVisible, Refusal, VersionConflict
from elmed.portals.words import status_words

_STALE = (
    "Somebody changed it since you opened this page. Look at it as it is now, then do it again if it still applies."
)
_TITLES = {
    NotVisible: "Not found",
    NotAllowed: "You may not do that",
    NotNow: "That is not possible now",
    VersionConflict: "It has changed meanwhile",
}
_AS_IT_IS = "This cannot be done with the prescription as it is."
# Refusals whose own words name fields: those are for programs.
_WORDS = {
    "too_early": "The next supply is not due yet: the days that must lie between two supplies have not passed.",
    "handed_over_after_request": "The hand-over must lie before the doctor’s request to cancel.",
}
_ONE = re.compile(r"/(?:doctor|pharmacy|patient)/prescriptions/[0-9]+(?=/)")
_STATE_CODES = {"account_not_active"}


def page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The refusal as a page in words, with its status."""
    if refusal.code in _STATE_CODES and getattr(request, "account", None) is not None:
        return render(request, "portals/account_state.html", {"detail": refusal.detail}, status=refusal.status)
    title = next((words for kind, words in _TITLES.items() if isinstance(refusal, kind)), refusal.title)
    one = _ONE.match(request.path) if isinstance(refusal, NotNow | VersionConflict) else None
    context = {"title": title, "detail": words_of(refusal), "back": one[0] if one else ""}
    return render(request, "portals/refused.html", context, status=refusal.status)


def words_of(refusal: Refusal) -> str:
    """What happened, and what to do."""
    if isinstance(refusal, VersionConflict):
        return _STALE
    if refusal.code in _WORDS:
        return _WORDS[refusal.code]
    status = refusal.extra.get("current_status")
    detail = _AS_IT_IS if refusal.detail.startswith("`") else refusal.detail  # the codes are for programs
    return f"{detail} It is now: {status_words(str(status)).lower()}." if status else detail
