"""ELMED's staff release everything that a closed or suspended pharmacy holds, a bounded number at a time."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext

from elmed.access.permissions import Permission
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.staff.views import STAFF, one_account
from elmed.prescriptions.actions.transfer import held_by, release_all


class TransferForm(PortalForm):
    """One reason for all of them."""

    reason = forms.CharField(
        label=_l("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l("It is kept with each prescription. The patients are told that they need another pharmacy, not why."),
    )  # fmt: skip
    after = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)


@page(permission=Permission.TRANSFER, kinds=STAFF)
def transfer(request: PortalRequest, pk: int) -> HttpResponse:
    """Release the next ones; whoever comes back later goes on where it ended."""
    pharmacy = one_account(pk)
    form = TransferForm(request.POST or None)
    context: dict[str, Any] = {"account": pharmacy, "form": form, "held": held_by(request.actor, pk)}
    if request.method == "POST" and form.is_valid():
        reason, after = form.cleaned_data["reason"], form.cleaned_data["after"] or 0
        done = form.attempt(lambda: release_all(request.actor, pk, reason=reason, now=request.now, after=after))
        if done is not None:
            words = ngettext(
                "%(count)d prescription is released.", "%(count)d prescriptions are released.", done.released
            )
            messages.success(request, words % {"count": done.released})
            if done.refused:
                words = _("%(count)d stay, because the doctor or ELMED’s staff paused them: %(numbers)s.")
                numbers = ", ".join(map(str, done.refused))
                messages.warning(request, words % {"count": len(done.refused), "numbers": numbers})
            if not done.left:
                return redirect(reverse("staff_account", args=[pk]))
            fresh = TransferForm(initial={"reason": reason, "after": done.last})
            context |= {"form": fresh, "held": held_by(request.actor, pk), "going_on": True, "left": done.left}
    return render(request, "staff/transfer.html", context, status=form.status)
