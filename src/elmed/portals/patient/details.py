"""The patient's own details: who they are here, and how they can be reached."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.patients.contact import FIELDS, change_own_contact
from elmed.patients.models import Patient
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.patient.views import PATIENT
from elmed.portals.shared.prescription import banner


class ContactForm(PortalForm):
    """How the patient can be reached."""

    phone = forms.CharField(
        label=_l("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    email = forms.CharField(
        label=_l("E-mail"), required=False, max_length=254, help_text=_l("The address that you sign in with does not change with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip
    address = forms.CharField(
        label=_l("Address"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=2000)

    def clean_seen(self) -> dict[str, str]:
        """What the page showed."""
        try:
            found = json.loads(self.cleaned_data["seen"])
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise forms.ValidationError(_("Open the page again."))
        return {str(name): str(value) for name, value in found.items()}


@page(permission=Permission.PATIENT_CONTACT, kinds=PATIENT)
def details(request: PortalRequest) -> HttpResponse:
    """Show and change them."""
    own = visibility.visible(request.actor, Patient).order_by("pk").first()
    if own is None:
        return render(request, "patient/details.html", {"form": None})
    now_recorded = {name: getattr(own, name) for name in FIELDS}
    form = ContactForm(request.POST or None, initial=now_recorded)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if form.attempt(lambda: _change(request, data)):
            messages.success(request, _("Your details are recorded."))
            return redirect("patient_details")
    shown(request, "details", [own.pk])
    context: dict[str, Any] = {"form": form, "seen": json.dumps(now_recorded), **banner(request, own)}
    return render(request, "patient/details.html", context, status=form.status)


def _change(request: PortalRequest, data: dict[str, Any]) -> Patient:
    words = {name: data[name] for name in FIELDS}
    return change_own_contact(request.actor, **words, seen=data["seen"], now=request.now)
