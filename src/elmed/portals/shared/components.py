"""Every component in every state on one page, for those who build pages. Not there in production."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from elmed.portals.forms import DayField, PortalForm
from elmed.portals.page import public_page
from elmed.prescriptions.vocabulary import Status


class Sample(PortalForm):
    """One field of each kind."""

    name = forms.CharField(label="Text", help_text="A hint stands between label and field.")
    day = DayField(label="Day")
    kind = forms.ChoiceField(label="One of a few", choices=[("a", "The first"), ("b", "The second")])
    reason = forms.ChoiceField(
        label="One of two", widget=forms.RadioSelect, choices=[("yes", "Yes"), ("no", "No")], required=False
    )
    several = forms.MultipleChoiceField(
        label="Several", widget=forms.CheckboxSelectMultiple, choices=[("r", "Read"), ("d", "Dispense")], required=False
    )
    sure = forms.BooleanField(label="I have checked it")
    notes = forms.CharField(label="Notes", widget=forms.Textarea(attrs={"rows": 2}), required=False)


@public_page
def components(request: HttpRequest) -> HttpResponse:
    """Show them all; 404 in production."""
    if settings.PRODUCTION:
        raise Http404
    wrong = Sample({"wrong-name": "", "wrong-day": "1961-02-30", "wrong-kind": "c"}, prefix="wrong")
    wrong.is_valid()
    context: dict[str, Any] = {
        "form": Sample(prefix="empty"),
        "wrong": wrong,
        "statuses": [str(status) for status in Status],
        "page": Paginator(range(60), 20).page(2),
        "now": timezone.now(),
        "patient": {
            "family_name": "Kowalska",
            "given_name": "Marta",
            "date_of_birth": date(1961, 2, 3),
            "get_sex_display": "Female",
            "health_number": "943 476 5919",
            "allergy_status": "recorded",
        },
        "allergies": [{"substance": "Penicillin", "reaction": "rash"}],
        "tabs": [
            ("?step=a", "Pending review", 12, True),
            ("?step=b", "Verified", 3, False),
            ("?step=c", "Done", None, False),
        ],
    }
    return render(request, "components/index.html", context)
