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
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from elmed.access.policy import require
from elmed.core.refusals import NotNow, VersionConflict
from elmed.portals.forms import VersionedForm
from elmed.portals.page import PortalRequest, shown
from elmed.portals.shared.prescription import history, meanwhile, sheet_context
from elmed.prescriptions import queries
from elmed.prescriptions.actions import cancel, close, hold, reject, return_, stop, verify
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import NOT_DISPENSED_REASONS, Act

Run = Callable[..., object]
PHARMACY_PAGE = "pharmacy_prescription"


class ReasonForm(VersionedForm):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class HoldForm(ReasonForm):
    """Why, and perhaps a question."""

    question = forms.CharField(
        label=gettext_lazy("Question to the doctor"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CloseForm(VersionedForm):
    """One of the eleven reasons."""

    reason_code = forms.ChoiceField(
        label=gettext_lazy("Why nothing is supplied"),
        choices=[(code, gettext_lazy(words)) for code, words in NOT_DISPENSED_REASONS.items()],
        widget=forms.RadioSelect,
    )


@dataclass(frozen=True)
class ActPage:
    """An act's page: its button, what happens next, its form, and the function that does it."""

    button: StrPromise
    explains: StrPromise
    done: StrPromise
    run: Run
    form: type[VersionedForm] = VersionedForm
    danger: bool = False


PAGES: dict[Act, ActPage] = {
    Act.VERIFY: ActPage(
        gettext_lazy("Verify"),
        gettext_lazy("You have checked it. It is then ready to be dispensed."),
        gettext_lazy("Verified."),
        verify.verify,
    ),
    Act.RETURN: ActPage(
        gettext_lazy("Give back"),
        gettext_lazy(
            "The prescription leaves your queue. What was supplied stays supplied; the rest can be supplied by another "
            "pharmacy. If you supplied nothing of it, you do not see it any more."
        ),
        gettext_lazy("Given back."),
        return_.return_,
        ReasonForm,
    ),
    Act.REJECT: ActPage(
        gettext_lazy("Reject"),
        gettext_lazy("The prescription ends as rejected, for good. The doctor is told, with your reason."),
        gettext_lazy("Rejected. The doctor is told."),
        reject.reject,
        ReasonForm,
        danger=True,
    ),
    Act.HOLD: ActPage(
        gettext_lazy("Put on hold"),
        gettext_lazy("Nothing is dispensed until your side ends the hold."),
        gettext_lazy("Put on hold."),
        hold.hold,
        ReasonForm,
    ),
    Act.RESUME: ActPage(
        gettext_lazy("End the hold"),
        gettext_lazy("It becomes again what it was before the hold."),
        gettext_lazy("The hold is ended."),
        hold.resume,
    ),
    Act.CLOSE: ActPage(
        gettext_lazy("Close: nothing supplied"),
        gettext_lazy("The prescription ends as not dispensed, for good. The doctor is told the reason."),
        gettext_lazy("Closed as not dispensed. The doctor is told."),
        close.close,
        CloseForm,
        danger=True,
    ),
    Act.CANCEL: ActPage(
        gettext_lazy("Cancel the prescription"),
        gettext_lazy("The prescription ends as cancelled, for good. No pharmacy can dispense it."),
        gettext_lazy("Cancelled."),
        cancel.cancel,
        ReasonForm,
        danger=True,
    ),
    Act.REQUEST_CANCEL: ActPage(
        gettext_lazy("Ask the pharmacy to cancel"),
        gettext_lazy(
            "The pharmacy has checked it already, so it is asked. From this moment nothing is dispensed. If the pharmacy "
            "does not answer within 24 hours, it is cancelled."
        ),
        gettext_lazy("The pharmacy is asked. Nothing is dispensed from now on."),
        cancel.request_cancel,
        ReasonForm,
        danger=True,
    ),
    Act.WITHDRAW_CANCEL: ActPage(
        gettext_lazy("Withdraw the request"),
        gettext_lazy("The prescription becomes again what it was before you asked."),
        gettext_lazy("The request is withdrawn."),
        cancel.withdraw_cancel,
    ),
    Act.CONFIRM_CANCEL: ActPage(
        gettext_lazy("Confirm the cancellation"),
        gettext_lazy("You confirm that nothing was handed over. The prescription ends as cancelled."),
        gettext_lazy("Cancelled. The doctor is told."),
        cancel.confirm_cancel,
        danger=True,
    ),
    Act.STOP: ActPage(
        gettext_lazy("Stop"),
        gettext_lazy("Nothing more is supplied of it. What was handed over before can still be reported for 72 hours."),
        gettext_lazy("Stopped."),
        stop.stop,
        ReasonForm,
        danger=True,
    ),
}


def act_view(act: Act, back: str) -> Callable[[PortalRequest, int], HttpResponse]:
    """The view of one act's page; `back` names the page of the prescription in the same portal."""
    what = PAGES[act]
    form_class = HoldForm if act is Act.HOLD and back == PHARMACY_PAGE else what.form

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
    """Back to the prescription, or to the start page where it has left this account's sight.

    At a pharmacy `was` names the step that is done, `place` where it stood there, and `then` may ask for the next one
    of it at once.
    """
    was = request.POST.get("was", "") if back == PHARMACY_PAGE else ""
    place = request.POST.get("place", "")
    if was and request.POST.get("then") == "next":
        return redirect(f"{reverse('pharmacy_next')}?{urlencode({'step': was, 'after': str(pk), 'place': place})}")
    if not queries.listed(request.actor).filter(pk=pk).exists():
        return redirect("home")
    page = reverse(back, args=[pk])
    return redirect(f"{page}?{urlencode({'was': was, 'place': place})}" if was else page)


def ask(
    request: PortalRequest, pk: int, act: Act, form: VersionedForm, *, back: str, extra: dict[str, Any] | None = None
) -> HttpResponse:
    """The page that says what happens next and asks; 409 words instead of a form where the act is not legal now."""
    require(request.actor, TRANSITIONS[act].permission)
    sheet = queries.sheet(request.actor, pk, request.now, answers=act is Act.VERIFY)
    if act not in sheet.acts and not form.is_bound:
        raise NotNow(
            "invalid_status", _("This cannot be done with the prescription as it is."), current_status=sheet.rx.status
        )
    shown(request, "prescription.act", [sheet.rx.patient_id])
    context = (
        sheet_context(request, sheet)
        | {"form": form, "back": back, "whole_lines": act is Act.VERIFY}
        | told_meanwhile(request, sheet, form, possible=act in sheet.acts)
        | _words(act)
    )
    return render(request, "portals/act.html", context | (extra or {}), status=form.status)


def told_meanwhile(
    request: PortalRequest, sheet: queries.Sheet, form: VersionedForm, *, possible: bool
) -> dict[str, Any]:
    """Where a form was refused because somebody was quicker: who did what, and when. Nothing is looked up else.

    `possible`: whether the act still is. Where not, what was typed stays to be read, and there is no button.
    """
    if form.status not in (NotNow.status, VersionConflict.status):
        return {}
    happened = meanwhile(history(request.actor, sheet.rx), form.cleaned_data.get("version"))
    return {"meanwhile": happened, "impossible": not possible}


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
            found.append(
                {
                    "name": name,
                    "words": words,
                    "danger": danger,
                    "act": act.value,
                    "main": act in _MAIN or (act is Act.ROUTE and portal == "patient" and sheet.rx.pharmacy_id is None),
                }
            )
    return sorted(found, key=lambda button: (not button["main"], button["danger"]))


SPECIAL_WORDS: dict[Act, StrPromise] = {
    Act.DISPENSE: gettext_lazy("Dispense"),
    Act.ANSWER_HANDED_OVER: gettext_lazy("It was handed over already"),
    Act.CLOSE_LINE: gettext_lazy("Give up the rest of a line"),
    Act.ROUTE: gettext_lazy("Choose a pharmacy"),
    Act.REPLACE: gettext_lazy("Replace"),
}
_MAIN = {Act.VERIFY, Act.DISPENSE, Act.CONFIRM_CANCEL, Act.RESUME}
