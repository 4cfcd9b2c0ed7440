"""Recording what was handed over, and taking a record back."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render

from elmed.access import visibility
from elmed.core import quantities
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.inventory.queries import Choice, choices_for
from elmed.portals.forms import DayField, MomentField, VersionedForm, dress, quantity_of
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.pharmacy.inventory_rx import proposed, sources
from elmed.portals.pharmacy.views import PHARMACY
from elmed.portals.shared.acts import after
from elmed.portals.shared.prescription import screen
from elmed.prescriptions import queries
from elmed.prescriptions.actions.cancel import answer_handed_over
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Dispense, PrescriptionLine
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import OPEN, Act, ReversalReason

_BACK = "pharmacy_prescription"
# Refusals about one line, and the field that they are about.
_FIELD_OF = {
    "quantity_unavailable": "quantity",
    "substitution_not_allowed": "substituted",
    "batch_expired": "expiry_date",
}


class SupplyLineForm(Form):
    """How much of one line was handed over, of which product and batch."""

    quantity = forms.CharField(
        label="Quantity", required=False, max_length=12, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    source = forms.ChoiceField(label="From your stock", required=False)
    batch_number = forms.CharField(label="Batch", required=False, max_length=40)
    expiry_date = DayField(label="Batch expires", required=False)
    substituted = forms.BooleanField(label="Another product was supplied", required=False)
    substitution_reason = forms.CharField(label="Why another product", required=False, max_length=300)

    def __init__(self, *args: Any, line: PrescriptionLine, choices: list[Choice], **kwargs: Any) -> None:
        """For this line; what is available stands in the field, and the products that cover it in the list."""
        self.line, self.sources = line, sources(choices)
        kwargs["initial"] = {
            "quantity": quantities.text(max(line.available_milli, 0)),
            "source": proposed(choices, line.available_milli),
        }
        super().__init__(*args, **kwargs)
        if self.sources:
            self.fields["source"].choices = [  # type: ignore[attr-defined]
                ("", "not counted: of no product here"), *((key, one.words) for key, one in self.sources.items()),
            ]  # fmt: skip
            self.fields["batch_number"].label = "Another batch"
            self.fields["batch_number"].help_text = "Only where it is not the one chosen."
        else:
            del self.fields["source"]
        self.use_required_attribute = False
        dress(self)
        if not line.substitution_allowed:
            del self.fields["substituted"], self.fields["substitution_reason"]

    def clean_quantity(self) -> int:
        """Thousandths; empty and 0 mean nothing of this line."""
        text = self.cleaned_data["quantity"].strip()
        if text in ("", "0"):
            return 0
        return quantity_of(text)

    def supplied(self) -> SupplyLine | None:
        """As the act takes it; None where nothing of it was handed over."""
        data = self.cleaned_data
        if not data["quantity"]:
            return None
        chosen = self.sources.get(data.get("source", ""))
        number, expiry = data["batch_number"], data["expiry_date"]
        if chosen and chosen.batch and not number:
            number, expiry = chosen.batch.number, chosen.batch.expiry_date
        return SupplyLine(
            self.line.pk, data["quantity"], product_sku=chosen.product.sku if chosen else None,
            batch_number=number or None, expiry_date=expiry, substituted=data.get("substituted", False),
            substitution_reason=data.get("substitution_reason", ""),
        )  # fmt: skip


class SupplyForm(VersionedForm):
    """The hand-over."""

    handed_over_at = MomentField(label="Handed over at", required=False, help_text="Left empty: now.")
    receiver = forms.CharField(
        label="Received by", required=False, max_length=120, help_text="Where it was not the patient."
    )
    note = forms.CharField(label="Note", required=False, max_length=500)


def _forms(request: PortalRequest, lines: list[PrescriptionLine]) -> list[SupplyLineForm]:
    day = jurisdiction().day(request.now)
    choices = choices_for(request.actor, lines, day=day)
    return [
        SupplyLineForm(request.POST or None, prefix=f"line-{line.pk}", line=line, choices=choices[line.pk])
        for line in lines
    ]


def _handing_over(request: PortalRequest, pk: int, act: Act) -> HttpResponse:
    sheet = queries.sheet(request.actor, pk, request.now)
    if request.method != "POST" and act not in sheet.acts:
        due = sheet.rx.next_dispense_at
        if due is not None and request.now < due and sheet.rx.status in OPEN:
            raise NotNow("too_early", "The next supply is not due yet.")
        raise NotNow("invalid_status", "It cannot be dispensed as it is.", current_status=sheet.rx.status)
    form = SupplyForm(request.POST or None)
    if act is Act.ANSWER_HANDED_OVER:
        form.fields["handed_over_at"].required = True
        form.fields["handed_over_at"].help_text = "It lies before the doctor’s request."
    rows = _forms(request, sheet.subject.lines)
    if request.method == "POST" and all([form.is_valid(), *(row.is_valid() for row in rows)]):
        if _hand_over(request, pk, act, form, rows) is not None:
            messages.success(request, "Recorded.")
            return after(request, pk, _BACK)
        sheet = queries.sheet(request.actor, pk, request.now)
    elif request.method == "POST":
        form.status = 422
    shown(request, "prescription.act", [sheet.rx.patient_id])
    errors = _summary(form, rows)
    title = "Dispense" if act is Act.DISPENSE else "It was handed over already"
    context = screen(request, sheet) | {"form": form, "rows": rows, "errors": errors, "title": title}
    return render(request, "pharmacy/dispense.html", context, status=form.status)


def _hand_over(
    request: PortalRequest, pk: int, act: Act, form: SupplyForm, rows: list[SupplyLineForm]
) -> Dispense | None:
    filled = [(row, line) for row in rows if (line := row.supplied())]
    if not filled:
        form.add_error(None, "Say how much of at least one medicine was handed over.")
        form.status = 422
        return None
    data = form.cleaned_data
    moment: datetime | None = data["handed_over_at"]
    what = Supply(
        tuple(line for _, line in filled), handed_over_at=moment, receiver=data["receiver"], note=data["note"]
    )
    do = dispense if act is Act.DISPENSE else answer_handed_over

    def record() -> Dispense | None:
        try:
            return do(request.actor, pk, what, source="portal", now=request.now, expected_version=data["version"])
        except NotNow as refusal:
            if not _told_at_its_line(refusal, rows):
                raise
            form.status = refusal.status
            return None

    return form.attempt(record)


def _told_at_its_line(refusal: NotNow, rows: list[SupplyLineForm]) -> bool:
    """Put a refusal that is about one line at that line's field."""
    field = _FIELD_OF.get(refusal.code)
    row = next((row for row in rows if row.line.pk == refusal.extra.get("medication_id")), None)
    if row is None or field not in row.fields:
        return False
    row.add_error(field, refusal.detail)
    return True


