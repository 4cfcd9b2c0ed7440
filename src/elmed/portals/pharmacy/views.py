"""One prescription's screen at the pharmacy. The queue is queue.py; dispensing and taking back are supply.py."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.accounts.models import AccountKind
from elmed.portals.forms import VersionedForm
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.pages import open_list
from elmed.portals.pharmacy.inventory_rx import stock_context
from elmed.portals.pharmacy.queue_rows import answer_by
from elmed.portals.shared.acts import after, ask, buttons
from elmed.portals.shared.prescription import history, sheet_context
from elmed.portals.words import isolated
from elmed.prescriptions import pharmacy_lists, queries
from elmed.prescriptions.actions.close_line import close_line
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import OPEN, REVERSAL_WINDOW, Act, Status

PHARMACY = (AccountKind.PHARMACY,)
# The steps at which something waits; the rest is done.
WAITING = tuple(step for step in pharmacy_lists.STEPS if step != "done")
OTHERS = 10  # of the patient's other prescriptions, a page
SPECIAL = {
    Act.DISPENSE: "pharmacy_dispense",
    Act.ANSWER_HANDED_OVER: "pharmacy_handed_over",
    Act.CLOSE_LINE: "pharmacy_close_line",
}


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def prescription(request: PortalRequest, pk: int) -> HttpResponse:
    """One prescription on one screen, with the acts that are legal now. What stands beside it is a page of its own.

    `was` names the step at which something was just done, `place` where it stood there: the next one is the one behind it.
    """
    sheet = queries.sheet(request.actor, pk, request.now)
    shown(request, "prescription", [sheet.rx.patient_id])
    rx, own = sheet.rx, request.actor.account_id
    to_check = rx.status == Status.PENDING_REVIEW
    context = sheet_context(request, sheet) | _way_on(request, rx) | {
        "portal": "pharmacy", "buttons": buttons(sheet, "pharmacy", SPECIAL),
        "to_check": to_check, "verifies": Act.VERIFY in sheet.acts,
        "first_from": to_check and queries.first_from(request.actor, rx),
        # another pharmacy's reference is not told: with the birth date, it would open that prescription
        "replaced_here": rx.replaces is not None and rx.replaces.pharmacy_id == own,
        "reversible": reversible(request, sheet.subject) if Act.REVERSE in sheet.acts else set(),
        "newest": next((made for made in sheet.dispenses if not made.fully_reversed), None),
        "answer_by": answer_by(sheet.subject.hold), "here": rx.status in OPEN and rx.pharmacy_id == own,
    }  # fmt: skip
    return render(request, "pharmacy/prescription.html", context)


def _way_on(request: PortalRequest, rx: Prescription) -> dict[str, Any]:
    """Where the queue goes on: at the step of what was just done, else at this one's own."""
    was = request.GET.get("was", "")
    if was in WAITING:
        return {"just_done": True, "next_step": was, "place": request.GET.get("place", "")[:40]}
    step = rx.status if rx.status in WAITING else "pending_review"
    return {"just_done": False, "next_step": step, "place": pharmacy_lists.place(rx).isoformat()}


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def beside(request: PortalRequest, pk: int) -> HttpResponse:
    """What stands beside a prescription: its history, what else this pharmacy has of the patient, whether the doctor is new."""
    rx = visibility.get(request.actor, Prescription, pk)
    shown(request, "beside", [rx.patient_id])
    checked = rx.status != Status.PENDING_REVIEW  # until then its own page says whether the doctor is new
    context = {
        "rx": rx, "history": history(request.actor, rx),
        "others": open_list(queries.of_patient_here(request.actor, rx), request.GET.get("page"), OTHERS),
        "first_from": checked and queries.first_from(request.actor, rx),
    }  # fmt: skip
    return render(request, "pharmacy/beside.html", context)


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def stock(request: PortalRequest, pk: int) -> HttpResponse:
    """Which products cover its lines, and what the shop's orders keep of it."""
    rx = visibility.get(request.actor, Prescription, pk)
    shown(request, "prescription", [rx.patient_id])
    return render(request, "pharmacy/stock_of_rx.html", {"rx": rx} | stock_context(request, rx))


def reversible(request: PortalRequest, subject: Subject) -> set[int]:
    """The dispenses that get a button to take them back; the act itself decides again."""
    return {
        row.dispense_id
        for row in subject.supplied
        if not row.reversed
        and row.issue_number == subject.newest_issue
        and row.pharmacy_id == request.actor.account_id
        and request.now <= row.recorded_at + REVERSAL_WINDOW
    }


class CloseLineForm(VersionedForm):
    """Which line, and why."""

    line_id = forms.ChoiceField(label=gettext_lazy("Medicine"), widget=forms.RadioSelect)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


@page(permission=TRANSITIONS[Act.CLOSE_LINE].permission, kinds=PHARMACY)
def close_line_page(request: PortalRequest, pk: int) -> HttpResponse:
    """Give up the rest of a line of this supply."""
    form = CloseLineForm(request.POST or None)
    lines = visibility.get(request.actor, Prescription, pk).lines.all()
    field = form.fields["line_id"]
    if isinstance(field, forms.ChoiceField):
        field.choices = [(str(line.pk), isolated(line.medication_text)) for line in lines if line.available_milli > 0]
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if form.attempt(
            lambda: close_line(
                request.actor, pk, line_id=int(data["line_id"]), reason=data["reason"], now=request.now,
                expected_version=data["version"],
            )
        ):  # fmt: skip
            messages.success(request, _("The rest of the line is given up. The doctor is told."))
            return after(request, pk, "pharmacy_prescription")
    words = {
        "title": _("Give up the rest of a line"),
        "submit": _("Give it up"),
        "explains": _("What remains of this line will not be supplied in this issue. The doctor is told."),
    }
    return ask(request, pk, Act.CLOSE_LINE, form, back="pharmacy_prescription", extra=words)
