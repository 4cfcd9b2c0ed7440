"""The patient's pages: own prescriptions with reference and QR, the choice of a pharmacy, who looked at the record."""

from typing import Any

import segno
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.accounts.models import AccountKind
from elmed.accounts.queries import account_names, person_names
from elmed.events import queries as events
from elmed.patients.models import Patient
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.shared.acts import buttons
from elmed.portals.shared.prescription import history
from elmed.portals.shared.route_page import choose
from elmed.portals.words import access_words
from elmed.prescriptions import queries
from elmed.prescriptions.vocabulary import OPEN, Act

PATIENT = (AccountKind.PATIENT,)
PAGE_SIZE = 25


@page(permission=Permission.PRESCRIPTION_READ, kinds=PATIENT)
def home(request: PortalRequest) -> HttpResponse:
    """Own prescriptions, newest first."""
    found = Paginator(queries.listed(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    shown(request, "prescriptions", [rx.patient_id for rx in found])
    return render(request, "patient/home.html", {"page": found})


@page(permission=Permission.PRESCRIPTION_READ, kinds=PATIENT)
def prescription(request: PortalRequest, pk: int) -> HttpResponse:
    """One own prescription, with its reference and QR while it can be used. The notes are the pharmacist's."""
    sheet = queries.sheet(request.actor, pk, request.now)
    rx = sheet.rx
    shown(request, "prescription", [rx.patient_id])
    usable = rx.reference is not None and rx.status in OPEN and request.now < rx.expires_at
    context: dict[str, Any] = {
        "rx": rx, "lines": sheet.subject.lines, "dispenses": sheet.dispenses, "history": history(request.actor, rx),
        "buttons": buttons(sheet, "patient", {Act.ROUTE: "patient_route"}), "usable": usable,
        "qr": segno.make(rx.reference, error="m").svg_data_uri(scale=6, border=2) if usable and rx.reference else "",
    }  # fmt: skip
    return render(request, "patient/prescription.html", context)


@page(permission=Permission.ROUTE, kinds=PATIENT)
def choose_pharmacy(request: PortalRequest, pk: int) -> HttpResponse:
    """Choose or change the pharmacy."""
    return choose(request, pk, "patient_prescription")


@page(permission=Permission.PRESCRIPTION_READ, kinds=PATIENT)
def access(request: PortalRequest) -> HttpResponse:
    """Who else looked at the record, newest first; with `?own=1` the patient's own looks too."""
    with_own = request.GET.get("own") == "1"
    own = visibility.visible(request.actor, Patient).first()
    if own is None:
        return render(request, "patient/access.html", {"entries": [], "page": None})
    rows = events.accesses_of(own.pk, request.actor.world_id)
    if not with_own:
        rows = rows.exclude(actor_account_id=request.actor.account_id)
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    accounts = account_names(row.actor_account_id for row in found)
    people = person_names(row.actor_person_id for row in found)
    entries = [
        {
            "at": row.created_at,
            "who": "You"
            if row.actor_account_id == request.actor.account_id
            else _who(people.get(row.actor_person_id or 0), accounts.get(row.actor_account_id or 0)),
            "through": "a computer system (API key)" if row.actor_key_id else "the portal",
            "what": access_words(row.action),
            "reason": row.reason,
        }
        for row in found
    ]
    return render(request, "patient/access.html", {"entries": entries, "page": found, "with_own": with_own})


def _who(*names: str | None) -> str:
    """Person and account, once where they are called the same."""
    return ", ".join(dict.fromkeys(name for name in names if name)) or "ELMED"
