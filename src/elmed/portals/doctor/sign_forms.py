"""What is asked before a signature: an answer to each warning, the pharmacy, the password where it is due."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.medications.checks import STOP, Warning
from elmed.portals.forms import PortalForm, VersionedForm, dress
from elmed.portals.words import KEPT_WORDS
from elmed.prescriptions.actions.checked import Answer, answer_errors
from elmed.prescriptions.vocabulary import Kept

_WHY = [("", gettext_lazy("Choose a reason")), *KEPT_WORDS.items()]


class KeepForm(VersionedForm):
    """One draft: its version, why each warning is kept, why it replaces another."""

    def __init__(self, *args: Any, warnings: list[Warning], replacing: bool, **kwargs: Any) -> None:
        """Ask for what this draft needs."""
        super().__init__(*args, **kwargs)
        self.warnings = warnings
        for index, warning in enumerate(warnings):
            stop = warning.tier == STOP
            self.fields[f"why_{index}"] = forms.ChoiceField(label=_("Keep it, because"), required=False, choices=_WHY)
            self.fields[f"answer_{index}"] = forms.CharField(
                label=_("In your words") if stop else _("In your words, where the reason says too little"),
                required=False, max_length=300,
            )  # fmt: skip
        if replacing:
            label = _("Why you replace the earlier prescription")
            self.fields["reason"] = forms.CharField(label=label, max_length=300)
        dress(self)

    def clean(self) -> dict[str, Any]:
        """Each warning has its answer. Words alone stand for a reason that is not in the list."""
        data = super().clean() or {}
        for index, warning in enumerate(self.warnings):
            why, words = data.get(f"why_{index}", ""), data.get(f"answer_{index}", "").strip()
            answer = Answer(Kept(why or Kept.OTHER), words) if why or words else None
            if missing := answer_errors(warning, answer):
                self.add_error(f"answer_{index}" if why else f"why_{index}", missing)
        return data

    def answers(self) -> dict[str, Answer]:
        """By the warnings' keys."""
        data = self.cleaned_data
        return {
            w.key: Answer(Kept(data[f"why_{i}"] or Kept.OTHER), data[f"answer_{i}"])
            for i, w in enumerate(self.warnings)
        }

    def rows(self) -> list[dict[str, Any]]:
        """Each warning with its two fields, for the row that caused it."""
        return [
            {"warning": w, "position": w.position, "why": self[f"why_{i}"], "words": self[f"answer_{i}"]}
            for i, w in enumerate(self.warnings)
        ]


class SignatureForm(PortalForm):
    """The pharmacy that is chosen, and the password where it is due."""

    def __init__(self, *args: Any, choices: list[tuple[str, str]], password: bool, **kwargs: Any) -> None:
        """Offer these pharmacies, or none now."""
        super().__init__(*args, **kwargs)
        none = ("", _("None now: the patient chooses"))
        self.fields["pharmacy_id"] = forms.ChoiceField(
            label=_("Pharmacy"), required=False, choices=[none, *choices], widget=forms.RadioSelect
        )
        if password:
            self.fields["password"] = forms.CharField(
                label=_("Your password"), strip=False,
                widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
                help_text=_("To sign. It is asked for after 5 minutes, and each time for a controlled medicine."),
            )  # fmt: skip
        dress(self)

    @property
    def pharmacy_id(self) -> int | None:
        """The chosen one's id."""
        text = self.cleaned_data["pharmacy_id"]
        return int(text) if text else None
