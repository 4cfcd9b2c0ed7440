"""One medicine as a form: what is typed, the line that is made of it, and back from a line to the form."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from elmed.core.refusals import Invalid
from elmed.medications.models import Medicine
from elmed.portals.forms import dress, quantity_of
from elmed.prescriptions.actions.written import Completed, Typed, complete, text_of


class LineForm(forms.Form):
    """One medicine: found in the formulary or in free text, with one short dose or a dosage in the doctor's own words."""

    medication_text = forms.CharField(
        label=_("Medicine"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    medicine = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    dose = forms.CharField(
        label=_("Dose"), required=False, max_length=100,
        help_text=_("For example 1-0-1 5d, 5 ml tds 7d, 1 q6h prn max 4/d, 4 weekly Mon."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none", "dir": "ltr"}),
    )  # fmt: skip
    dosage_text = forms.CharField(
        label=_("Dosage in your own words, or what to add to the dose"), max_length=500, required=False,
        help_text=_("Added after the dose’s sentence: with food. Without a short dose: the whole sentence."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    quantity = forms.CharField(
        label=_("Quantity"), required=False, max_length=12, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    unit = forms.CharField(label=_("Unit"), required=False, max_length=20)
    days_supply = forms.IntegerField(label=_("Lasts for days"), required=False, min_value=1, max_value=999)
    is_controlled = forms.BooleanField(label=_("Controlled medicine"), required=False)
    no_substitution = forms.BooleanField(label=_("Do not substitute"), required=False)
    substitution_reason = forms.CharField(label=_("Why not to substitute"), required=False, max_length=300)
    strength = forms.CharField(label=_("Strength"), required=False, max_length=60)
    form = forms.CharField(label=_("Form"), required=False, max_length=60)
    route = forms.CharField(label=_("Route"), required=False, max_length=60)
    medication_code = forms.CharField(label=_("ATC code"), required=False, max_length=40)

    found: list[Medicine] | None = None  # what was found for these words, without scripts
    row: Medicine | None = None  # the formulary's row that was chosen
    completed: Completed | None = None
    warned: list[Any]  # what the checks say of it (compose_warnings.py)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Dress the widgets; an empty row may stay empty."""
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        dress(self)

    def clean_quantity(self) -> int | None:
        """Thousandths; None where it is to be computed."""
        text = self.cleaned_data["quantity"].strip()
        return quantity_of(text) if text else None

    def clean(self) -> dict[str, Any]:
        """An empty row that is needed asks for its dose as for its medicine."""
        data = super().clean() or {}
        if "dose" in data and "dosage_text" in data and not (data["dose"].strip() or data["dosage_text"].strip()):
            self.add_error("dose", _("Type the dose, for example 1-0-1 5d."))
        return data

    def complete(self) -> None:
        """Make the line of it, with the formulary's row. All that cannot be is told at its fields, beside what each field says alone."""
        text = self.cleaned_data.get("medication_text")
        if self.row is not None and text is not None and text != text_of(self.row):
            self.row = None
            detail = _(
                "These are not the words of the medicine that was chosen. Find it again, or save to keep free text."
            )
            self.add_error("medication_text", detail)
            return
        before = set(self.errors)
        uncounted = before & {"quantity", "days_supply"}  # what follows from a number that cannot be read is not told
        try:
            completed = complete(self._typed(), self.row)
        except Invalid as refusal:
            for error in refusal.errors:
                name = error["pointer"].lstrip("/")
                if name not in before and not (uncounted and (name == "quantity" or error["code"] == "no_quantity")):
                    self.add_error(name if name in self.fields else None, error["detail"])
        else:
            self.completed = None if before else completed

    def complete_quietly(self) -> None:
        """The line of a row that nobody sent yet, where what it begins with makes one; nothing is told."""
        if not self.says_something():
            return
        values = {self.add_prefix(name): self[name].value() for name in self.fields}
        judged = LineForm(
            {name: value for name, value in values.items() if value not in (None, False)}, prefix=self.prefix
        )
        judged.row = self.row
        if judged.is_valid():
            judged.complete()
        self.completed = judged.completed

    def says_something(self) -> bool:
        """Whether a row that nobody sent yet holds anything, and is not to be removed."""
        if "DELETE" in self.fields and self["DELETE"].value():
            return False
        return any(self[name].value() for name in LineForm.base_fields)

    def _typed(self) -> Typed:
        data = {name: "" for name in self.fields} | {"quantity": None, "days_supply": None} | self.cleaned_data
        return Typed(
            medication_text=data["medication_text"], dose=data["dose"], words=data["dosage_text"],
            quantity_milli=data["quantity"], unit=data["unit"], days_supply=data["days_supply"],
            medication_code=data["medication_code"].strip().upper() or None, strength=data["strength"] or None,
            form=data["form"] or None, route=data["route"] or None,
            substitution_allowed=not data["no_substitution"], substitution_reason=data["substitution_reason"],
            is_controlled=data["is_controlled"],
        )  # fmt: skip

    @property
    def more(self) -> bool:
        """Whether the rarer fields say something."""
        names = (
            "substitution_reason",
            "strength",
            "route",
            "form",
            "medication_code",
            "no_substitution",
            "is_controlled",
        )
        return any(self[name].value() or self[name].errors for name in names)
