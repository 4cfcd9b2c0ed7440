"""Bringing a prescription to this pharmacy's queue with what the patient shows: reference and date of birth."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.core.refusals import NotVisible
from elmed.portals.forms import DayField, PortalForm
from elmed.portals.page import PortalRequest, page, search_words, shown
from elmed.portals.pharmacy.views import PHARMACY
from elmed.portals.words import status_words
from elmed.prescriptions import reference
from elmed.prescriptions.actions.bring import bring, proven
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import OPEN, Act

_NONE = gettext_lazy("No prescription has this reference and this date of birth. Check both with the patient.")


class BringForm(PortalForm):
    """The proof. Whether the reference can be one at all is not told apart."""

    reference = forms.CharField(
        label=gettext_lazy("Reference"), max_length=500,
        help_text=gettext_lazy("Scan the patient’s code, or type the 12 characters under it, such as 7K3M-9QPX-2DTC."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )  # fmt: skip
    date_of_birth = DayField(label=gettext_lazy("Patient’s date of birth"))

    def clean_reference(self) -> str:
        """What the scanner read may hold more than the reference."""
        return reference.within(self.cleaned_data["reference"])


@page(permission=TRANSITIONS[Act.ROUTE].permission, kinds=PHARMACY)
def bring_page(request: PortalRequest) -> HttpResponse:
    """Ask for the proof; then the prescription's own page. `q` is a reference that was searched for in vain."""
    words = search_words(request)
    known = words if reference.canonical(words) else ""
    form = BringForm(request.POST or None, initial={"reference": known})
    form.fields["date_of_birth" if known else "reference"].widget.attrs["autofocus"] = True
    if request.method == "POST" and form.is_valid():
        rx = _brought(request, form)
        if rx is not None:
            _tell(request, rx)
            return redirect("pharmacy_prescription", rx.pk)
    return render(request, "pharmacy/bring.html", {"form": form}, status=form.status)


def _tell(request: PortalRequest, rx: Prescription) -> None:
    """One that was here and has ended is no success: who stands at the counter gets nothing of it."""
    if rx.status in OPEN:
        messages.success(request, _("The prescription is at your pharmacy."))
    else:
        words = _("The prescription is at your pharmacy and has ended: %(status)s. Nothing more is handed over.")
        messages.warning(request, words % {"status": status_words(rx.status)})


def _brought(request: PortalRequest, form: BringForm) -> Prescription | None:
    proof = {name: form.cleaned_data[name] for name in ("reference", "date_of_birth")}
    try:
        found = proven(request.actor, **proof)
    except NotVisible as refusal:
        form.add_error(None, _NONE)
        form.status = refusal.status
        return None
    shown(request, "bring", [found.patient_id])  # where it is refused, the words tell its status
    return form.attempt(lambda: bring(request.actor, now=request.now, **proof))
