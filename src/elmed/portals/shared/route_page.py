"""Choosing or changing the pharmacy, for the doctor and for the patient."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elmed.accounts.queries import pharmacies
from elmed.portals.forms import VersionedForm
from elmed.portals.kept import sent_or_kept
from elmed.portals.page import PortalRequest, search_words
from elmed.portals.shared.acts import ask
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.vocabulary import Act


def pharmacy_choices(world_id: int, words: str, chosen: str = "") -> list[tuple[str, str]]:
    """The pharmacies found by these words; one that was chosen stays in the list, as the first, whatever the words are."""
    found = pharmacies(world_id, words, chosen=chosen)
    return [(str(row.pk), ", ".join(filter(None, (row.name, row.address, row.city)))) for row in found]


class PharmacyForm(VersionedForm):
    """Which pharmacy."""

    pharmacy_id = forms.ChoiceField(label=gettext_lazy("Pharmacy"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        """Offer these."""
        super().__init__(*args, **kwargs)
        self.fields["pharmacy_id"].choices = choices  # type: ignore[attr-defined]


def choose(request: PortalRequest, pk: int, back: str) -> HttpResponse:
    """Search, choose, send it there."""
    words = search_words(request)
    choices = pharmacy_choices(request.actor.world_id, words, sent_or_kept(request).get("pharmacy_id", ""))
    form = PharmacyForm(request.POST or None, choices=choices)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        pharmacy_id, version = int(data["pharmacy_id"]), data["version"]
        if form.attempt(
            lambda: route(request.actor, pk, pharmacy_id=pharmacy_id, now=request.now, expected_version=version)
        ):
            messages.success(request, _("Sent to the pharmacy."))
            return redirect(back, pk)
    extra = {
        "q": words,
        "choices": choices,
        "title": _("Choose a pharmacy"),
        "submit": _("Send it there"),
        "search": True,
    }
    return ask(request, pk, Act.ROUTE, form, back=back, extra=extra)
