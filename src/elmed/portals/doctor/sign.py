"""Check before you sign: the whole draft, its warnings with answers, the pharmacy, the password where it is due.

Whether a signature needs a fresh password is decided by the act (prescriptions/actions/issue.py); this page
asks for it beforehand, by the same two spans of time.
"""

from typing import Any

from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.core.ratelimit import consume
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from elmed.access.permissions import Permission
from elmed.core.clock import real_now
from elmed.core.refusals import NotAllowed, VersionConflict
from elmed.medications.checks import Warning
from elmed.portals.doctor.patients import DOCTOR
from elmed.portals.forms import VersionedForm
from elmed.portals.page import PortalRequest, actor_of, page, shown
from elmed.portals.shared.prescription import banner
from elmed.portals.shared.route_page import pharmacy_choices
from elmed.prescriptions import queries
from elmed.prescriptions.actions.draft import errors_in
from elmed.prescriptions.actions.issue import REAUTHENTICATION, issue, warnings_of
from elmed.prescriptions.actions.replace import replace
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import Status


class SignForm(VersionedForm):
    """Answers to the warnings, the pharmacy, the reason of a replacement, the password."""

    def __init__(
        self,
        *args: Any,
        warnings: list[Warning],
        medicines: dict[int, str],
        choices: list[tuple[str, str]],
        replacing: bool,
        password: bool,
        **kwargs: Any,
    ) -> None:
        """Ask for what this draft needs."""
        super().__init__(*args, **kwargs)
        self.warnings = warnings
        for index, warning in enumerate(warnings):
            what = medicines.get(warning.position, "the notes")
            label = f"Keep {what}, because"
            self.fields[f"answer_{index}"] = forms.CharField(label=label, max_length=300, help_text=warning.message)
        if replacing:
            self.fields["reason"] = forms.CharField(label="Why you replace the earlier prescription", max_length=300)
        none = ("", "None now: the patient chooses")
        self.fields["pharmacy_id"] = forms.ChoiceField(label="Pharmacy", required=False, choices=[none, *choices])
        if password:
            self.fields["password"] = forms.CharField(
                label="Your password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
                help_text="To sign. It is asked for after 5 minutes, and each time for a controlled medicine.",
            )  # fmt: skip
        for field in self.fields.values():
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs.setdefault("class", css)

    @property
    def answers(self) -> dict[str, str]:
        """By the warnings' keys."""
        return {w.key: self.cleaned_data[f"answer_{i}"] for i, w in enumerate(self.warnings)}


@page(permission=Permission.ISSUE, kinds=DOCTOR)
def review(request: PortalRequest, pk: int) -> HttpResponse:
    """Show everything once more, and sign it."""
    sheet = queries.sheet(request.actor, pk, request.now)
    rx, subject = sheet.rx, sheet.subject
    if rx.status != Status.DRAFT:
        if request.method == "POST":
            messages.info(request, "It is signed already; it was signed once.")
        return redirect("doctor_prescription", pk)
    form = _form(request, subject)
    if request.method == "POST" and form.is_valid() and _identified(request, form):
        signed = _sign(request, rx, form)
        if signed is not None:
            messages.success(request, "Signed.")
            return redirect("doctor_prescription", signed.pk)
        rx.refresh_from_db(fields=["version"])
    shown(request, "draft", [rx.patient_id])
    context = {
        "form": form, "rx": rx, "lines": subject.lines, "lacks": errors_in(rx, subject.lines, request.now),
        **banner(request, rx.patient),
    }  # fmt: skip
    return render(request, "doctor/review.html", context, status=form.status)


def _form(request: PortalRequest, subject: Subject) -> SignForm:
    rx = subject.rx
    before = rx.replaces.pharmacy_id if rx.replaces else None  # where the patient went before, until another is chosen
    return SignForm(
        request.POST or None,
        initial={"pharmacy_id": before or ""},
        warnings=warnings_of(rx, subject.lines),
        medicines={line.position: line.medication_text for line in subject.lines},
        choices=pharmacy_choices(request.actor.world_id, "", request.POST.get("pharmacy_id", "") or str(before or "")),
        replacing=rx.replaces_id is not None,
        password=_password_due(request, subject),
    )


def _password_due(request: PortalRequest, subject: Subject) -> bool:
    if any(line.is_controlled for line in subject.lines) or request.actor.authenticated_at is None:
        return True
    return real_now() - request.actor.authenticated_at > REAUTHENTICATION


def _identified(request: PortalRequest, form: SignForm) -> bool:
    """Check the password where it is asked for; wrong ones count against the sign-in's own limit."""
    if "password" not in form.fields:
        return True
    if not consume(request, action="reauthenticate", user=request.person):
        form.add_error("password", "Too many tries. Wait a minute.")
        form.status = 429
        return False
    if not request.person.check_password(form.cleaned_data["password"]):
        form.add_error("password", "This is not your password.")
        form.status = 422
        return False
    reauthenticate_by_password(request)
    request.actor = actor_of(request, request.account)
    return True


def _sign(request: PortalRequest, rx: Prescription, form: SignForm) -> Prescription | None:
    data = form.cleaned_data
    pharmacy_id = int(data["pharmacy_id"]) if data["pharmacy_id"] else None

    def act() -> Prescription:
        if rx.replaces_id is None:
            return issue(
                request.actor, rx.pk, answers=form.answers, pharmacy_id=pharmacy_id, now=request.now,
                expected_version=data["version"],
            )  # fmt: skip
        if rx.version != data["version"]:  # `replace` itself would take the version of the old one
            raise VersionConflict(rx.version)
        return replace(
            request.actor, rx.replaces_id, draft_id=rx.pk, reason=data["reason"], answers=form.answers,
            pharmacy_id=pharmacy_id, now=request.now,
        )  # fmt: skip

    try:
        return form.attempt(act)
    except NotAllowed as refusal:
        if refusal.code != "reauthentication_required":
            raise
        form.tell(refusal)
        return None
