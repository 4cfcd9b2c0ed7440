"""ELMED's staff release everything that a closed or suspended pharmacy holds, and see how far such an order is."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _l

from elmed.access.permissions import Permission
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.staff.views import PAGE_SIZE, STAFF, one_account
from elmed.prescriptions.actions import sweeps
from elmed.prescriptions.actions.transfer import held_by, release_all
from elmed.prescriptions.models import Sweep


class TransferForm(PortalForm):
    """One reason for all of them."""

    reason = forms.CharField(
        label=_l("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l("It is kept with each prescription. The patients are told that they need another pharmacy, not why."),
    )  # fmt: skip


@page(permission=Permission.TRANSFER, kinds=STAFF)
def transfer(request: PortalRequest, pk: int) -> HttpResponse:
    """Say why, and begin; the worker does what is more than a moment's work."""
    pharmacy = one_account(pk)
    form = TransferForm(request.POST or None)
    going_on = next((one for one in sweeps.of_account(request.actor, pk) if one.finished_at is None), None)
    if request.method == "POST" and form.is_valid():
        order = form.attempt(lambda: _begin(request, pk, form.cleaned_data["reason"]))
        if order is not None:
            return redirect("staff_sweep", order.pk)
    context: dict[str, Any] = {
        "account": pharmacy, "form": form, "held": held_by(request.actor, pk), "going_on": going_on,
    }  # fmt: skip
    return render(request, "staff/transfer.html", context, status=form.status)


@page(permission=Permission.TRANSFER, kinds=STAFF)
def sweep(request: PortalRequest, pk: int) -> HttpResponse:
    """How far it is, and what stays as it was: numbers only, nothing medical."""
    order = sweeps.get(request.actor, pk)
    rows = Paginator(sweeps.staying(request.actor, order), PAGE_SIZE) if order.kind == "release" else None
    context = {
        "order": order, "account": order.account, "page": rows.get_page(request.GET.get("page")) if rows else None,
        "all": max(order.total, order.looked_at),
    }  # fmt: skip
    return render(request, "staff/sweep.html", context)


def _begin(request: PortalRequest, pk: int, reason: str) -> Sweep:
    order = release_all(request.actor, pk, reason=reason, now=request.now)
    sweeps.advance(order.pk, seconds=sweeps.AT_ONCE)
    return order
