"""Correcting a patient's record: name, birth date, sex, health number, and how they are reached."""

import json
from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.core.refusals import NotNow
from elmed.patients import identity
from elmed.patients.models import Patient, PatientCorrection, Sex
from elmed.portals.doctor.forms import IdentityForm
from elmed.portals.doctor.patients import DOCTOR
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.shared.prescription import banner
from elmed.portals.words import day_words
from elmed.prescriptions.actions import corrected

MOST_CORRECTIONS = 10


class CorrectionForm(IdentityForm):
    """The record as it is, to be changed. It saves only over what its page showed."""

    seen = forms.JSONField(
        widget=forms.HiddenInput, error_messages={"invalid": gettext_lazy("Open the page again, then save.")}
    )
    reason = forms.CharField(
        label=gettext_lazy("Why you correct it"), max_length=300,
        help_text=gettext_lazy("The patient reads it among those who looked at the record. No medical words."),
    )  # fmt: skip

    def clean_seen(self) -> dict[str, str]:
        """What the page showed."""
        seen = self.cleaned_data["seen"]
        return {str(name): str(value) for name, value in seen.items()} if isinstance(seen, dict) else {}

    def catch_up(self, patient: Patient) -> None:
        """Somebody else saved first: say what is recorded now, keep what was typed, and let the next save be over theirs."""
        before, after = self.cleaned_data["seen"], identity.recorded(patient)
        differs = [f"{self.fields[name].label}: {after[name]}" for name in after if before.get(name) != after[name]]
        words = _(
            "Somebody changed the record since you opened this page. It says now: %(what)s. Nothing of yours is saved yet."
        )
        self.add_error(None, words % {"what": "; ".join(differs)})
        self.status = 409
        typed = cast("QueryDict", self.data).copy()
        typed["seen"] = json.dumps(after)
        self.data = typed


@page(permission=Permission.PATIENT_WRITE, kinds=DOCTOR)
def correct(request: PortalRequest, pk: int) -> HttpResponse:
    """Show the record as a form, and what was corrected before."""
    who = visibility.get(request.actor, Patient, pk)
    if who.merged_into_id:
        return redirect("doctor_correct", who.merged_into_id)
    now_recorded = identity.recorded(who)
    form = CorrectionForm(request.POST or None, initial=now_recorded | {"seen": now_recorded})
    if request.method == "POST" and form.is_valid():
        changed = form.attempt(lambda: _correct(request, pk, form))
        if changed:
            corrected.tell_at_once(pk)
        if changed is not None:
            words = _("The record is corrected.") if changed else _("Nothing was different: nothing is changed.")
            messages.success(request, words)
            return redirect("doctor_patient", pk)
    shown(request, "patient", [who.pk])
    context: dict[str, Any] = {
        "form": form, "title": _("Correct the record"), "submit": _("Save the correction"),
        "corrections": _earlier(who, form),
        **banner(request, who),
    }  # fmt: skip
    return render(request, "doctor/correct.html", context, status=form.status)


def _earlier(who: Patient, form: CorrectionForm) -> list[tuple[PatientCorrection, list[tuple[str, str]]]]:
    """What was corrected before, the newest first: each field with what it said."""
    rows = who.corrections.select_related("account").order_by("-pk")[:MOST_CORRECTIONS]
    return [
        (row, [(str(form.fields[name].label), _words(name, said)) for name, said in row.before.items()]) for row in rows
    ]


def _words(name: str, said: str) -> str:
    """A field's value as people read it."""
    if name == "date_of_birth":
        return day_words(date.fromisoformat(said))
    return str(Sex(said).label) if name == "sex" else said


def _correct(request: PortalRequest, pk: int, form: CorrectionForm) -> list[str] | None:
    data = form.cleaned_data
    try:
        return identity.correct(
            request.actor, pk, form.identity(), reason=data["reason"], seen=data["seen"], now=request.now
        )
    except NotNow as refusal:
        if refusal.code != "changed_meanwhile":
            raise
        form.catch_up(visibility.get(request.actor, Patient, pk))
        return None
