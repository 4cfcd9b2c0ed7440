"""The doctor's prescriptions: home, list, one prescription's screen, the composer of drafts.

Checking and signing is sign.py; the other acts are pages of shared/acts.py.
"""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.core.refusals import Invalid, NotNow, VersionConflict
from elmed.patients.models import Consultation, Patient
from elmed.portals.doctor.compose_forms import Composer, initial_of, typed
from elmed.portals.doctor.patients import DOCTOR, PAGE_SIZE
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.shared.acts import buttons
from elmed.portals.shared.prescription import banner, screen
from elmed.portals.shared.route_page import choose
from elmed.prescriptions import queries
from elmed.prescriptions.actions import draft
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import OPEN, Act, Status

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


@page(permission=Permission.PRESCRIPTION_DRAFT, kinds=DOCTOR)
def compose(request: PortalRequest, patient_pk: int) -> HttpResponse:
    """A new draft for a patient, from the newest consultation with them."""
    patient = visibility.get(request.actor, Patient, patient_pk)
    consultation = (
        visibility.visible(request.actor, Consultation).filter(patient=patient).order_by("-held_at", "-pk").first()
    )
    if consultation is None:
        messages.info(request, "A prescription follows from a consultation: record it first.")
        return redirect("doctor_consultation", patient_pk)
    return _compose(request, patient, consultation_id=consultation.pk)


@page(permission=Permission.PRESCRIPTION_DRAFT, kinds=DOCTOR)
def edit(request: PortalRequest, pk: int) -> HttpResponse:
    """Change an own draft."""
    rx = _own(request, pk)
    if rx.status != Status.DRAFT:
        raise NotNow("invalid_status", "It is signed: it cannot be changed, only replaced.", current_status=rx.status)
    return _compose(request, rx.patient, rx=rx)


@page(permission=TRANSITIONS[Act.REPLACE].permission, kinds=DOCTOR)
def replace(request: PortalRequest, pk: int) -> HttpResponse:
    """Write the replacement of an open prescription, beginning with its words."""
    rx = _own(request, pk)
    if rx.status not in OPEN:
        raise NotNow("invalid_status", "Only an open prescription can be replaced.", current_status=rx.status)
    return _compose(request, rx.patient, replaces=rx, consultation_id=rx.consultation_id)


@page(permission=Permission.PRESCRIPTION_DRAFT, kinds=DOCTOR)
def discard(request: PortalRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    rx = _own(request, pk)
    if request.method == "POST":
        draft.discard(request.actor, pk)
        messages.success(request, "The draft is gone.")
        return redirect("doctor_patient", rx.patient_id)
    shown(request, "draft", [rx.patient_id])
    return render(request, "doctor/discard.html", {"rx": rx, "lines": rx.lines.all(), **banner(request, rx.patient)})


def _own(request: PortalRequest, pk: int) -> Prescription:
    rx = queries.listed(request.actor).filter(pk=pk).first()
    return rx if rx is not None else visibility.get(request.actor, Prescription, pk)


def _compose(
    request: PortalRequest,
    patient: Patient,
    *,
    rx: Prescription | None = None,
    replaces: Prescription | None = None,
    consultation_id: int | None = None,
) -> HttpResponse:
    start = rx or replaces
    add = request.POST.get("add", "")
    if request.method == "POST" and add:
        composer = Composer(initial=typed(request.POST, add))
    elif request.method == "POST":
        composer = Composer(request.POST)
        if composer.is_valid():
            if rx is None and composer.form.already_sent():
                messages.info(request, "This form was sent twice; one draft was made.")
                return redirect("doctor_patient", patient.pk)
            saved = _save(
                request,
                composer,
                patient,
                draft_id=rx.pk if rx else None,
                consultation_id=consultation_id,
                replaces_id=replaces.pk if replaces else None,
                expected_version=composer.form.cleaned_data["version"] if rx else None,
            )
            if saved is not None:
                return redirect("doctor_review", saved.pk)
    else:
        composer = Composer(initial=initial_of(start) if start else None)
    shown(request, "draft", [patient.pk])
    place = jurisdiction()
    context = {
        "composer": composer, "rx": rx, "replaces": replaces, "version": _version(request, rx, composer),
        "months": place.validity_months, "controlled_days": place.controlled_validity_days,
        **banner(request, patient),
    }  # fmt: skip
    return render(request, "doctor/compose.html", context, status=composer.status)


def _version(request: PortalRequest, rx: Prescription | None, composer: Composer) -> int | str:
    """The version that was looked at: that of the page that was sent, until it is refused as changed meanwhile."""
    if rx is None:
        return ""
    if request.method == "POST" and composer.status != VersionConflict.status:
        return request.POST.get("version", "")[:10]
    rx.refresh_from_db(fields=["version"])
    return rx.version


def _save(request: PortalRequest, composer: Composer, patient: Patient, **which: Any) -> Prescription | None:
    try:
        return draft.save_draft(
            request.actor, patient_id=patient.pk, content=composer.content(), now=request.now, **which
        )
    except Invalid as refusal:
        composer.point(refusal)
    except (NotNow, VersionConflict) as refusal:
        composer.form.tell(refusal)
    return None
