"""What a doctor types about patients. The prescription's form is compose_forms.py."""

import json
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from elmed.patients.actions import Finding, recorded_allergies
from elmed.patients.identity import FIELDS, Identity
from elmed.patients.models import AllergyStatus, IdentityCheck, Patient, Sex
from elmed.portals.forms import DayField, OnceForm, PortalForm, VersionedForm, quantity_of


def _checked(**kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("How did you make sure who the patient is?"),
        choices=IdentityCheck.choices,
        widget=forms.RadioSelect,
        **kwargs,
    )


def _summary() -> forms.CharField:
    return forms.CharField(
        label=_("Summary of the consultation"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class FindForm(PortalForm):
    """The three things a doctor must know."""

    family_name = forms.CharField(label=_("Family name"), max_length=100)
    date_of_birth = DayField(label=_("Date of birth"))
    exact = forms.CharField(
        label=_("Health number, phone or e-mail"),
        max_length=254,
        help_text=_("One of them, as it is on the record; spaces do not matter."),
    )

    def finding(self) -> Finding | None:
        """As the rule takes it; None while one of the three is missing."""
        data = self.cleaned_data
        if not {"family_name", "date_of_birth", "exact"} <= data.keys():
            return None
        return Finding(data["family_name"], data["date_of_birth"], data["exact"])

    def tell_nobody(self) -> None:
        """Nobody was found, whichever item was wrong."""
        self.add_error(None, gettext("No record matches all three. Check the spelling, or make a new patient."))


class FoundForm(OnceForm, FindForm):
    """The same three again, with the consultation that begins."""

    family_name = forms.CharField(max_length=100, widget=forms.HiddenInput)
    date_of_birth = DayField(widget=forms.HiddenInput)
    exact = forms.CharField(max_length=254, widget=forms.HiddenInput)
    patient_id = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    identity_check = _checked()
    summary = _summary()


class ConsultationForm(OnceForm):
    """A consultation."""

    identity_check = _checked()
    summary = _summary()


class IdentityForm(PortalForm):
    """Who somebody is, and how they are reached."""

    family_name = forms.CharField(label=_("Family name"), max_length=100)
    given_name = forms.CharField(label=_("Given name"), max_length=100)
    date_of_birth = DayField(label=_("Date of birth"))
    sex = forms.ChoiceField(label=_("Sex"), choices=Sex.choices, initial=Sex.UNKNOWN)
    health_number = forms.CharField(label=_("Health number"), max_length=40, required=False)
    phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    email = forms.EmailField(label=_("E-mail"), required=False)
    address = forms.CharField(label=_("Address"), max_length=300, required=False)

    def identity(self) -> Identity:
        """As the record takes it."""
        words = {name: self.cleaned_data[name] for name in FIELDS}
        return Identity(**words | {"sex": Sex(words["sex"])})


class NewPatientForm(OnceForm, IdentityForm):
    """A new record and its first consultation."""

    identity_check = _checked()
    summary = _summary()


class AllergyForm(PortalForm):
    """*None known*, or a list: one a line, `substance: reaction`. It saves only over what its page showed."""

    seen = forms.JSONField(
        widget=forms.HiddenInput, required=False, error_messages={"invalid": _("Open the page again, then save.")}
    )
    none_known = forms.BooleanField(label=_("No known allergies"), required=False)
    substances = forms.CharField(
        label=_("Allergies and intolerances"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One a line: the substance, then a colon and the reaction if known. Example: penicillin: rash"),
    )

    @staticmethod
    def initial_of(patient: Patient) -> dict[str, Any]:
        """What is recorded now."""
        rows = patient.allergies.order_by("pk")
        return {
            "seen": recorded_allergies(patient),
            "none_known": patient.allergy_status == AllergyStatus.NONE_KNOWN,
            "substances": "\n".join(f"{row.substance}: {row.reaction}".rstrip(": ") for row in rows),
        }

    def catch_up(self, patient: Patient) -> None:
        """Somebody else saved first: say what they changed, keep what was typed, and let the next save be over theirs."""
        before, after = self.cleaned_data["seen"], recorded_allergies(patient)
        added = [words for words in after if words not in before]
        gone = [str(words) for words in before if words not in after]
        told = [
            f"{what}: {'; '.join(lines)}."
            for what, lines in ((gettext("Added"), added), (gettext("Taken away"), gone))
            if lines
        ]
        self.add_error(
            None,
            " ".join(
                [gettext("Somebody changed the allergies since you opened this page."), *told,
                 gettext("Nothing of yours is saved yet: compare it with what is recorded now, then save again.")]
            ),
        )  # fmt: skip
        self.status = 409
        typed = cast("QueryDict", self.data).copy()
        typed["seen"] = json.dumps(after)
        self.data = typed

    def clean_seen(self) -> list[Any]:
        """What the page showed; a page that does not say so showed nothing."""
        seen = self.cleaned_data["seen"]
        return seen if isinstance(seen, list) else []

    def clean_substances(self) -> list[tuple[str, str]]:
        """As pairs of substance and reaction."""
        pairs = []
        for line in self.cleaned_data["substances"].splitlines():
            substance, _colon, reaction = (part.strip() for part in line.partition(":"))
            if substance:
                pairs.append((substance, reaction))
        if any(len(substance) > 120 or len(reaction) > 200 for substance, reaction in pairs):
            raise forms.ValidationError(gettext("At most 120 characters for a substance and 200 for a reaction."))
        return pairs

    def clean(self) -> dict[str, Any]:
        """Either none are known, or they are named."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not data.get("none_known") and not data.get("substances") and "substances" not in self.errors:
            self.add_error("substances", gettext("Name them, or tick that none are known."))
        return data


class WeightForm(PortalForm):
    """The weight, and the day it was measured."""

    weight = forms.CharField(
        label=_("Weight in kilograms"), max_length=9, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    weighed_on = DayField(label=_("Measured on"))

    def clean_weight(self) -> int:
        """Thousandths of a kilogram."""
        return quantity_of(self.cleaned_data["weight"].replace(",", "."))


class AnsweredForm(VersionedForm):
    """What was said on the phone."""

    words = forms.CharField(
        label=_("What you answered"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The pharmacist reads it, and ends the pause. The prescription stays as it was signed."),
    )  # fmt: skip


class FavouriteForm(PortalForm):
    """The name it is found by."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("You find it by this name while you write."))
