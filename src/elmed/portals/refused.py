"""Refusals, told to people once: as a page of their own, or inside the form that was sent.

page.py calls `page` for what a view lets through; views with a form call `PortalForm.attempt` (forms.py), so
that nothing typed is lost. The codes and words come from core/refusals.py.
"""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from elmed.core.refusals import NotAllowed, NotNow, NotVisible, Refusal, VersionConflict
from elmed.portals.words import status_words

_STALE = _(
    "Somebody changed it since you opened this page. Look at it as it is now, then do it again if it still applies."
)
_TITLES = {
    NotVisible: _("Not found"),
    NotAllowed: _("You may not do that"),
    NotNow: _("That is not possible now"),
    VersionConflict: _("It has changed meanwhile"),
}
_AS_IT_IS = _("This cannot be done with the prescription as it is.")
# Refusals whose own words name fields, statuses or permissions by their codes: those are for programs.
_WORDS = {
    "too_early": _("The next supply is not due yet: the days that must lie between two supplies have not passed."),
    "handed_over_after_request": _("The hand-over must lie before the doctor’s request to cancel."),
    "expired": _("Its validity has ended. If the patient still needs it, the doctor can write a new one."),
    "not_dispensable": _(
        "Nothing of it can be supplied any more. If the patient still needs it, the doctor can write a new one."
    ),
    "not_a_party": _(
        "Your account has no part in it. The pharmacy that holds it can do that, or the doctor who signed it."
    ),
}
_CODES = {
    "permission_denied": _("Your role in this account does not include that."),
    "test_world_full": _("The test world is full. Empty it, then go on."),
    "test_key_required": _("That is only possible in the test world: choose “View test data” first."),
}
# What is not there, or not visible, by the words of core/refusals.py.
_NOT_THERE = {
    "prescription": _("There is no such prescription, or it is not visible to this account."),
    "patient": _("There is no such patient, or it is not visible to this account."),
    "product": _("There is no such product, or it is not visible to this account."),
    "account": _("There is no such account, or it is not visible to this account."),
    "invitation": _("There is no such invitation, or it is not visible to this account."),
    "API key": _("There is no such API key, or it is not visible to this account."),
}
_NO_FILE = _("There is no such file: it was imported, or it waited for more than an hour. Send it again.")
_NOTHING = _("There is no such page or record, or it is not visible to this account.")
_ONE = re.compile(r"/(?:doctor|pharmacy|patient)/prescriptions/[0-9]+(?=/)")
_STATE_CODES = {"account_not_active"}
WAITING_FILE = "file"


def page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The refusal as a page in words, with its status."""
    if refusal.code in _STATE_CODES and getattr(request, "account", None) is not None:
        return render(
            request, "portals/account_state.html", {"detail": in_words(refusal.detail)}, status=refusal.status
        )
    title = next((words for kind, words in _TITLES.items() if isinstance(refusal, kind)), in_words(refusal.title))
    one = _ONE.match(request.path) if isinstance(refusal, NotNow | VersionConflict) else None
    context = {"title": title, "detail": words_of(refusal), "back": one[0] if one else ""}
    return render(request, "portals/refused.html", context, status=refusal.status)


def not_done(request: HttpRequest, *, allow: str) -> HttpResponse:
    """The page of an address that only takes what a button sends: whoever was sent to the sign-in by one comes back to it."""
    context = {
        "title": gettext("Nothing was done"),
        "detail": gettext("You had to say who you are first. Open the page again, and press its button once more."),
    }
    response = render(request, "portals/refused.html", context, status=405)
    response["Allow"] = allow
    return response


def words_of(refusal: Refusal) -> str:
    """What happened, and what to do, in the reader's language."""
    if isinstance(refusal, VersionConflict):
        return str(_STALE)
    if isinstance(refusal, NotVisible) and refusal.what:
        if refusal.what == WAITING_FILE:
            return str(_NO_FILE)
        return str(_NOT_THERE.get(refusal.what, _NOTHING))
    if refusal.code in _WORDS:
        return str(_WORDS[refusal.code])
    status = refusal.extra.get("current_status")
    detail = in_words(refusal.detail)
    if refusal.detail.startswith("`"):
        detail = str(_AS_IT_IS)
    elif "`" in refusal.detail:
        detail = str(_CODES.get(refusal.code, detail))
    if not status:
        return detail
    return gettext("%(detail)s It is now: %(status)s.") % {
        "detail": detail,
        "status": status_words(str(status)).lower(),
    }


def in_words(detail: str) -> str:
    """A refusal's words in the reader's language: some are marked where they stand, and translated only here."""
    return gettext(detail) if detail else ""
