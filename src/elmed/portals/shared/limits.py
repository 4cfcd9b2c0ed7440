"""Settings → API Keys → Raise limit: asking ELMED's staff for a higher limit of one key. They answer in staff/limits.py."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access import limits
from elmed.access.keys import MAX_REQUESTS_PER_MINUTE
from elmed.access.permissions import Permission
from elmed.access.queries import own_key
from elmed.core.clock import real_now
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.shared.keys import PROFESSIONAL, row_of


class AskForm(PortalForm):
    """How many, and why."""

    requests_per_minute = forms.IntegerField(
        label=gettext_lazy("Requests a minute"), min_value=1, max_value=MAX_REQUESTS_PER_MINUTE,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("What is it for?"), max_length=limits.MAX_REASON, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Which system asks how often, and what for. Name no patient and nothing medical."),
    )  # fmt: skip


@page(permission=Permission.KEY_MANAGE, kinds=PROFESSIONAL, test_keys=True)
def ask_limit(request: PortalRequest, pk: int) -> HttpResponse:
    """Ask for more requests a minute."""
    key = own_key(request.actor, pk)
    form = AskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if form.attempt(
            lambda: limits.ask(
                request.actor, pk, requests_per_minute=data["requests_per_minute"], reason=data["reason"]
            )
        ):
            messages.success(request, _("ELMED’s staff have your request. They answer by mail."))
            return redirect("api_keys")
    context = {"form": form, "key": key, "row": row_of(key, real_now())}
    return render(request, "settings/key_limit.html", context, status=form.status)
