"""The forms of the test world's pages. What they ask is done by the sandbox; its refusals are told in words for people."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.accounts.models import AccountKind
from elmed.portals.forms import OnceForm
from elmed.portals.shared.test_world_words import REFUSED_WORDS
from elmed.prescriptions.vocabulary import Side
from elmed.sandbox import clock
from elmed.sandbox.other_side import ACTS
from elmed.sandbox.scenarios import SCENARIOS

NEXT = "next"  # the step to whatever is due next
UNITS = {
    "minutes": (gettext_lazy("minutes"), timedelta(minutes=1)),
    "hours": (gettext_lazy("hours"), timedelta(hours=1)),
    "days": (gettext_lazy("days"), timedelta(days=1)),
}
STEPS = {
    "15m": (gettext_lazy("15 minutes"), timedelta(minutes=15)),
    "1h": (gettext_lazy("1 hour"), timedelta(hours=1)),
    "1d": (gettext_lazy("1 day"), timedelta(days=1)),
    "7d": (gettext_lazy("7 days"), timedelta(days=7)),
    "30d": (gettext_lazy("30 days"), timedelta(days=30)),
}


class SandboxForm(OnceForm):
    """A form whose refusals come from the sandbox."""

    def said(self, error: dict[str, str]) -> str:
        """By its code; the sandbox's words name the API's fields."""
        return str(REFUSED_WORDS.get(error["code"]) or super().said(error))


class ScenarioForm(SandboxForm):
    """Which scenario, and for a developer on which side."""

    name = forms.ChoiceField(widget=forms.HiddenInput, choices=[(name, name) for name in SCENARIOS])
    side = forms.ChoiceField(
        label=gettext_lazy("Your side"), required=False, widget=forms.RadioSelect, initial=AccountKind.PHARMACY.value,
        choices=[
            (AccountKind.PHARMACY.value, gettext_lazy("Pharmacy: a test doctor writes to you")),
            (AccountKind.DOCTOR.value, gettext_lazy("Doctor: a test pharmacy receives what you write")),
        ],
    )  # fmt: skip


class ClockForm(SandboxForm):
    """How far: one of the steps, or a number of units."""

    all_optional = True  # of the two one

    step = forms.ChoiceField(
        required=False, widget=forms.HiddenInput, choices=[(name, name) for name in (NEXT, *STEPS)]
    )
    amount = forms.IntegerField(label=gettext_lazy("How many"), required=False, min_value=1, max_value=10_000_000)
    unit = forms.ChoiceField(
        label=gettext_lazy("Of what"), required=False, initial="days", choices=[(name, words) for name, (words, _by) in UNITS.items()]
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        data = super().clean() or {}
        if not data.get("step") and not data.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("Say how far, or choose one of the steps."))
        return data

    @property
    def to_next(self) -> bool:
        """Whether to whatever is due next, of a valid form."""
        return bool(self.cleaned_data["step"] == NEXT)

    @property
    def by(self) -> timedelta:
        """How far, of a valid form; what no calendar holds is the farthest and more, which the clock refuses."""
        data = self.cleaned_data
        if data["step"]:
            return STEPS[data["step"]][1]
        unit = UNITS[data["unit"] or "days"][1]
        return min(unit * int(data["amount"]), clock.FARTHEST + timedelta(days=1))


class ActForm(SandboxForm):
    """Whose act, and which: `pharmacy verify`."""

    act = forms.ChoiceField(
        widget=forms.HiddenInput, choices=[(f"{side} {name}",) * 2 for name, one in ACTS.items() for side in one.sides]
    )

    @property
    def asked(self) -> tuple[str, Side]:
        """The act and its side, of a valid form."""
        side, name = self.cleaned_data["act"].split(" ")
        return name, Side(side)


class EmptyForm(SandboxForm):
    """Nothing is asked; sent twice, it is emptied once: what was played in between stays."""
