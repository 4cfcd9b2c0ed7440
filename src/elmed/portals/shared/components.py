"""Every component in every state on one page, for those who build pages. Not there in production."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from elmed.medications.checks import NOTE, STOP, Warning
from elmed.portals.forms import DayField, PortalForm
from elmed.portals.page import public_page
from elmed.portals.shared.prescription import Entry
from elmed.prescriptions.vocabulary import Kept, Status

_PATIENT = {
    "family_name": "Kowalska",
    "given_name": "Marta",
    "date_of_birth": date(1961, 2, 3),
    "get_sex_display": "Female",
    "health_number": "943 476 5919",
    "allergy_status": "recorded",
}
_LINES: list[dict[str, Any]] = [
    {
        "position": 1, "medication_text": "amoxicillin 500 mg capsules", "dosage_text": "1 capsule three times a day for 7 days",
        "quantity_milli": 21_000, "unit": "capsule", "days_supply": 7, "medicine_id": 1, "substitution_allowed": True,
        "remaining_milli": 7_000, "supplied_milli": 14_000, "reserved_milli": 7_000,
    },
    {
        "position": 2, "medication_text": "morphine 10 mg/5 ml oral solution", "dosage_text": "5 ml every 4 hours when needed",
        "quantity_milli": 300_000, "unit": "ml", "route": "oral", "is_controlled": True, "demonstration": True,
        "substitution_reason": "the same taste", "remaining_milli": 200_000, "closed_milli": 100_000,
    },
]  # fmt: skip
_WARNINGS = [
    Warning("allergy", 1, "Allergy to Penicillin is recorded.", STOP, "Choose another medicine.", "BNF"),
    Warning("duration", 2, "No end is given.", NOTE),
]
_ANSWERS = [
    {"position": 1, "tier": STOP, "message": _WARNINGS[0].message, "why": Kept.TOLERATED, "reason": "Twice since", "source": "BNF"},
    {"position": 2, "tier": NOTE, "message": _WARNINGS[1].message, "why": Kept.MONITORED},
]  # fmt: skip


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


class Proof(PortalForm):
    """What c-confirm asks somebody who has every way to prove who it is."""

    password = forms.CharField(label="Your password", widget=forms.PasswordInput, required=False)
    code = forms.CharField(label="Or the code that your app shows now", required=False)
    credential = forms.CharField(widget=forms.HiddenInput, required=False)


class AnswerForm(PortalForm):
    """The answer to a warning."""

    why = forms.ChoiceField(label="Keep it, because", choices=[("", "Choose a reason"), ("other", "Another reason")])
    words = forms.CharField(label="In your words")


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
        "patient": _PATIENT,
        "banners": [
            _PATIENT | {"allergy_status": "none_known", "weight_milli": 61_500, "weighed_on": date(2026, 11, 2)},
            _PATIENT | {"allergy_status": "not_recorded", "date_of_birth": date(2019, 2, 3), "is_child": True},
        ],
        "proof": Proof(prefix="proof"),
        "lines": _LINES,
        "asked": _asked(),
        "answers": _ANSWERS,
        "dispenses": _dispenses(),
        "history": [
            Entry("Signed", "Dr Amara Okafor", timezone.now(), 2),
            Entry("Sent to a pharmacy", "", timezone.now(), 3),
        ],
        "allergies": [{"substance": "Penicillin", "reaction": "rash"}],
        "tabs": [
            ("?step=a", "Pending review", 12, True),
            ("?step=b", "Verified", 3, False),
            ("?step=c", "Done", None, False),
        ],
    }
    return render(request, "components/index.html", context)


def _asked() -> list[dict[str, Any]]:
    """One warning that waits for its answer, and one that has it."""
    form = AnswerForm(prefix="answer")
    stop, note = _WARNINGS
    return [
        {"warning": stop, "position": 1, "why": form["why"], "words": form["words"]},
        {"warning": note, "position": 2, "given": {"why": Kept.MONITORED, "words": "Seen every week"}},
    ]


def _dispenses() -> list[dict[str, Any]]:
    """One that stands, with a substitution, and one that was taken back."""
    given = {"line": _LINES[0], "quantity_milli": 14_000, "batch_number": "B1042", "expiry_date": date(2027, 5, 31)}
    swapped = given | {"substituted": True, "substitution_reason": "out of stock"}
    supplied = {"handed_over_at": timezone.now(), "pharmacy": {"name": "Hill Pharmacy"}, "person": {"name": "Sam Hill"}}
    back = {"created_at": timezone.now(), "reason_code": "returned_unopened"}
    return [
        supplied | {"issue_number": 1, "lines": {"all": [swapped]}, "receiver": "her daughter", "external_reference": "R-77"},
        supplied
        | {
            "issue_number": 1, "lines": {"all": [given | {"reversed_milli": 14_000}]},
            "fully_reversed": True, "reversal": back,
        },
    ]  # fmt: skip
