"""One prescription's screen at the pharmacy. The queue is queue.py; dispensing and taking back are supply.py."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render

from elmed.access.permissions import Permission
from elmed.accounts.models import AccountKind
from elmed.portals.forms import VersionedForm
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.pharmacy.inventory_rx import stock_context
from elmed.portals.shared.acts import after, ask, buttons
from elmed.portals.shared.prescription import screen
from elmed.prescriptions import queries
from elmed.prescriptions.actions.close_line import close_line
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import REVERSAL_WINDOW, Act

PHARMACY = (AccountKind.PHARMACY,)
SPECIAL = {
    Act.DISPENSE: "pharmacy_dispense",
    Act.ANSWER_HANDED_OVER: "pharmacy_handed_over",
    Act.CLOSE_LINE: "pharmacy_close_line",
}


@page(permission=Permission.PRESCRIPTION_READ, kinds=PHARMACY)
def prescription(request: PortalRequest, pk: int) -> HttpResponse:
    """One prescription on one screen, with the acts that are legal now."""
    sheet = queries.sheet(request.actor, pk, request.now)
    shown(request, "prescription", [sheet.rx.patient_id])
    context = screen(request, sheet) | {"buttons": buttons(sheet, "pharmacy", SPECIAL)} | stock_context(request, sheet)
    context["reversible"] = reversible(request, sheet.subject) if Act.REVERSE in sheet.acts else set()
    return render(request, "pharmacy/prescription.html", context)


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

    line_id = forms.ChoiceField(label="Medicine", widget=forms.RadioSelect)
    reason = forms.CharField(label="Reason", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


@page(permission=TRANSITIONS[Act.CLOSE_LINE].permission, kinds=PHARMACY)
def close_line_page(request: PortalRequest, pk: int) -> HttpResponse:
    """Give up the rest of a line of this supply."""
    form = CloseLineForm(request.POST or None)
    lines = queries.sheet(request.actor, pk, request.now).subject.lines
    field = form.fields["line_id"]
    if isinstance(field, forms.ChoiceField):
        field.choices = [(str(line.pk), line.medication_text) for line in lines if line.available_milli > 0]
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if form.attempt(
            lambda: close_line(
                request.actor, pk, line_id=int(data["line_id"]), reason=data["reason"], now=request.now,
                expected_version=data["version"],
            )
        ):  # fmt: skip
            messages.success(request, "The rest of the line is given up. The doctor is told.")
            return after(request, pk, "pharmacy_prescription")
    words = {
        "title": "Give up the rest of a line",
        "submit": "Give it up",
        "explains": "What remains of this line will not be supplied in this issue. The doctor is told.",
    }
    return ask(request, pk, Act.CLOSE_LINE, form, back="pharmacy_prescription", extra=words)
