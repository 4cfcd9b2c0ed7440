"""The doctor's patients: the list of those seen, finding one by the rule, new ones, consultations, allergies."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.accounts.models import AccountKind
from elmed.core.refusals import NotNow
from elmed.patients import actions
from elmed.patients.models import Consultation, IdentityCheck, Patient
from elmed.portals.doctor.forms import (
    AllergyForm,
    ConsultationForm,
    FindForm,
    FoundForm,
    NewPatientForm,
    WeightForm,
)
from elmed.portals.page import PortalRequest, page, search_words, shown
from elmed.portals.pages import open_list
from elmed.portals.shared.prescription import banner
from elmed.prescriptions import queries
from elmed.prescriptions.actions.tries import TooManyTries
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.vocabulary import Status

DOCTOR = (AccountKind.DOCTOR,)
PAGE_SIZE = 25
_TWICE = gettext_lazy("This form was sent twice; it was done once.")


@page(permission=Permission.PATIENT_READ, kinds=DOCTOR)
def patients(request: PortalRequest) -> HttpResponse:
    """The patients with an active relationship, by name; narrowed by the beginning of the family name."""
    words = search_words(request)
    rows = visibility.patients_of(request.actor).filter(merged_into=None)
    if words:
        rows = rows.filter(family_name__istartswith=words)
    rows = rows.order_by("family_name", "given_name", "pk")
    found = open_list(rows, request.GET.get("page"), PAGE_SIZE)
    shown(request, "patients", [patient.pk for patient in found])
    return render(request, "doctor/patients.html", {"page": found, "q": words})


@page(permission=Permission.PATIENT_WRITE, kinds=DOCTOR)
def find(request: PortalRequest) -> HttpResponse:
    """Find a record that exists: family name, date of birth and one more exact item; then record the consultation."""
    form = (
        FoundForm(request.POST)
        if "patient_id" in request.POST
        else FindForm(request.POST if request.method == "POST" else None)
    )
    found = None
    if request.method == "POST":
        if form.is_valid() and isinstance(form, FoundForm):
            return _begin(request, form)
        by = form.finding()
        try:
            found = actions.find(request.actor, by) if by else None
        except TooManyTries as refusal:
            form.tell(refusal)
            by = None
        if found is not None and not isinstance(form, FoundForm):
            form = FoundForm(initial=form.cleaned_data | {"patient_id": found.pk})
        elif found is None and by is not None:
            form.tell_nobody()
    context = {"form": form, "found": found} | (banner(request, found) if found else {})
    return render(request, "doctor/find.html", context, status=form.status)


def _begin(request: PortalRequest, form: FoundForm) -> HttpResponse:
    data = form.cleaned_data
    if form.already_sent():
        messages.info(request, _TWICE)
        return redirect("doctor_patient", data["patient_id"])
    made = actions.consult(
        request.actor, data["patient_id"], found_by=form.finding(), summary=data["summary"], now=request.now,
        identity_check=IdentityCheck(data["identity_check"]),
    )  # fmt: skip
    messages.success(request, _("The consultation is recorded."))
    return redirect("doctor_patient", made.patient_id)


@page(permission=Permission.PATIENT_WRITE, kinds=DOCTOR)
def new(request: PortalRequest) -> HttpResponse:
    """A new record with its first consultation."""
    form = NewPatientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.already_sent():
            messages.info(request, _TWICE)
            return redirect("doctor_patients")
        data = form.cleaned_data
        made = form.attempt(
            lambda: actions.create(
                request.actor, form.identity(), identity_check=IdentityCheck(data["identity_check"]),
                summary=data["summary"], now=request.now,
            )
        )  # fmt: skip
        if made is not None:
            messages.success(request, _("The patient and the first consultation are recorded."))
            return redirect("doctor_patient", made.patient_id)
    return render(request, "doctor/patient_new.html", {"form": form}, status=form.status)


@page(permission=Permission.PATIENT_READ, kinds=DOCTOR)
def patient(request: PortalRequest, pk: int) -> HttpResponse:
    """One patient: allergies, own consultations, own prescriptions."""
    who = visibility.get(request.actor, Patient, pk)
    if who.merged_into_id:
        return redirect("doctor_patient", who.merged_into_id)
    shown(request, "patient", [who.pk])
    consultations = (
        visibility.visible(request.actor, Consultation).filter(patient__in=who.everywhere()).order_by("-held_at", "-pk")
    )
    of_patient = queries.of_record(request.actor, who)
    rows = list(queries.with_current(of_patient, request.now))
    current, _over = queries.medication(rows, jurisdiction().day(request.now))
    context = {
        "consultations": open_list(consultations, request.GET.get("consultations"), PAGE_SIZE),
        "drafts": [rx for rx in rows if rx.status == Status.DRAFT],
        "prescriptions": open_list(of_patient.exclude(status=Status.DRAFT), request.GET.get("page"), PAGE_SIZE),
        "current": current, **banner(request, who),
    }  # fmt: skip
    return render(request, "doctor/patient.html", context)


@page(permission=Permission.PATIENT_READ, kinds=DOCTOR)
def past_medication(request: PortalRequest, pk: int) -> HttpResponse:
    """What was prescribed before and is over, all of it: the lines of so many prescriptions a page, the newest first."""
    who = visibility.get(request.actor, Patient, pk)
    if who.merged_into_id:
        return redirect("doctor_past_medication", who.merged_into_id)
    shown(request, "patient", [who.pk])
    rows = queries.with_past(queries.of_record(request.actor, who))
    found = open_list(rows, request.GET.get("page"), PAGE_SIZE)
    _current, past = queries.medication(found, jurisdiction().day(request.now))
    return render(request, "doctor/past_medication.html", {"page": found, "past": past, **banner(request, who)})


@page(permission=Permission.PATIENT_WRITE, kinds=DOCTOR)
def weight(request: PortalRequest, pk: int) -> HttpResponse:
    """Record the weight; for children the checks of doses go by it."""
    who = visibility.get(request.actor, Patient, pk)
    form = WeightForm(request.POST or None, initial={"weighed_on": jurisdiction().day(request.now)})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if form.attempt(
            lambda: actions.set_weight(
                request.actor, pk, weight_milli=data["weight"], weighed_on=data["weighed_on"], now=request.now
            )
        ):
            messages.success(request, _("The weight is recorded."))
            return redirect("doctor_patient", pk)
    shown(request, "weight", [who.pk])
    context = {"form": form, "title": _("Weight"), "submit": _("Save the weight"), **banner(request, who)}
    return render(request, "doctor/patient_form.html", context, status=form.status)


@page(permission=Permission.CONSULTATION_WRITE, kinds=DOCTOR)
def consultation(request: PortalRequest, pk: int) -> HttpResponse:
    """Record a consultation with a patient whom the doctor sees already."""
    who = visibility.get(request.actor, Patient, pk)
    form = ConsultationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.already_sent():
            messages.info(request, _TWICE)
            return redirect("doctor_patient", pk)
        check = IdentityCheck(form.cleaned_data["identity_check"])
        actions.consult(request.actor, pk, identity_check=check, summary=form.cleaned_data["summary"], now=request.now)
        messages.success(request, _("The consultation is recorded."))
        return redirect("doctor_patient", pk)
    shown(request, "consultation", [who.pk])
    context = {
        "form": form,
        "title": _("New consultation"),
        "submit": _("Record the consultation"),
        **banner(request, who),
    }
    return render(request, "doctor/patient_form.html", context, status=form.status)


@page(permission=Permission.PATIENT_WRITE, kinds=DOCTOR)
def allergies(request: PortalRequest, pk: int) -> HttpResponse:
    """Record the allergies, or that none are known."""
    who = visibility.get(request.actor, Patient, pk)
    form = AllergyForm(request.POST or None, initial=AllergyForm.initial_of(who))
    valid = request.method == "POST" and form.is_valid()
    if valid and form.attempt(lambda: _set_allergies(request, pk, form)) is not None:
        messages.success(request, _("The allergies are recorded."))
        return redirect("doctor_patient", pk)
    shown(request, "allergies", [who.pk])
    context = {"form": form, "title": _("Allergies"), "submit": _("Save the allergies"), **banner(request, who)}
    return render(request, "doctor/patient_form.html", context, status=form.status)


def _set_allergies(request: PortalRequest, pk: int, form: AllergyForm) -> Patient | None:
    data = form.cleaned_data
    try:
        return actions.set_allergies(
            request.actor, pk, none_known=data["none_known"], substances=data["substances"], now=request.now,
            seen=data["seen"],
        )  # fmt: skip
    except NotNow as refusal:
        if refusal.code != "changed_meanwhile":
            raise
        form.catch_up(visibility.get(request.actor, Patient, pk))
        return None
