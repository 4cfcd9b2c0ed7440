"""Taking a record of a hand-over back: why, and how much of it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.access import visibility
from elmed.core import quantities
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.portals.forms import VersionedForm, dress, quantity_of
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.pharmacy.views import PHARMACY, reversible
from elmed.portals.shared.acts import PHARMACY_PAGE, told_meanwhile
from elmed.portals.shared.prescription import sheet_context
from elmed.prescriptions import queries
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.models import Dispense
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import Act, ReversalReason


class ReverseForm(VersionedForm):
    """Why a dispense is taken back, and how much of it."""

    reason = forms.ChoiceField(
        label=gettext_lazy("What happened"),
        widget=forms.RadioSelect,
        choices=[
            ("recorded_in_error", gettext_lazy("It was recorded in error: nothing was handed over")),
            ("never_left_pharmacy", gettext_lazy("It never left the pharmacy")),
            ("returned_unopened", gettext_lazy("It came back unopened: the quantity can be supplied again")),
            ("returned_unusable", gettext_lazy("It came back unusable: the quantity counts as supplied")),
        ],
    )

    def __init__(self, *args: Any, given: list[Any], **kwargs: Any) -> None:
        """One quantity a line of the dispense."""
        super().__init__(*args, **kwargs)
        self.given = given
        for row in given:
            self.fields[f"line_{row.line_id}"] = forms.CharField(
                label=_("How much of %(medicine)s (%(unit)s)")
                % {"medicine": row.line.medication_text, "unit": row.line.unit}, required=False, max_length=12,
                initial=quantities.text(row.quantity_milli),
            )  # fmt: skip
        dress(self)

    def quantities_back(self) -> dict[int, int]:
        """Line ids and thousandths. Raises Invalid where one is no number, or none is given."""
        found: dict[int, int] = {}
        for row in self.given:
            text = self.cleaned_data[f"line_{row.line_id}"].strip()
            if text in ("", "0"):
                continue
            try:
                found[row.line_id] = quantity_of(text)
            except forms.ValidationError as error:
                raise Invalid.field(f"/line_{row.line_id}", "invalid", error.messages[0]) from None
        if not found:
            raise Invalid.field("/lines", "required", _("Say how much of at least one medicine is taken back."))
        return found


@page(permission=TRANSITIONS[Act.REVERSE].permission, kinds=PHARMACY)
def reverse_page(request: PortalRequest, pk: int, dispense_pk: int) -> HttpResponse:
    """Take a dispense back, in whole or in part."""
    return take_back(request, pk, dispense_pk, back=PHARMACY_PAGE, those=reversible)


def take_back(
    request: PortalRequest, pk: int, dispense_pk: int, *, back: str, those: Callable[[PortalRequest, Subject], set[int]]
) -> HttpResponse:
    """The page, for the pharmacy and for ELMED's staff; `those` are the dispenses that have a button for it."""
    made = visibility.get(request.actor, Dispense, dispense_pk)
    if made.prescription_id != pk:
        raise NotVisible("dispense")
    given = list(made.lines.select_related("line").order_by("line__position"))
    form = ReverseForm(request.POST or None, given=given)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        done = form.attempt(
            lambda: reverse(
                request.actor, dispense_pk, reason=ReversalReason(data["reason"]), lines=form.quantities_back(),
                now=request.now, expected_version=data["version"],
            )
        )  # fmt: skip
        if done is not None:
            messages.success(request, _("Taken back. The history keeps both records."))
            return redirect(back, made.prescription_id)
    sheet = queries.sheet(request.actor, made.prescription_id, request.now, answers=False)
    possible = Act.REVERSE in sheet.acts and dispense_pk in those(request, sheet.subject)
    if not possible and not form.is_bound:
        words = _(
            "It cannot be taken back here: it was taken back already, or its 72 hours are over. ELMED’s staff can help."
        )
        raise NotNow("not_reversible", words)
    shown(request, "prescription.act", [sheet.rx.patient_id])
    page_words = {
        "title": _("Take a dispense back"), "submit": _("Take it back"), "back": back,
        "explains": _("The record stays in the history, marked as taken back. The status follows from what remains supplied."),
    }  # fmt: skip
    context = sheet_context(request, sheet) | page_words | {"form": form}
    context |= told_meanwhile(request, sheet, form, possible=possible)
    return render(request, "portals/act.html", context, status=form.status)
