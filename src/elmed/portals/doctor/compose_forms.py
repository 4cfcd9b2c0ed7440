"""The prescription as a form: its lines, diagnoses and the rest, and back from a draft to the form."""

import re
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from elmed.core.refusals import Invalid
from elmed.medications import queries as formulary
from elmed.portals.doctor.line_form import LineForm
from elmed.portals.forms import DayField, OnceForm, dress
from elmed.prescriptions.actions.answers import Waiting
from elmed.prescriptions.actions.checked import medicines_of
from elmed.prescriptions.actions.draft import MAX_LINES, DraftContent
from elmed.prescriptions.actions.written import text_of, typed_of
from elmed.prescriptions.models import Prescription

MAX_DIAGNOSES = 5
_ICD = r"^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$"


class _IcdField(forms.RegexField):
    """An ICD-10 code, typed in any case."""

    def to_python(self, value: Any) -> str:
        """In capitals."""
        return str(super().to_python(value)).upper()


class DiagnosisForm(forms.Form):
    """One diagnosis."""

    text = forms.CharField(label=_("Diagnosis"), max_length=200)
    code = _IcdField(
        _ICD, label=_("ICD-10 code"), required=False, max_length=8,
        error_messages={"invalid": _("A code such as J20.9 or I10.")},
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Dress the widgets; an empty row may stay empty."""
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        dress(self)


class DraftForm(OnceForm):
    """What belongs to the prescription as a whole."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    notes = forms.CharField(
        label=_("Notes to the pharmacist"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The patient does not see them. No doses here: they belong to the medicine."),
    )  # fmt: skip
    valid_from = DayField(label=_("Valid from"), required=False, help_text=_("Left empty: from today."))
    valid_until = DayField(
        label=_("Valid until"), required=False, help_text=_("Left empty: as long as the law allows.")
    )
    repeats_allowed = forms.IntegerField(label=_("Repeats"), min_value=0, max_value=99, initial=0)
    minimum_dispense_interval_days = forms.IntegerField(
        label=_("Days between two supplies"), min_value=0, max_value=366, initial=0
    )


LineFormSet: type[BaseFormSet[LineForm]] = formset_factory(
    LineForm, extra=0, min_num=1, max_num=MAX_LINES, absolute_max=MAX_LINES, can_delete=True
)
DiagnosisFormSet: type[BaseFormSet[DiagnosisForm]] = formset_factory(
    DiagnosisForm, extra=0, min_num=1, max_num=MAX_DIAGNOSES, absolute_max=MAX_DIAGNOSES
)


class Composer:
    """The three forms of a draft as one: what was typed, whether it can be saved, and one more empty row."""

    def __init__(self, data: QueryDict | None = None, initial: dict[str, Any] | None = None, find: int = -1) -> None:
        """From what was sent, to be judged; else from `initial_of` a prescription, or from `typed` so far.

        `find`: the row whose words are looked up in the formulary, for who has no scripts.
        """
        if data is not None:
            data = _chosen(data)
        self.warned: list[Any] = []  # at the notes
        start = {} if data is not None or initial is None else initial
        self.form = DraftForm(data, initial=start.get("form"))
        self.lines = LineFormSet(data, prefix="lines", initial=start.get("lines"))
        self.diagnoses = DiagnosisFormSet(data, prefix="diagnosis", initial=start.get("diagnosis"))
        medicines = {row.pk: row for row in start.get("medicines", [])}
        ids = {pk for row in self.lines if (pk := _id(row["medicine"].value()))} - set(medicines)
        medicines |= formulary.by_id(ids) if ids else {}
        for index, row in enumerate(self.lines):
            row.row = medicines.get(_id(row["medicine"].value()))
            row.warned = []
            if data is None:
                row.complete_quietly()
            if index == find:
                row.found = formulary.search(str(row["medication_text"].value() or ""))

    def begin_at(self, kind: str) -> None:
        """Put the cursor into the newest row: a medicine's, a diagnosis's; the keyboard goes on from there."""
        rows, name = (self.lines, "medication_text") if kind == "lines" else (self.diagnoses, "text")
        rows.forms[-1].fields[name].widget.attrs["autofocus"] = True

    @property
    def status(self) -> int:
        """The answer's status."""
        return self.form.status

    def is_valid(self) -> bool:
        """Every part, so that every message is shown at once."""
        parts = [self.form.is_valid(), self.lines.is_valid(), self.diagnoses.is_valid()]
        for row in self.filled():
            row.complete()
            parts.append(not row.errors)
        if not all(parts):
            self.form.status = 422
        return all(parts)

    def filled(self) -> list[LineForm]:
        """The rows that say something and are not to be removed."""
        return [row for row in self.lines if row.has_changed() and not getattr(row, "cleaned_data", {}).get("DELETE")]

    def written(self) -> dict[int, LineForm]:
        """The rows that say something, by the position that they get in the draft."""
        rows = self.filled() if self.lines.is_bound else [row for row in self.lines if row.says_something()]
        return dict(enumerate(rows, start=1))

    def content(self, answers: Waiting) -> DraftContent:
        """As the draft takes it."""
        data = self.form.cleaned_data
        diagnoses = [row.cleaned_data for row in self.diagnoses if row.cleaned_data.get("text")]
        return DraftContent(
            lines=[row.completed.line for row in self.filled() if row.completed is not None],
            diagnosis=[
                {"text": row["text"], "code": row["code"] or None, "system": "ICD-10" if row["code"] else None}
                for row in diagnoses
            ],
            notes=data["notes"],
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
            repeats_allowed=data["repeats_allowed"],
            minimum_dispense_interval_days=data["minimum_dispense_interval_days"],
            answers=answers,
        )

    def point(self, refusal: Invalid) -> None:
        """Put a refusal's messages at the rows they are about."""
        rows = self.filled()
        for error in refusal.errors:
            parts = error["pointer"].lstrip("/").split("/")
            if parts[0] == "lines" and len(parts) == 3 and int(parts[1]) < len(rows):
                rows[int(parts[1])].add_error(parts[2] if parts[2] in LineForm.base_fields else None, error["detail"])
            else:
                self.form.point(error["pointer"], error["detail"])
        self.form.status = refusal.status

    def errors(self) -> list[tuple[str, str]]:
        """(anchor, message) of everything wrong, for the summary at the top."""
        found = [("", str(error)) for error in self.form.non_field_errors()]
        for form in (*self.diagnoses, *self.lines, self.form):
            where = (
                _("Medicine %(number)s") % {"number": int(form.prefix.split("-")[1]) + 1} + ", "
                if (form.prefix or "").startswith("lines")
                else ""
            )
            found += [
                (field.id_for_label, f"{where}{field.label}: {error}") for field in form for error in field.errors
            ]
        return found


def typed(data: QueryDict, add: str = "", line: dict[str, Any] | None = None) -> dict[str, Any]:
    """What was typed so far, unjudged, with one more empty row of the kind `add`, or with this line more."""
    data = _chosen(data)
    lines = _rows(data, "lines", [*LineForm.base_fields, "DELETE"], MAX_LINES, more=add == "lines")
    if line is not None:
        _put(lines, line)
    return {
        "form": {name: data.get(name) for name in DraftForm.base_fields},
        "lines": lines,
        "diagnosis": _rows(data, "diagnosis", [*DiagnosisForm.base_fields], MAX_DIAGNOSES, more=add == "diagnosis"),
    }


def _put(lines: list[dict[str, Any]], line: dict[str, Any]) -> None:
    """Into the first empty row, else as one more."""
    empty = next((row for row in lines if not any(row.values())), None)
    if empty is not None:
        empty.update(line)
    elif len(lines) < MAX_LINES:
        lines.append(line)


def _id(text: object) -> int:
    """An id as it was sent; 0 for anything else."""
    return int(str(text)) if str(text).isdecimal() and len(str(text)) < 18 else 0


def _chosen(data: QueryDict) -> QueryDict:
    """With the medicines that were chosen from a list put into their rows; 0 stands for free text."""
    choices = {name: value for name, value in data.items() if name.startswith("lines-") and name.endswith("-choice")}
    rows = formulary.by_id({_id(value) for value in choices.values()} - {0}) if choices else {}
    if not choices:
        return data
    data = data.copy()
    for name, value in choices.items():
        prefix = name.removesuffix("choice")
        row = rows.get(_id(value))
        data[f"{prefix}medicine"] = str(row.pk) if row else ""
        if row:
            data[f"{prefix}medication_text"] = text_of(row)
    return data


def _rows(data: QueryDict, prefix: str, names: list[str], most: int, *, more: bool) -> list[dict[str, Any]]:
    """The rows as they were typed: as many as the form says, or as there are where a browser put kept ones back."""
    total = data.get(f"{prefix}-TOTAL_FORMS", "")
    said = int(total) if total.isdecimal() and len(total) < 4 else 1
    there = (int(match[1]) + 1 for name in data if (match := re.match(rf"{prefix}-(\d{{1,2}})-", name)))
    count = min(max(said, *there, 1) + more, most)
    return [{name: data.get(f"{prefix}-{index}-{name}") for name in names} for index in range(count)]


def initial_of(rx: Prescription) -> dict[str, Any]:
    """A draft, or the prescription to replace, as the form shows it."""
    draft, lines = not rx.signature_value, list(rx.lines.all())
    medicines = medicines_of(lines)
    return {
        "form": {
            "notes": rx.notes, "repeats_allowed": rx.repeats_allowed,
            "valid_from": rx.valid_from if draft else None, "valid_until": rx.valid_until if draft else None,
            "minimum_dispense_interval_days": rx.minimum_dispense_interval_days,
        },
        "lines": [typed_of(line, medicines.get(line.medicine_id or 0)) for line in lines],
        "medicines": list(medicines.values()),
        "diagnosis": [{"text": row.get("text"), "code": row.get("code")} for row in rx.diagnosis],
    }  # fmt: skip
