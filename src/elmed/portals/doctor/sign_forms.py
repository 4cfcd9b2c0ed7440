"""What is asked before a signature: an answer to each warning, the pharmacy, and who it is, where that is due."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.accounts.models import Person
from elmed.medications.checks import STOP, Warning
from elmed.portals.confirm_form import ask
from elmed.portals.forms import PortalForm, VersionedForm, dress
from elmed.portals.words import KEPT_WORDS
from elmed.prescriptions.actions.answers import Answer, answer_errors, answer_of, waiting
from elmed.prescriptions.actions.words import MAX_REASON
from elmed.prescriptions.models import Prescription

_WHY = [("", gettext_lazy("Choose a reason")), *KEPT_WORDS.items()]


def why_field() -> forms.ChoiceField:
    """The reasons to choose from, none chosen beforehand."""
    return forms.ChoiceField(label=gettext_lazy("Keep it, because"), required=False, choices=_WHY)


def words_field(warning: Warning) -> forms.CharField:
    """The doctor's own words: a stop needs them."""
    stop = warning.tier == STOP
    label = gettext_lazy("In your words") if stop else gettext_lazy("In your words, where the reason says too little")
    return forms.CharField(label=label, required=False, max_length=MAX_REASON)


class KeepForm(VersionedForm):
    """One draft: its version, why each warning is kept that was not answered while writing, why it replaces another.

    A field is named by what its warning says: where another one is raised meanwhile, no answer slips onto it.
    """

    def __init__(self, *args: Any, warnings: list[Warning], rx: Prescription, **kwargs: Any) -> None:
        """Ask for what this draft needs."""
        super().__init__(*args, **kwargs)
        self.warnings, before = warnings, waiting(rx)
        self.given = {w.key: answer for w in warnings if (answer := before.get((w.position, w.mark)))}
        self.open = [w for w in warnings if answer_errors(w, self.given.get(w.key))]
        for warning in self.open:
            why, words = _names(warning)
            self.fields[why], self.fields[words] = why_field(), words_field(warning)
            if half := self.given.get(warning.key):
                self.initial = {why: half.why.value, words: half.words, **self.initial}
        if rx.replaces_id is not None:
            label = _("Why you replace the earlier prescription")
            self.fields["reason"] = forms.CharField(label=label, max_length=MAX_REASON)
        dress(self)

    def clean(self) -> dict[str, Any]:
        """Each warning has its answer. Words alone stand for a reason that is not in the list."""
        data = super().clean() or {}
        for warning in self.open:
            why, words = _names(warning)
            if why in self.errors or words in self.errors:
                continue
            if missing := answer_errors(warning, answer_of(data[why], data[words])):
                self.add_error(words if data[why] else why, missing)
        return data

    def answers(self) -> dict[str, Answer]:
        """What is answered here, by the warnings' keys; what was answered before waits with the draft."""
        found = {}
        for warning in self.open:
            why, words = _names(warning)
            if answer := answer_of(self.cleaned_data[why], self.cleaned_data[words], warning.mark):
                found[warning.key] = answer
        return found

    def rows(self) -> list[dict[str, Any]]:
        """Each warning with its answer or its two fields, for the row that caused it."""
        found = []
        for warning in self.warnings:
            row: dict[str, Any] = {"warning": warning, "position": warning.position}
            if warning in self.open:
                why, words = _names(warning)
                row |= {"why": self[why], "words": self[words]}
            else:
                row["given"] = self.given[warning.key]
            found.append(row)
        return found


def _names(warning: Warning) -> tuple[str, str]:
    return f"why_{warning.position}_{warning.mark}", f"answer_{warning.position}_{warning.mark}"


class SignatureForm(PortalForm):
    """The pharmacy that is chosen, and, where it is due, the proof that it is the doctor (`signer`)."""

    def __init__(self, *args: Any, choices: list[tuple[str, str]], signer: Person | None, **kwargs: Any) -> None:
        """Offer these pharmacies, or none now."""
        super().__init__(*args, **kwargs)
        none = ("", _("None now: the patient chooses"))
        self.fields["pharmacy_id"] = forms.ChoiceField(
            label=_("Pharmacy"), required=False, choices=[none, *choices], widget=forms.RadioSelect
        )
        dress(self)
        if signer is not None:
            ask(self, signer)
            help_text = _("To sign. It is asked for after 5 minutes, and each time for a controlled medicine.")
            self.fields["password"].help_text = help_text

    @property
    def pharmacy_id(self) -> int | None:
        """The chosen one's id."""
        text = self.cleaned_data["pharmacy_id"]
        return int(text) if text else None
