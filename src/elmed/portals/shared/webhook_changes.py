"""Settings → Webhooks: changing, switching, rolling and removing one endpoint, and sending again."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from elmed.access.permissions import Permission
from elmed.core.clock import real_now
from elmed.core.refusals import Refusal
from elmed.portals import refused
from elmed.portals.forms import MomentField, PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.presence import confirmed
from elmed.portals.shared.webhooks import CONNECTING, EndpointChangeForm, secret_shown_once
from elmed.webhooks import endpoints, queries, resend
from elmed.webhooks.endpoints import Change, Wanted
from elmed.webhooks.models import Endpoint


class SinceForm(PortalForm):
    """From when on."""

    since = MomentField(label=gettext_lazy("Since"), help_text=gettext_lazy("A moment of the last 30 days."))
    delivered_too = forms.BooleanField(label=gettext_lazy("Also what was delivered"), required=False)


@page(permission=Permission.WEBHOOK_MANAGE, kinds=CONNECTING)
@confirmed
def change_webhook(request: PortalRequest, pk: int) -> HttpResponse:
    """Another address, or other events."""
    row = queries.endpoint(request.actor, pk)
    form = EndpointChangeForm(request.POST or None, kind=request.account.kind, row=row)
    if request.method == "POST" and form.is_valid():
        changed = form.attempt(lambda: _changed(request, row, form.wanted))
        if changed is not None:
            messages.success(request, _("The webhook was changed."))
            return redirect("webhook", pk)
    return render(request, "settings/webhook_change.html", {"form": form, "row": row}, status=form.status)


@page(permission=Permission.WEBHOOK_MANAGE, kinds=CONNECTING, ends=True)
@require_POST
def switch_webhook(request: PortalRequest, pk: int) -> HttpResponse:
    """Off, or on again; off also where the account may not act."""
    on = request.POST.get("on") == "1"
    said = _("It is on: what happens from now on is sent.") if on else _("It is off: nothing is sent.")
    return _done(request, pk, lambda: endpoints.change(request.actor, pk, Change(on=on)), said)


@page(permission=Permission.WEBHOOK_MANAGE, kinds=CONNECTING)
@confirmed
def roll_webhook(request: PortalRequest, pk: int) -> HttpResponse:
    """A new secret, shown once."""
    row = queries.endpoint(request.actor, pk)
    if request.method == "POST":
        rolled, secret = endpoints.roll(request.actor, pk)
        return secret_shown_once(request, rolled, secret, rolled=True)
    return render(request, "settings/webhook_roll.html", {"row": row})


@page(permission=Permission.WEBHOOK_MANAGE, kinds=CONNECTING, ends=True)
def remove_webhook(request: PortalRequest, pk: int) -> HttpResponse:
    """Remove it with its log, after a last look."""
    row = queries.endpoint(request.actor, pk)
    if request.method == "POST":
        endpoints.remove(request.actor, pk)
        messages.success(request, _("The webhook was removed."))
        return redirect("webhooks")
    return render(request, "settings/webhook_remove.html", {"row": row})


@page(permission=Permission.WEBHOOK_MANAGE, kinds=CONNECTING)
@require_POST
def test_webhook(request: PortalRequest, pk: int) -> HttpResponse:
    """Send a test message."""
    said = _("A test message is on its way; look at the log in a moment.")
    return _done(request, pk, lambda: resend.send_test(request.actor, pk), said)


@page(permission=Permission.WEBHOOK_MANAGE, kinds=CONNECTING)
@require_POST
def resend_webhook(request: PortalRequest, pk: int, delivery: int) -> HttpResponse:
    """Send one again."""
    said = _("It is sent again, under the same id.")
    return _done(request, pk, lambda: resend.resend(request.actor, pk, delivery), said)


@page(permission=Permission.WEBHOOK_MANAGE, kinds=CONNECTING)
def resend_since(request: PortalRequest, pk: int) -> HttpResponse:
    """Send what was missed since a moment."""
    row = queries.endpoint(request.actor, pk)
    form = SinceForm(request.POST or None, initial={"since": real_now() - timedelta(days=1)})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        waiting = form.attempt(
            lambda: resend.resend_since(request.actor, pk, data["since"], delivered_too=data["delivered_too"])
        )
        if waiting is not None:
            words = ngettext("%(number)d message is on its way.", "%(number)d messages are on their way.", waiting)
            messages.success(request, words % {"number": waiting})
            return redirect("webhook", pk)
    return render(request, "settings/webhook_since.html", {"form": form, "row": row}, status=form.status)


def _changed(request: PortalRequest, row: Endpoint, wanted: Wanted) -> Endpoint:
    if wanted.url != row.url:
        endpoints.require_reachable(wanted.url)
    return endpoints.change(request.actor, row.pk, Change(wanted.url, wanted.event_types, wanted.description))


def _done(request: PortalRequest, pk: int, act: Any, said: str) -> HttpResponse:
    """Do it and go back to the endpoint's page, with what happened in a sentence."""
    try:
        act()
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        messages.error(request, refused.words_of(refusal))
    else:
        messages.success(request, said)
    return redirect("webhook", pk)
