"""ELMED's staff search what happened and who looked. Each search is recorded."""

from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _l

from elmed.access.permissions import Permission
from elmed.accounts.queries import account_names, person_names
from elmed.events import audit
from elmed.events.catalogue import EVENT_TYPES
from elmed.portals.forms import DayField, PortalForm
from elmed.portals.page import PortalRequest, page
from elmed.portals.staff.views import STAFF
from elmed.portals.words import access_words, event_words
from elmed.prescriptions.jurisdiction import jurisdiction

_NUMBER: dict[str, Any] = {"min_value": 1, "max_value": 2**63 - 1, "required": False}
USUAL = timedelta(days=30)


class AuditForm(PortalForm):
    """What to look for."""

    field_of = {"/until": "until", "/prescription_id": "prescription"}

    list = forms.ChoiceField(
        label=_l("List"), choices=[("events", _l("What happened")), ("looks", _l("Who looked at patients’ data"))],
    )  # fmt: skip
    since = DayField(label=_l("From"))
    until = DayField(label=_l("To"))
    account = forms.IntegerField(label=_l("Account number"), **_NUMBER)
    person = forms.IntegerField(label=_l("Person number"), **_NUMBER)
    patient = forms.IntegerField(label=_l("Patient number"), **_NUMBER)
    prescription = forms.IntegerField(label=_l("Prescription number"), **_NUMBER)
    type = forms.CharField(
        label=_l("Type"), required=False, max_length=60,
        help_text=_l("As an event or an access record is called: prescription.verified, portal.clinical."),
    )  # fmt: skip

    def wanted(self) -> audit.Wanted:
        """As the search takes it."""
        data, zone = self.cleaned_data, jurisdiction().zone
        return audit.Wanted(
            since=datetime.combine(data["since"], time(), zone),
            until=datetime.combine(data["until"] + timedelta(days=1), time(), zone),
            looks=data["list"] == "looks", account_id=data["account"], person_id=data["person"],
            patient_id=data["patient"], prescription_id=data["prescription"], type=data["type"].strip(),
        )  # fmt: skip


@page(permission=Permission.AUDIT_READ, kinds=STAFF)
def search(request: PortalRequest) -> HttpResponse:
    """The form, and a page of what it finds, the newest first."""
    today = jurisdiction().day(request.now)
    first = {"list": "events", "since": today - USUAL, "until": today}
    form = AuditForm(request.GET if "since" in request.GET else None, initial=first)
    context: dict[str, Any] = {"form": form, "types": sorted(EVENT_TYPES)}
    if form.is_bound and form.is_valid():
        before = request.GET.get("before", "")
        number = int(before) if before.isdecimal() and len(before) < 19 else None
        found = form.attempt(lambda: audit.search(request.actor, form.wanted(), before=number, now=request.now))
        if found is not None:
            context |= {
                "entries": _entries(found, form.cleaned_data["list"] == "looks"),
                "older": _older(request, found),
            }
    return render(request, "staff/audit.html", context, status=form.status)


def _entries(found: audit.Found, looks: bool) -> list[dict[str, Any]]:
    rows: Any = found.rows
    accounts = account_names(row.actor_account_id for row in rows)
    people = person_names(row.actor_person_id for row in rows)
    return [
        {
            "row": row, "person": people.get(row.actor_person_id or 0, ""), "account": accounts.get(row.actor_account_id or 0, ""),
            "code": row.action if looks else row.type, "words": access_words(row.action) if looks else event_words(row.type),
            "reason": row.reason if looks else "",
            "patients": [one.patient_id for one in row.patients.all()] if looks else [row.data.get("patient_id")],
            "prescription_id": None if looks else row.prescription_id,
        }
        for row in rows
    ]  # fmt: skip


def _older(request: PortalRequest, found: audit.Found) -> str:
    """The address of the next page; empty where that was all."""
    if found.before is None:
        return ""
    kept = {name: value for name, value in request.GET.items() if name != "before" and value}
    return "?" + urlencode(kept | {"before": found.before})