def _summary(form: SupplyForm, rows: list[SupplyLineForm]) -> list[tuple[str, str]]:
    found = [("", str(error)) for error in form.non_field_errors()]
    for row in rows:
        found += [
            (field.id_for_label, f"{row.line.medication_text}, {field.label}: {error}")
            for field in row
            for error in field.errors
        ]
    return found + [
        (field.id_for_label, f"{field.label}: {error}") for field in form.visible_fields() for error in field.errors
    ]


@page(permission=TRANSITIONS[Act.DISPENSE].permission, kinds=PHARMACY)
def dispense_page(request: PortalRequest, pk: int) -> HttpResponse:
    """Dispense, whole or in part, with batches."""
    return _handing_over(request, pk, Act.DISPENSE)


@page(permission=TRANSITIONS[Act.ANSWER_HANDED_OVER].permission, kinds=PHARMACY)
def handed_over_page(request: PortalRequest, pk: int) -> HttpResponse:
    """Answer the doctor's request to cancel: it was handed over before."""
    return _handing_over(request, pk, Act.ANSWER_HANDED_OVER)


class ReverseForm(VersionedForm):
    """Why a dispense is taken back, and how much of it."""

    reason = forms.ChoiceField(
        label="What happened",
        widget=forms.RadioSelect,
        choices=[
            ("recorded_in_error", "It was recorded in error: nothing was handed over"),
            ("never_left_pharmacy", "It never left the pharmacy"),
            ("returned_unopened", "It came back unopened: the quantity can be supplied again"),
            ("returned_unusable", "It came back unusable: the quantity counts as supplied"),
        ],
    )

    def __init__(self, *args: Any, given: list[Any], **kwargs: Any) -> None:
        """One quantity a line of the dispense."""
        super().__init__(*args, **kwargs)
        self.given = given
        for row in given:
            self.fields[f"line_{row.line_id}"] = forms.CharField(
                label=f"How much of {row.line.medication_text} ({row.line.unit})", required=False, max_length=12,
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
            raise Invalid.field("/lines", "required", "Say how much of at least one medicine is taken back.")
        return found


@page(permission=TRANSITIONS[Act.REVERSE].permission, kinds=PHARMACY)
def reverse_page(request: PortalRequest, pk: int, dispense_pk: int) -> HttpResponse:
    """Take a dispense back, in whole or in part."""
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
            messages.success(request, "Taken back.")
            return redirect(_BACK, made.prescription_id)
    sheet = queries.sheet(request.actor, made.prescription_id, request.now)
    shown(request, "prescription.act", [sheet.rx.patient_id])
    words = {
        "title": "Take a dispense back", "submit": "Take it back", "back": _BACK,
        "explains": "The record stays in the history, marked as taken back. The status follows from what remains supplied.",
    }  # fmt: skip
    return render(request, "portals/act.html", screen(request, sheet) | words | {"form": form}, status=form.status)
