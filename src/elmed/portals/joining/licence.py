"""Settings → Licence: what is recorded, and sending a renewal."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from elmed.access.permissions import Permission
from elmed.accounts import licences
from elmed.accounts.models import AccountState, Renewal
from elmed.accounts.queries import renewals_of
from elmed.core.clock import real_now
from elmed.portals.joining.forms import RenewalForm, judged
from elmed.portals.joining.waiting import LICENSED
from elmed.portals.page import PortalRequest, page
from elmed.prescriptions.jurisdiction import jurisdiction


@page(permission=Permission.ACCOUNT_MANAGE, kinds=LICENSED, test_keys=True)
def licence(request: PortalRequest) -> HttpResponse:
    """The licence, its renewals, and the form of the next one where none waits."""
    if request.account.state not in licences.RENEWABLE:
        return redirect("home")
    form = RenewalForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        if form.already_sent():
            return redirect("licence")
        if form.attempt(lambda: _send(request, form)) is not None:
            messages.success(request, _("Your renewal is with ELMED’s staff. You will be told by mail."))
            return redirect("licence")
    renewals = renewals_of(request.account)
    context = {
        "form": form, "account": request.account, "renewals": renewals,
        "waits": any(row.decided_at is None for row in renewals),
        "lapsed": request.account.state == AccountState.LAPSED,
    }  # fmt: skip
    return render(request, "joining/licence.html", context, status=form.status)


def _send(request: PortalRequest, form: RenewalForm) -> Renewal | None:
    document = judged(form)
    if document is None:
        return None
    now = real_now()
    return licences.renew(
        request.actor,
        expires_on=form.cleaned_data["expires_on"],
        document=document,
        today=jurisdiction().day(now),
        now=now,
    )
