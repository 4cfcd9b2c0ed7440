"""The patient's pages: own prescriptions with reference and QR, the choice of a pharmacy, who looked at the record."""

from datetime import datetime
from typing import Any

import segno
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.accounts.models import AccountKind, Role
from elmed.accounts.queries import account_names, person_names, roles_at
from elmed.events import queries as events
from elmed.patients.models import Patient
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.patient.next_step import next_step
from elmed.portals.shared.acts import buttons
from elmed.portals.shared.prescription import history
from elmed.portals.shared.route_page import choose
from elmed.portals.words import access_words, status_words
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


@page(permission=Permission.PRESCRIPTION_READ, kinds=PATIENT)
def access(request: PortalRequest) -> HttpResponse:
    """Who else looked at the record, newest first; with `?own=1` the patient's own looks too."""
    with_own = request.GET.get("own") == "1"
    own = visibility.visible(request.actor, Patient).first()
    if own is None:
        return render(request, "patient/access.html", {"entries": [], "page": None})
    ids = [own.pk, *own.merged.values_list("pk", flat=True)]
    rows = events.accesses_of(ids, request.actor.world_id)
    if not with_own:
        rows = rows.exclude(actor_account_id=request.actor.account_id)
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    accounts = account_names(row.actor_account_id for row in found)
    people = person_names(row.actor_person_id for row in found)
    roles = roles_at((row.actor_person_id for row in found), (row.actor_account_id for row in found))
    entries = [
        {
            "at": row.created_at,
            "who": _("You")
            if row.actor_account_id == request.actor.account_id
            else _who(people.get(row.actor_person_id or 0), accounts.get(row.actor_account_id or 0)),
            "role": ""
            if row.actor_account_id == request.actor.account_id
            else _roles(roles.get((row.actor_person_id or 0, row.actor_account_id or 0), [])),
            "through": _("a computer system (API key)") if row.actor_key_id else _("the portal"),
            "what": access_words(row.action),
            "reason": row.reason,
        }
        for row in found
    ]
    return render(request, "patient/access.html", {"entries": entries, "page": found, "with_own": with_own})


def _roles(roles: list[str]) -> str:
    """What somebody is, as a patient says it. ELMED's staff are called so by their account's name."""
    said = (role_words(role) for role in roles if role != Role.STAFF)
    return ", ".join(said)


def role_words(role: str) -> str:
    """A role as a patient reads it: their doctor is no prescriber to them."""
    return status_words("doctor" if role == Role.PRESCRIBER else role)


def usable(rx: Prescription, now: datetime) -> bool:
    """Whether its reference still opens something."""
    return rx.reference is not None and rx.status in OPEN and now < rx.expires_at


def _over(rx: Prescription, now: datetime) -> bool:
    return rx.status in OPEN and now >= rx.expires_at


def _who(*names: str | None) -> str:
    """Person and account, once where they are called the same."""
    return ", ".join(dict.fromkeys(name for name in names if name)) or "ELMED"
