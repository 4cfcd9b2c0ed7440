"""The legal acts as pages: one table says what each asks and what it tells, one view does them all.

An act that asks for more than words (sign, replace, dispense, take back) has a view of its own beside this.
Whether an act is legal is the table's business (prescriptions/states.py); here are words and forms only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from elmed.access.policy import require
from elmed.core.refusals import NotNow
from elmed.portals.forms import VersionedForm
from elmed.portals.page import PortalRequest, shown
from elmed.portals.shared.prescription import screen
from elmed.prescriptions import queries
from elmed.prescriptions.actions import cancel, close, hold, reject, return_, stop, verify
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import NOT_DISPENSED_REASONS, Act

Run = Callable[..., object]


class ReasonForm(VersionedForm):
    """Why."""

    reason = forms.CharField(label="Reason", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class HoldForm(ReasonForm):
    """Why, and perhaps a question."""

    question = forms.CharField(
        label="Question to the doctor", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class CloseForm(VersionedForm):
    """One of the eleven reasons."""

    reason_code = forms.ChoiceField(
        label="Why nothing is supplied", choices=list(NOT_DISPENSED_REASONS.items()), widget=forms.RadioSelect
    )


@dataclass(frozen=True)
class ActPage:
    """An act's page: its button, what happens next, its form, and the function that does it."""

    button: str
    explains: str
    done: str
    run: Run
    form: type[VersionedForm] = VersionedForm
    danger: bool = False


PAGES: dict[Act, ActPage] = {
    Act.VERIFY: ActPage("Verify", "You have checked it. It is then ready to be dispensed.", "Verified.", verify.verify),
    Act.RETURN: ActPage(
        "Give back",
        "The prescription leaves your queue. What was supplied stays supplied; the rest can be supplied by another "
        "pharmacy. If you supplied nothing of it, you do not see it any more.",
        "Given back.", return_.return_, ReasonForm,
    ),
    Act.REJECT: ActPage(
        "Reject", "The prescription ends as rejected, for good. The doctor is told, with your reason.",
        "Rejected. The doctor is told.", reject.reject, ReasonForm, danger=True,
    ),
    Act.HOLD: ActPage(
        "Put on hold", "Nothing is dispensed until your side ends the hold.", "Put on hold.", hold.hold, ReasonForm,
    ),
    Act.RESUME: ActPage("End the hold", "It becomes again what it was before the hold.", "The hold is ended.", hold.resume),
    Act.CLOSE: ActPage(
        "Close: nothing supplied", "The prescription ends as not dispensed, for good. The doctor is told the reason.",
        "Closed as not dispensed. The doctor is told.", close.close, CloseForm, danger=True,
    ),
    Act.CANCEL: ActPage(
        "Cancel", "The prescription ends as cancelled, for good. No pharmacy can dispense it.",
        "Cancelled.", cancel.cancel, ReasonForm, danger=True,
    ),
    Act.REQUEST_CANCEL: ActPage(
        "Ask the pharmacy to cancel",
        "The pharmacy has checked it already, so it is asked. From this moment nothing is dispensed. If the pharmacy "
        "does not answer within 24 hours, it is cancelled.",
        "The pharmacy is asked. Nothing is dispensed from now on.", cancel.request_cancel, ReasonForm, danger=True,
    ),
    Act.WITHDRAW_CANCEL: ActPage(
        "Withdraw the request", "The prescription becomes again what it was before you asked.",
        "The request is withdrawn.", cancel.withdraw_cancel,
    ),
    Act.CONFIRM_CANCEL: ActPage(
        "Confirm the cancellation", "You confirm that nothing was handed over. The prescription ends as cancelled.",
        "Cancelled. The doctor is told.", cancel.confirm_cancel, danger=True,
    ),
    Act.STOP: ActPage(
        "Stop", "Nothing more is supplied of it. What was handed over before can still be reported for 72 hours.",
        "Stopped.", stop.stop, ReasonForm, danger=True,
    ),
}  # fmt: skip


def act_view(act: Act, back: str) -> Callable[[PortalRequest, int], HttpResponse]:
    """The view of one act's page; `back` names the page of the prescription in the same portal."""
    what = PAGES[act]
    form_class = HoldForm if act is Act.HOLD and back == "pharmacy_prescription" else what.form

    def view(request: PortalRequest, pk: int) -> HttpResponse:
        form = form_class(request.POST or None)
        if request.method == "POST" and form.is_valid():
            words = dict(form.cleaned_data)
            version = words.pop("version")
            done = form.attempt(lambda: what.run(request.actor, pk, now=request.now, expected_version=version, **words))
            if done is not None:
                messages.success(request, what.done)
                return after(request, pk, back)
        return ask(request, pk, act, form, back=back)

    view.__module__, view.__name__ = __name__, f"{back}_{act.value}"
    return view


def after(request: PortalRequest, pk: int, back: str) -> HttpResponse:
    """Back to the prescription, or to the start page where it has left this account's sight."""
    seen = queries.listed(request.actor).filter(pk=pk).exists()
    return redirect(back, pk) if seen else redirect("home")


def ask(
    request: PortalRequest, pk: int, act: Act, form: VersionedForm, *, back: str, extra: dict[str, Any] | None = None
) -> HttpResponse:
    """The page that says what happens next and asks; 409 words instead of a form where the act is not legal now."""
    require(request.actor, TRANSITIONS[act].permission)
    sheet = queries.sheet(request.actor, pk, request.now)
    if act not in sheet.acts and not form.is_bound:
        raise NotNow(
            "invalid_status", "This cannot be done with the prescription as it is.", current_status=sheet.rx.status
        )
    shown(request, "prescription.act", [sheet.rx.patient_id])
    context = screen(request, sheet) | {"form": form, "back": back} | _words(act)
    return render(request, "portals/act.html", context | (extra or {}), status=form.status)


def _words(act: Act) -> dict[str, Any]:
    what = PAGES.get(act)
    if what is None:
        return {}
    return {"title": what.button, "submit": what.button, "explains": what.explains, "danger": what.danger}


def buttons(sheet: queries.Sheet, portal: str, special: dict[Act, str]) -> list[dict[str, Any]]:
    """The acts that are legal now, as links; `special` names those with a view of their own."""
    found = []
    for act in sheet.acts:
        name = special.get(act) or (f"{portal}_act_{act.value}" if act in PAGES else "")
        if name:
            words = SPECIAL_WORDS.get(act) or PAGES[act].button
            danger = act in PAGES and PAGES[act].danger
            found.append({"name": name, "words": words, "danger": danger, "act": act.value, "main": act in _MAIN})
    return sorted(found, key=lambda button: (not button["main"], button["danger"]))


SPECIAL_WORDS: dict[Act, str] = {
    Act.DISPENSE: "Dispense",
    Act.ANSWER_HANDED_OVER: "It was handed over already",
    Act.CLOSE_LINE: "Give up the rest of a line",
    Act.ROUTE: "Choose a pharmacy",
    Act.REPLACE: "Replace",
}
_MAIN = {Act.VERIFY, Act.DISPENSE, Act.CONFIRM_CANCEL, Act.RESUME}
