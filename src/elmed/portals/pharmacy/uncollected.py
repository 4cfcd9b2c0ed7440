"""What was checked and is not collected: whom to call, and that somebody was reminded."""

from datetime import timedelta
from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from elmed.access.permissions import Permission
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.pages import open_page
from elmed.portals.pharmacy.views import PHARMACY
from elmed.prescriptions import pharmacy_lists
from elmed.prescriptions.actions.remind import remind
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import Act

PAGE_SIZE = 25
DAYS = (3, 7, 14, 28)


def days_of(request: PortalRequest) -> int:
    """How long it must have waited (`?days=`): one of DAYS."""
    asked = request.GET.get("days", "")
    return int(asked) if asked in map(str, DAYS) else 7


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def uncollected(request: PortalRequest) -> HttpResponse:
    """The list, the longest waiting first."""
    days = days_of(request)
    rows = pharmacy_lists.uncollected(request.actor, request.now - timedelta(days=days))
    dress = partial(pharmacy_lists.with_reminded, actor=request.actor)
    found = open_page(
        lambda start, end: pharmacy_lists.part(rows, start, end, dress, late=True), request.GET.get("page"), PAGE_SIZE
    )
    shown(request, "uncollected", [rx.patient_id for rx in found])
    context = {
        "page": found, "days": days, "now": request.now,
        "tabs": [(f"?days={one}", _("More than %(days)s days") % {"days": one}, None, one == days) for one in DAYS],
        "reminds": TRANSITIONS[Act.DISPENSE].permission in request.actor.permissions,
    }  # fmt: skip
    return render(request, "pharmacy/uncollected.html", context)


@page(permission=TRANSITIONS[Act.DISPENSE].permission, kinds=PHARMACY)
def reminded(request: PortalRequest, pk: int) -> HttpResponse:
    """Note that the patient was reminded; back to the list."""
    if request.method == "POST":
        remind(request.actor, pk, now=request.now)
        messages.success(request, _("Noted: the patient was reminded."))
    return redirect(f"{reverse('pharmacy_uncollected')}?days={days_of(request)}")
