"""The forms of the inventory: a product, and an amount of stock. Their rules are inventory's; here is what is typed."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from elmed.core.refusals import Invalid
from elmed.inventory.models import Batch, Product
from elmed.inventory.packs import UNSIZED_MILLI, units_in_pack_milli
from elmed.inventory.product_fields import POINTERS, SYSTEMS, as_text, from_text, of, quantity_or_none_at_all
from elmed.inventory.receipts import Amount
from elmed.medications.units import unit_words
from elmed.portals.forms import DayField, OnceForm, PortalForm
from elmed.portals.words import day_words, isolated

_FLAGS = ("requires_prescription", "is_controlled")


def text(
    label: str | StrPromise,
    most: int,
    hint: str | StrPromise = "",
    *,
    needed: bool = False,
    decimal: bool = False,
    **attrs: str,
) -> forms.CharField:
    """A line of text, or a number with its keyboard."""
    widget = forms.TextInput(attrs={"autocomplete": "off"} | ({"inputmode": "decimal"} if decimal else {}) | attrs)
    return forms.CharField(label=label, max_length=most, required=needed, help_text=hint, widget=widget)


class ProductForm(OnceForm):
    """Everything of a product that is typed."""

    field_of = {pointer: column.removesuffix("_milli") for column, pointer in POINTERS.items()}

    sku = text(
        gettext_lazy("SKU"),
        80,
        gettext_lazy("The article number, as your shop and your labels have it."),
        needed=True,
        spellcheck="false",
    )
    name = text(gettext_lazy("Name"), 200, needed=True)
    description = forms.CharField(
        label=gettext_lazy("Description"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    price = text(gettext_lazy("Price"), 14, decimal=True)
    currency = text(gettext_lazy("Currency"), 3, spellcheck="false")
    pack_size = text(gettext_lazy("A pack holds"), 12, gettext_lazy("Such as 28."), decimal=True)
    pack_unit = text(gettext_lazy("Unit"), 20, gettext_lazy("Such as tablet, capsule, ml."), list="units")
    medication_code = text(gettext_lazy("Code"), 40, gettext_lazy("Such as J01CA04."), spellcheck="false")
    medication_system = forms.ChoiceField(
        label=gettext_lazy("Code system"),
        required=False,
        choices=[("", gettext_lazy("none")), *((one, one) for one in SYSTEMS)],
    )
    strength = text(gettext_lazy("Strength"), 60, gettext_lazy("Such as 500 mg."))
    form = text(gettext_lazy("Form"), 60, gettext_lazy("Such as capsule."))
    route = text(gettext_lazy("Route"), 60, gettext_lazy("Such as oral."))
    requires_prescription = forms.BooleanField(label=gettext_lazy("Only on prescription"), required=False)
    is_controlled = forms.BooleanField(
        label=gettext_lazy("Controlled medicine"),
        required=False,
        help_text=gettext_lazy("Never sold by the shop; dispensed at the counter only."),
    )
    low_stock = text(gettext_lazy("Warn when this many packs are left"), 12, decimal=True)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    @classmethod
    def words_of(cls, product: Product) -> dict[str, Any]:
        """What the form shows of a product."""
        words: dict[str, Any] = as_text(of(product))
        return words | {name: words[name] == "yes" for name in _FLAGS}

    def clean(self) -> dict[str, Any]:
        """Everything that is wrong is told at once; the act judges it again."""
        try:
            from_text(self.words())
        except Invalid as refusal:
            for error in refusal.errors:
                if self.field_of.get(error["pointer"], error["pointer"].strip("/")) not in self.errors:
                    self.point(error["pointer"], error["detail"])
        return self.cleaned_data

    def words(self) -> dict[str, str]:
        """What was typed, as product_fields reads it."""
        data = self.cleaned_data
        flags = {name: "yes" if data.get(name) else "no" for name in _FLAGS}
        return {name: value for name, value in data.items() if isinstance(value, str)} | flags


class ImageForm(PortalForm):
    """A picture."""

    image = forms.FileField(
        label=gettext_lazy("Picture"), help_text=gettext_lazy("JPEG, PNG or WebP, at most 2 MB and 4000 pixels on a side."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )  # fmt: skip


def _number(typed: str) -> int:
    try:
        return quantity_or_none_at_all(typed.strip()) if typed.strip() else 0
    except ValueError as wrong:
        raise forms.ValidationError(str(wrong)) from wrong


class AmountForm(OnceForm):
    """How much, of which batch on record."""

    packs = text(gettext_lazy("Packs"), 12, decimal=True)
    units = text("", 12, decimal=True)
    batch_id = forms.ChoiceField(label=gettext_lazy("Batch"), required=False)
    none_words: StrPromise = gettext_lazy("no batch, or unknown")

    def __init__(self, *args: Any, product: Product, batches: list[Batch], **kwargs: Any) -> None:
        """For this product; the loose units are asked for where its pack holds some."""
        super().__init__(*args, **kwargs)
        if units_in_pack_milli(product) != UNSIZED_MILLI:
            self.fields["units"].label = _("Loose %(units)s") % {
                "units": isolated(unit_words(product.pack_unit or "", many=True))
            }
            self.fields["packs"].help_text = _("Packs, loose ones, or both.")
        else:
            del self.fields["units"]
            self.fields["packs"].required = True
        choices = [("", self.none_words), *((str(batch.pk), _batch_words(batch)) for batch in batches)]
        if "batch_id" in self.fields and not batches:
            del self.fields["batch_id"]
        elif "batch_id" in self.fields:
            self.fields["batch_id"].choices = choices  # type: ignore[attr-defined]

    def clean_packs(self) -> int:
        """Thousandths."""
        return _number(self.cleaned_data["packs"])

    def clean_units(self) -> int:
        """Thousandths."""
        return _number(self.cleaned_data["units"])

    def clean(self) -> dict[str, Any]:
        """Something must be typed; 0 is something where one counts."""
        typed = [self.data.get(name, "").strip() for name in ("packs", "units")]
        if not any(typed) and not self.errors:
            self.add_error("packs", _("Say how much."))
        return self.cleaned_data

    def amount(self) -> Amount:
        """As the acts take it."""
        return Amount(self.cleaned_data["packs"], self.cleaned_data.get("units", 0))

    def about(self) -> dict[str, Any]:
        """What else the act takes."""
        batch = self.cleaned_data.get("batch_id")
        return {"batch_id": int(batch) if batch else None}


def _batch_words(batch: Batch) -> str:
    words = [isolated(batch.number)]
    if batch.expiry_date:
        words.append(_("expires %(day)s") % {"day": isolated(day_words(batch.expiry_date))})
    return ", ".join([*words, _("recalled")] if batch.recalled_at else words)


class CountForm(AmountForm):
    """What was counted."""

    none_words = gettext_lazy("all of it, whatever the batch")


class ReasonForm(AmountForm):
    """How much, and why."""

    reason = text(gettext_lazy("Why"), 300, needed=True)

    def about(self) -> dict[str, Any]:
        """With the reason."""
        return super().about() | {"reason": self.cleaned_data["reason"]}


class CorrectForm(ReasonForm):
    """More or less than was on record."""

    more = forms.ChoiceField(
        label=gettext_lazy("What is wrong"),
        choices=[
            ("less", gettext_lazy("There is less: broken, lost, taken")),
            ("more", gettext_lazy("There is more: found")),
        ],
        widget=forms.RadioSelect,
        initial="less",
    )
    field_order = ("more", "packs", "units", "batch_id", "reason")

    def about(self) -> dict[str, Any]:
        """With the direction."""
        return super().about() | {"more": self.cleaned_data["more"] == "more"}


class _NewBatchForm(AmountForm):
    """How much, of a batch whose number is typed or scanned."""

    batch_number = text(gettext_lazy("Batch"), 40, spellcheck="false")
    expiry_date = DayField(
        label=gettext_lazy("Expires"), required=False, help_text=gettext_lazy("The last day it may be supplied.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """No list of known batches."""
        super().__init__(*args, **kwargs)
        self.fields.pop("batch_id", None)

    def about(self) -> dict[str, Any]:
        """The batch."""
        data = self.cleaned_data
        return {"batch_number": data["batch_number"], "expiry_date": data["expiry_date"]}


class ReceiveForm(_NewBatchForm):
    """A delivery."""

    note = text(gettext_lazy("Note"), 300, gettext_lazy("Such as the delivery note’s number."))

    def about(self) -> dict[str, Any]:
        """With the note."""
        return super().about() | {"note": self.cleaned_data["note"]}


class TakeBackForm(_NewBatchForm):
    """What a customer brought back."""

    reason = text(gettext_lazy("Why it came back"), 300, needed=True)

    def about(self) -> dict[str, Any]:
        """With the reason."""
        return super().about() | {"reason": self.cleaned_data["reason"]}


class RecallForm(PortalForm):
    """Which batch, and the notice."""

    batch_number = text(gettext_lazy("Batch"), 40, needed=True, spellcheck="false")
    reason = text(gettext_lazy("Why"), 300, gettext_lazy("Such as the number of the recall notice."), needed=True)


class WhyForm(PortalForm):
    """A reason alone."""

    reason = text(gettext_lazy("Why"), 300, needed=True)
