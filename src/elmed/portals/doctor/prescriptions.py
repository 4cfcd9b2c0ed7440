"""The doctor's prescriptions: home, list, one prescription's screen.

Writing is compose.py, checking and signing sign.py; the other acts are pages of shared/acts.py.
"""

from datetime import timedelta

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render

from elmed.access.permissions import Permission
from elmed.portals.doctor.patients import DOCTOR, PAGE_SIZE
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.shared.acts import buttons
from elmed.portals.shared.prescription import screen
from elmed.portals.shared.route_page import choose
from elmed.prescriptions import queries
from elmed.prescriptions.vocabulary import Act, Status

_REFUSED = (Status.REJECTED, Status.NOT_DISPENSED)
_NEWS = timedelta(days=30)  # how long a refusal stands on the start page
FILTERS = ("draft", "issued", "pending_review", "verified", "partially_dispensed", "on_hold", "dispensed", "rejected")
_SPECIAL = {Act.ROUTE: "doctor_route", Act.REPLACE: "doctor_replace"}


@page(permission=Permission.PRESCRIPTION_READ, kinds=DOCTOR)
def home(request: PortalRequest) -> HttpResponse:
    """What waits for the doctor: drafts, questions and refusals; and the newest."""
    rows = queries.listed(request.actor)
    refused = Q(status__in=_REFUSED, updated_at__gte=request.now - _NEWS)
    waiting = list(rows.filter(Q(status=Status.ON_HOLD) | refused).order_by("-updated_at")[:10])
    drafts = list(rows.filter(status=Status.DRAFT)[:10])
    newest = list(rows.exclude(status=Status.DRAFT)[:10])
    shown(request, "home", [rx.patient_id for rx in (*waiting, *drafts, *newest)])
    return render(request, "doctor/home.html", {"waiting": waiting, "drafts": drafts, "newest": newest})


@page(permission=Permission.PRESCRIPTION_READ, kinds=DOCTOR)
def prescriptions(request: PortalRequest) -> HttpResponse:
    """Everything the doctor wrote, newest first, by status."""
    status = request.GET.get("status", "")
    rows = queries.listed(request.actor)
    if status in FILTERS:
        rows = rows.filter(status=status)
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    shown(request, "prescriptions", [rx.patient_id for rx in found])
    context = {"page": found, "status": status, "filters": FILTERS}
    return render(request, "doctor/prescriptions.html", context)


@page(permission=Permission.PRESCRIPTION_READ, kinds=DOCTOR)
def prescription(request: PortalRequest, pk: int) -> HttpResponse:
    """One prescription: status, lines, what was supplied, history, and the acts that are legal now."""
    sheet = queries.sheet(request.actor, pk, request.now)
    if sheet.rx.status == Status.DRAFT:
        return redirect("doctor_review", pk)
    shown(request, "prescription", [sheet.rx.patient_id])
    context = screen(request, sheet) | {"buttons": buttons(sheet, "doctor", _SPECIAL), "portal": "doctor"}
    signed = queries.listed(request.actor).filter(replaces=sheet.rx, signature_value__gt="")
    context["replaced_by"] = signed.first()
    return render(request, "doctor/prescription.html", context)


@page(permission=Permission.ROUTE, kinds=DOCTOR)
def choose_pharmacy(request: PortalRequest, pk: int) -> HttpResponse:
    """Choose or change the pharmacy."""
    return choose(request, pk, "doctor_prescription")
