"""The patient's pages: own prescriptions with reference and QR, the choice of a pharmacy."""

from datetime import datetime
from typing import Any

import segno
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from elmed.access.permissions import Permission
from elmed.accounts.models import AccountKind
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.patient.next_step import next_step
from elmed.portals.shared.acts import buttons
from elmed.portals.shared.prescription import history
from elmed.portals.shared.route_page import choose
from elmed.prescriptions import queries
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import OPEN, Act

PATIENT = (AccountKind.PATIENT,)
PAGE_SIZE = 25


@page(permission=Permission.PRESCRIPTION_READ, kinds=PATIENT)
def home(request: PortalRequest) -> HttpResponse:
    """Own prescriptions, newest first."""
    found = Paginator(queries.listed(request.actor).defer("snapshot"), PAGE_SIZE).get_page(request.GET.get("page"))
    shown(request, "prescriptions", [rx.patient_id for rx in found])
    rows = [(rx, next_step(rx, expired=_over(rx, request.now))) for rx in found]
    return render(request, "patient/home.html", {"page": found, "rows": rows})


@page(permission=Permission.PRESCRIPTION_READ, kinds=PATIENT)
def prescription(request: PortalRequest, pk: int) -> HttpResponse:
    """One own prescription, with its reference and QR while it can be used. The notes are the pharmacist's."""
    sheet = queries.sheet(request.actor, pk, request.now)
    rx = sheet.rx
    shown(request, "prescription", [rx.patient_id])
    can_be_shown = usable(rx, request.now)
    context: dict[str, Any] = {
        "rx": rx, "lines": sheet.subject.lines, "dispenses": sheet.dispenses, "history": history(request.actor, rx),
        "buttons": buttons(sheet, "patient", {Act.ROUTE: "patient_route"}), "usable": can_be_shown,
        "qr": segno.make_qr(rx.reference, error="m").svg_data_uri(scale=6, border=2) if can_be_shown and rx.reference else "",
        "next_step": next_step(rx, expired=_over(rx, request.now)), "repeats_left": rx.repeats_allowed - rx.issue_number + 1,
        "reasons": [one["text"] for one in rx.diagnosis if one.get("text")],
    }  # fmt: skip
    return render(request, "patient/prescription.html", context)


@page(permission=Permission.ROUTE, kinds=PATIENT)
def choose_pharmacy(request: PortalRequest, pk: int) -> HttpResponse:
    """Choose or change the pharmacy."""
    return choose(request, pk, "patient_prescription")


def usable(rx: Prescription, now: datetime) -> bool:
    """Whether its reference still opens something."""
    return rx.reference is not None and rx.status in OPEN and now < rx.expires_at


def _over(rx: Prescription, now: datetime) -> bool:
    return rx.status in OPEN and now >= rx.expires_at
