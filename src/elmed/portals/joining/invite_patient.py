"""The doctor invites a patient to claim their record."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.accounts.models import AccountKind
from elmed.core.clock import real_now
from elmed.patients import claim
from elmed.patients.models import Patient
from elmed.portals.joining.forms import PatientEmailForm
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.shared.prescription import banner


@page(permission=Permission.PATIENT_INVITE, kinds=(AccountKind.DOCTOR,))
def invite(request: PortalRequest, pk: int) -> HttpResponse:
    """Ask for the address, then send the invitation."""
    patient = visibility.get(request.actor, Patient, pk)
    shown(request, "patient", [patient.pk])
    form = PatientEmailForm(request.POST or None, initial={"email": patient.email})
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        if form.attempt(lambda: claim.invite(request.actor, pk, email=email, now=real_now())):
            messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": email})
            return redirect("doctor_patient", pk)
    context = {"form": form, "last": claim.last_invitation(patient), "now": real_now(), **banner(request, patient)}
    return render(request, "joining/invite_patient.html", context, status=form.status)
