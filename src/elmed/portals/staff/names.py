"""ELMED's staff correct a name: of a patient's record, or of an account. With a reason that whoever is called so reads."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.accounts import profile
from elmed.accounts.models import AccountKind
from elmed.patients import identity, opening
from elmed.patients.models import Patient
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.staff.views import STAFF, one_account
from elmed.prescriptions.actions import corrected


class ReasonedForm(PortalForm):
    """Why."""

    reason = forms.CharField(
        label=_l("Why you correct it"), max_length=opening.LONGEST, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l("The person or the account’s owner reads it. No medical words."),
    )  # fmt: skip


class PatientNameForm(ReasonedForm):
    """The name as it is, to be changed. It saves only over what its page showed."""

    family_name = forms.CharField(label=_l("Family name"), max_length=100)
    given_name = forms.CharField(label=_l("Given name"), max_length=100)
    seen = forms.JSONField(widget=forms.HiddenInput, error_messages={"invalid": _l("Open the page again, then save.")})
    field_order = ("family_name", "given_name", "reason")


class AccountNameForm(ReasonedForm):
    """What an account is called."""

    name = forms.CharField(label=_l("Name"), max_length=profile.LONGEST_NAME)
    field_order = ("name", "reason")


@page(permission=Permission.NAME_CORRECT, kinds=STAFF)
def patient_name(request: PortalRequest, pk: int) -> HttpResponse:
    """Correct the name in a patient's record, which was opened with a reason."""
    who = visibility.get(request.actor, Patient, pk)
    if who.merged_into_id or opening.reason_given(request.actor, who) is None:
        return redirect("staff_record", opening.whole_id(who))
    form = PatientNameForm(
        request.POST or None,
        initial={"family_name": who.family_name, "given_name": who.given_name, "seen": identity.recorded(who)},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        changed = form.attempt(
            lambda: identity.correct_name(
                request.actor, pk, family_name=data["family_name"], given_name=data["given_name"],
                reason=data["reason"], seen=data["seen"], now=request.now,
            )
        )  # fmt: skip
        if changed:
            corrected.tell_at_once(pk)
        if changed is not None:
            _said(request, bool(changed))
            return redirect("staff_record", pk)
    context = {"form": form, "called": who.name, "back": ("staff_record", pk)}
    return _shown(request, form, context)


@page(permission=Permission.NAME_CORRECT, kinds=STAFF)
def account_name(request: PortalRequest, pk: int) -> HttpResponse:
    """Correct what an account is called; a patient's is called as the record is."""
    account = one_account(pk)
    form = AccountNameForm(request.POST or None, initial={"name": account.name})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        done = form.attempt(lambda: (profile.correct_name(
            request.actor, pk, name=data["name"], reason=data["reason"], now=request.now
        ),))  # fmt: skip
        if done is not None:
            _said(request, done[0] is not None)
            return redirect("staff_account", pk)
    context = {"form": form, "called": account.name, "of_patient": account.kind == AccountKind.PATIENT}
    return _shown(request, form, context | {"back": ("staff_account", pk)})


def _said(request: PortalRequest, changed: bool) -> None:
    words = (
        _("The name is corrected, and who is called so is told.")
        if changed
        else _("Nothing was different: nothing is changed.")
    )
    messages.success(request, words)


def _shown(request: PortalRequest, form: PortalForm, context: dict[str, Any]) -> HttpResponse:
    return render(request, "staff/name.html", context, status=form.status)
