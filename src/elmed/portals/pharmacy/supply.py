"""Recording what was handed over, whole or in part, with batches. Taking a record back is take_back.py."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.core import quantities
from elmed.core.refusals import NotNow
from elmed.inventory.models import Batch
from elmed.inventory.queries import Choice, choices_for
from elmed.medications.units import unit_words
from elmed.portals.forms import DayField, KeepingForm, MomentField, VersionedForm, dress, quantity_of
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.pharmacy import packs
from elmed.portals.pharmacy.inventory_rx import proposed, sources
from elmed.portals.pharmacy.views import PHARMACY
from elmed.portals.shared.acts import PHARMACY_PAGE, after, told_meanwhile
from elmed.portals.shared.prescription import sheet_context
from elmed.portals.words import isolated
from elmed.prescriptions import queries
from elmed.prescriptions.actions.cancel import answer_handed_over
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Dispense, PrescriptionLine
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import OPEN, Act

# Refusals about one line, and the field that they are about.
_FIELD_OF = {
    "quantity_unavailable": "quantity",
    "substitution_not_allowed": "substituted",
    "batch_expired": "expiry_date",
}


BATCH_LENGTH = 40


class SupplyLineForm(KeepingForm):
    """How much of one line was handed over, of which product and batch. Nothing of it is as good an answer as any."""

    all_optional = True

    quantity = forms.CharField(
        label=gettext_lazy("Quantity"),
        required=False,
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    source = forms.ChoiceField(label=gettext_lazy("From your stock"), required=False)
    batch_number = forms.CharField(
        label=gettext_lazy("Batch"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("Type it, or scan the pack’s code."),
    )
    expiry_date = DayField(label=gettext_lazy("Batch expires"), required=False)
    substituted = forms.BooleanField(label=gettext_lazy("Another product was supplied"), required=False)
    substitution_reason = forms.CharField(label=gettext_lazy("Why another product"), required=False, max_length=300)

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
                ("", _("not counted: of no product here")), *((key, one.words) for key, one in self.sources.items()),
            ]  # fmt: skip
            self.fields["batch_number"].label = _("Another batch")
            self.fields["batch_number"].help_text = _(
                "Only where it is not the one chosen: type it, or scan the pack’s code."
            )
        else:
            del self.fields["source"]
        self.fields["quantity"].label = _("Quantity, %(unit)s") % {"unit": isolated(unit_words(line.unit, many=True))}
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

    def clean(self) -> dict[str, Any]:
        """A scanned pack says batch and expiry at once; what is typed into the expiry's own field counts more."""
        data = super().clean() or self.cleaned_data
        if (pack := packs.scanned(data.get("batch_number", ""))) is not None:
            data["batch_number"] = pack.batch
            data["expiry_date"] = data.get("expiry_date") or pack.expiry
        if len(data.get("batch_number", "")) > BATCH_LENGTH:
            self.add_error("batch_number", _("At most %(most)s characters.") % {"most": BATCH_LENGTH})
        if data.get("quantity") and data.get("substitution_reason") and not data.get("substituted"):
            self.add_error("substituted", _("Tick it, or take the reason away: a reason alone is not recorded."))
        chosen = self.sources.get(data.get("source", ""))
        if chosen and chosen.batch and not data.get("batch_number") and self._another_expiry(chosen.batch):
            self.add_error(
                "expiry_date", _("The batch chosen from your stock has another expiry date. Name the batch too.")
            )
        return data

    def _another_expiry(self, batch: Batch) -> bool:
        """Whether a day was typed that is not the chosen batch's: it would not be recorded."""
        typed = self.cleaned_data.get("expiry_date")
        return typed is not None and typed != batch.expiry_date

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

    handed_over_at = MomentField(
        label=gettext_lazy("Handed over at"), required=False, help_text=gettext_lazy("Left empty: now.")
    )
    receiver = forms.CharField(
        label=gettext_lazy("Received by"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("Where it was not the patient."),
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=500)


def _forms(request: PortalRequest, lines: list[PrescriptionLine]) -> list[SupplyLineForm]:
    day = jurisdiction().day(request.now)
    choices = choices_for(request.actor, lines, day=day)
    found = [
        SupplyLineForm(request.POST or None, prefix=f"line-{line.pk}", line=line, choices=choices[line.pk])
        for line in lines
    ]
    if found and not request.POST:  # from the keyboard: the cursor stands where one begins
        first = next((row for row in found if row.line.available_milli > 0), found[0])
        first.fields["quantity"].widget.attrs["autofocus"] = True
    return found


def _handing_over(request: PortalRequest, pk: int, act: Act) -> HttpResponse:
    sheet = queries.sheet(request.actor, pk, request.now, answers=False)
    if request.method != "POST" and act not in sheet.acts:
        due = sheet.rx.next_dispense_at
        if due is not None and request.now < due and sheet.rx.status in OPEN:
            raise NotNow("too_early", _("The next supply is not due yet."))
        raise NotNow("invalid_status", _("It cannot be dispensed as it is."), current_status=sheet.rx.status)
    form = SupplyForm(request.POST or None)
    if act is Act.ANSWER_HANDED_OVER:
        form.fields["handed_over_at"].required = True
        form.fields["handed_over_at"].help_text = _("It lies before the doctor’s request.")
    rows = _forms(request, sheet.subject.lines)
    if request.method == "POST" and all([form.is_valid(), *(row.is_valid() for row in rows)]):
        if _hand_over(request, pk, act, form, rows) is not None:
            messages.success(request, _("Recorded. What was handed over stands below, with its labels and receipt."))
            return after(request, pk, PHARMACY_PAGE)
        sheet = queries.sheet(request.actor, pk, request.now, answers=False)
    elif request.method == "POST":
        form.status = 422
    shown(request, "prescription.act", [sheet.rx.patient_id])
    errors = _summary(form, rows)
    title = _("Dispense") if act is Act.DISPENSE else _("It was handed over already")
    context = sheet_context(request, sheet) | told_meanwhile(request, sheet, form, possible=act in sheet.acts)
    context |= {"form": form, "rows": rows, "errors": errors, "title": title}
    return render(request, "pharmacy/dispense.html", context, status=form.status)


def _hand_over(
    request: PortalRequest, pk: int, act: Act, form: SupplyForm, rows: list[SupplyLineForm]
) -> Dispense | None:
    filled = [(row, line) for row in rows if (line := row.supplied())]
    if not filled:
        form.add_error(None, _("Say how much of at least one medicine was handed over."))
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
    words = refusal.detail
    left = refusal.extra.get("quantity_available", "0")
    if left != "0":
        unit = unit_words(row.line.unit, many=left != "1")
        words = _("At most %(left)s can be handed over now.") % {"left": isolated(f"{left} {unit}")}
    row.add_error(field, words)
    return True


def _summary(form: SupplyForm, rows: list[SupplyLineForm]) -> list[tuple[str, str]]:
    found = [("", str(error)) for error in form.non_field_errors()]
    for row in rows:
        found += [
            (field.id_for_label, f"{isolated(row.line.medication_text)}, {field.label}: {error}")
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
