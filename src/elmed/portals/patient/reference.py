"""The patient asks for a new reference, where the old one was lost or seen by somebody else."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.portals.forms import VersionedForm
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.patient.views import PATIENT, usable
from elmed.prescriptions.actions.reissue import reissue
from elmed.prescriptions.models import Prescription


@page(permission=Permission.REISSUE, kinds=PATIENT)
def new_reference(request: PortalRequest, pk: int) -> HttpResponse:
    """Say what it means, and do it."""
    rx = visibility.get(request.actor, Prescription, pk)
    form = VersionedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        if form.attempt(lambda: reissue(request.actor, pk, now=request.now, expected_version=version)):
            messages.success(request, _("This is the new reference. The old one opens nothing any more."))
            return redirect("patient_prescription", pk)
        rx.refresh_from_db()
    shown(request, "prescription", [rx.patient_id])
    context = {"rx": rx, "lines": rx.lines.all(), "form": form, "usable": usable(rx, request.now)}
    return render(request, "patient/reference.html", context, status=form.status)
