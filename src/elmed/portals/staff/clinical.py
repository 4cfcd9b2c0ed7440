"""ELMED's staff and clinical content: a record is found by exact words, and opened with a reason that the patient sees."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _l

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.core.refusals import NotVisible
from elmed.patients import opening
from elmed.patients.models import Patient
from elmed.portals.forms import DayField, PortalForm
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.shared.acts import buttons
from elmed.portals.shared.prescription import banner, screen
from elmed.portals.staff.views import STAFF
from elmed.prescriptions import queries
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.vocabulary import Act

PAGE_SIZE = 25
LONG = 19  # digits that no number of a row has


class FindForm(PortalForm):
    """Exact words: no browsing."""

    words = forms.CharField(
        label=_l("Number, reference or family name"), max_length=100,
        help_text=_l("The number of a patient or of a prescription, a health number, a prescription’s reference, or a family name."),
    )  # fmt: skip
    born = DayField(label=_l("Date of birth"), required=False, help_text=_l("Needed with a family name."))


class ReasonForm(PortalForm):
    """Why the record is opened."""

    reason = forms.CharField(
        label=_l("Why do you open this record?"), min_length=opening.SHORTEST, max_length=opening.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}), help_text=_l("The patient reads it, with your name. Name no medicine."),
    )  # fmt: skip


@page(permission=Permission.PRESCRIPTION_READ_ALL, kinds=STAFF)
def records(request: PortalRequest) -> HttpResponse:
    """Find a record by exact words. Shows who it is, and nothing medical."""
    form = FindForm(request.POST or None)
    found = None
    if request.method == "POST" and form.is_valid():
        found = opening.look_up(request.actor, form.cleaned_data["words"], form.cleaned_data["born"])
    return render(request, "staff/records.html", {"form": form, "found": found}, status=form.status)


def opened(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page about one prescription: without a reason of this hour, the page that asks for it comes first."""

    def asked(request: PortalRequest, pk: int, **more: int) -> HttpResponse:
        record_id, open_now = opening.record_of(request.actor, pk)
        if not open_now:
            return _ask_why(record_id, pk)
        return view(request, pk, **more)

    asked.__module__, asked.__name__ = view.__module__, view.__name__
    return asked


def _ask_why(record_id: int, prescription_id: int) -> HttpResponse:
    return redirect(f"{reverse('staff_record', args=[record_id])}?prescription={prescription_id}")


@page(permission=Permission.PRESCRIPTION_READ_ALL, kinds=STAFF)
def record(request: PortalRequest, pk: int) -> HttpResponse:
    """A patient's record: first the form that asks why, then, for an hour, what is in it."""
    found = {row.pk: row for row in visibility.visible(request.actor, Patient).filter(Q(pk=pk) | Q(merged_into=pk))}
    who = found.get(pk)
    if who is None:
        raise NotVisible("patient")
    if who.merged_into_id:
        return redirect("staff_record", who.merged_into_id)
    reason = opening.reason_given(request.actor, who)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data["reason"]
        if form.attempt(lambda: opening.open_record(request.actor, pk, reason=words) or True):
            number = request.GET.get("prescription", "")
            known = number.isdecimal() and len(number) < LONG
            return redirect("staff_prescription", int(number)) if known else redirect("staff_record", pk)
    if reason is None or form.is_bound:
        return render(request, "staff/open_record.html", {"who": who, "form": form}, status=form.status)
    shown(request, "patient", found)
    rows = queries.listed(request.actor).filter(patient__in=list(found))
    context: dict[str, Any] = {
        "who": who, "reason": reason, "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        **banner(request, who),
    }  # fmt: skip
    return render(request, "staff/record.html", context)


@page(permission=Permission.PRESCRIPTION_READ_ALL, kinds=STAFF)
def prescription(request: PortalRequest, pk: int) -> HttpResponse:
    """One prescription with its history, and the acts that staff can do now; without a reason of this hour, it is asked for."""
    sheet = queries.sheet(request.actor, pk, request.now, noting=opening.is_open(request.actor))
    if not sheet.rx.noted:  # type: ignore[attr-defined]
        return _ask_why(opening.whole_id(sheet.rx.patient), pk)
    shown(request, "prescription", [sheet.rx.patient_id])
    context = screen(request, sheet) | {
        "buttons": buttons(sheet, "staff", {}), "take_back": "staff_reverse",
        "reversible": reversible(request, sheet.subject) if Act.REVERSE in sheet.acts else set(),
    }  # fmt: skip
    return render(request, "staff/prescription.html", context)


def reversible(_request: PortalRequest, subject: Subject) -> set[int]:
    """The dispenses of the newest supply that nobody took back; the act itself decides again."""
    rows = subject.supplied
    return {row.dispense_id for row in rows if not row.reversed and row.issue_number == subject.newest_issue}
