"""ELMED's staff: the queue of what waits to be verified, the questions to a registrant, and licences' renewals."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from elmed.access.permissions import Permission
from elmed.accounts import licences, review
from elmed.accounts.queries import open_renewal, open_renewals, to_verify
from elmed.core.clock import real_now
from elmed.portals.forms import OnceForm, PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.staff.views import PAGE_SIZE, STAFF, one_account
from elmed.prescriptions.jurisdiction import jurisdiction


class AskForm(OnceForm):
    """What is missing."""

    text = forms.CharField(
        label=_("What do you need?"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("It is sent by mail too. Name no patient and nothing medical."),
    )  # fmt: skip


class RenewalForm(PortalForm):
    """The decision on a renewal."""

    decision = forms.ChoiceField(
        label=_("Decision"), widget=forms.RadioSelect,
        choices=[("accept", _("Accept: the new last day counts at once")), ("decline", _("Decline, with a reason"))],
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Its owner sees it."),
    )  # fmt: skip


@page(permission=Permission.ACCOUNT_VERIFY, kinds=STAFF)
def queue(request: PortalRequest) -> HttpResponse:
    """What waits for staff, what waits for the registrant, and renewals; the oldest first."""
    accounts, renewals = to_verify(), open_renewals()
    sets: dict[str, tuple[Any, Any]] = {
        "new": (gettext("To verify"), accounts.filter(asked_at=None)),
        "asked": (gettext("Waiting for an answer"), accounts.exclude(asked_at=None)),
        "renewals": (gettext("Renewals"), renewals),
    }
    current = request.GET.get("show", "new")
    current = current if current in sets else "new"
    pages = {name: Paginator(rows, PAGE_SIZE) for name, (_words, rows) in sets.items()}
    url = reverse("staff_verification")
    tabs = [(f"{url}?show={name}", words, pages[name].count, name == current) for name, (words, _rows) in sets.items()]
    context = {"tabs": tabs, "show": current, "page": pages[current].get_page(request.GET.get("page"))}
    return render(request, "staff/verification.html", context)


@page(permission=Permission.ACCOUNT_VERIFY, kinds=STAFF)
def ask(request: PortalRequest, pk: int) -> HttpResponse:
    """Ask a registrant for more."""
    account = one_account(pk)
    form = AskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.already_sent():
            return redirect("staff_account", pk)
        text = form.cleaned_data["text"]
        if form.attempt(lambda: review.ask(request.actor, pk, text=text, now=real_now())):
            messages.success(request, gettext("%(name)s is asked, by mail too.") % {"name": account.name})
            return redirect("staff_account", pk)
    return render(request, "staff/ask.html", {"account": account, "form": form}, status=form.status)


@page(permission=Permission.ACCOUNT_VERIFY, kinds=STAFF)
def renewal(request: PortalRequest, pk: int) -> HttpResponse:
    """A licence's renewal beside what is recorded."""
    row = open_renewal(pk)
    form = RenewalForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and form.attempt(lambda: _decide(request, pk, form)):
        words = (
            gettext("Accepted: %(name)s.")
            if form.cleaned_data["decision"] == "accept"
            else gettext("Declined: %(name)s.")
        )
        messages.success(request, words % {"name": row.account.name})
        return redirect(reverse("staff_verification") + "?show=renewals")
    return render(request, "staff/renewal.html", {"row": row, "form": form}, status=form.status)


def _decide(request: PortalRequest, pk: int, form: RenewalForm) -> bool:
    data, now = form.cleaned_data, real_now()
    accept = data["decision"] == "accept"
    licences.decide_renewal(
        request.actor, pk, accept=accept, reason=data["reason"], today=jurisdiction().day(now), now=now
    )
    return True
