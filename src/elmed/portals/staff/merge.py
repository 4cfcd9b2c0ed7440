"""ELMED's staff merge two records of one patient: find, compare side by side, choose the one that counts, take back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.core.refusals import NotVisible
from elmed.patients import merge as merging
from elmed.patients import opening
from elmed.patients.models import Patient, Sex
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.staff.views import STAFF
from elmed.portals.templatetags.portal import birth, day
from elmed.portals.words import event_words
from elmed.prescriptions.models import Prescription


class MergeForm(PortalForm):
    """Which record counts, and why they are one person's."""

    winner = forms.TypedChoiceField(label=_l("The record that counts"), coerce=int, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_l("Why are they one person’s?"), min_length=opening.SHORTEST, max_length=opening.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}), help_text=_l("The patient reads it, with your name."),
    )  # fmt: skip

    def __init__(self, *args: Any, pair: list[Patient], **kwargs: Any) -> None:
        """Offer these two."""
        super().__init__(*args, **kwargs)
        words = _("Record %(number)d: %(name)s")
        choices = [(one.pk, words % {"number": one.pk, "name": one.name}) for one in pair]
        self.fields["winner"].choices = choices  # type: ignore[attr-defined]


@page(permission=Permission.PATIENT_MERGE, kinds=STAFF)
def find(request: PortalRequest) -> HttpResponse:
    """Records that may be duplicates: all groups, or those like one record (`?like=`)."""
    like = request.GET.get("like", "")
    if like.isdecimal() and len(like) < 19:
        one = visibility.get(request.actor, Patient, int(like))
        others = merging.alike(request.actor, one)
        shown(request, "records", [one.pk, *(other.pk for other in others)])
        groups = [[one, *others]] if others else []
        return render(request, "staff/duplicates.html", {"groups": groups, "like": one})
    context = {
        "groups": merging.duplicates(request.actor), "recent": merging.recent(request.actor, request.now), "like": None,
    }  # fmt: skip
    return render(request, "staff/duplicates.html", context)


@page(permission=Permission.PATIENT_MERGE, kinds=STAFF)
def merge(request: PortalRequest, pk: int, other: int) -> HttpResponse:
    """Side by side, and the choice. Nothing medical stands here."""
    rows = (
        visibility.visible(request.actor, Patient).filter(pk__in=[pk, other]).select_related("account").order_by("pk")
    )
    pair = list(rows)
    if len(pair) != 2:
        raise NotVisible("patient")
    form = MergeForm(request.POST or None, pair=pair)
    if request.method == "POST" and form.is_valid():
        winner = form.cleaned_data["winner"]
        loser = next(one.pk for one in pair if one.pk != winner)
        reason = form.cleaned_data["reason"]
        if form.attempt(lambda: merging.merge(request.actor, winner, loser, reason=reason, now=request.now)):
            words = _("Record %(loser)d is merged into %(winner)d. It can be taken back for 24 hours.")
            messages.success(request, words % {"loser": loser, "winner": winner})
            return redirect("staff_merge_undo", loser)
    shown(request, "records", [one.pk for one in pair])
    signed = visibility.visible(request.actor, Prescription)
    counts = [signed.filter(patient_id=one.pk).count() for one in pair]
    context = {"pair": pair, "rows": _compared(pair, counts), "form": form}
    return render(request, "staff/merge.html", context, status=form.status)


def _compared(pair: list[Patient], counts: list[int]) -> list[dict[str, Any]]:
    """What stands side by side: the words, both values, and whether both are known, ought to be the same and are not."""
    missing = _("not recorded")
    plain: list[tuple[str, list[Any], bool]] = [
        (_("Family name"), [one.family_name for one in pair], True),
        (_("Given name"), [one.given_name for one in pair], True),
        (_("Born"), [birth(one.date_of_birth) for one in pair], True),
        (_("Sex"), ["" if one.sex == Sex.UNKNOWN else one.get_sex_display() for one in pair], True),
        (_("Health number"), [one.health_number for one in pair], True),
        (_("Phone"), [one.phone for one in pair], True),
        (_("E-mail"), [one.email for one in pair], True),
        (_("Address"), [one.address for one in pair], True),
        (_("Account"), [_("yes") if one.account_id else _("none") for one in pair], False),
        (_("Prescriptions"), counts, False),
        (_("Made"), [day(one.created_at) for one in pair], False),
    ]
    return [
        {"words": words, "values": [value if value != "" else missing for value in values],
         "differs": same and all(values) and len({str(value).casefold() for value in values}) > 1}
        for words, values, same in plain
    ]  # fmt: skip


@page(permission=Permission.PATIENT_MERGE, kinds=STAFF)
def undo(request: PortalRequest, pk: int) -> HttpResponse:
    """What a merged record is, and taking the merge back."""
    loser = visibility.get(request.actor, Patient, pk)
    form = PortalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.attempt(lambda: merging.undo(request.actor, pk, now=request.now)):
            messages.success(request, _("The merge is taken back: both records are what they were."))
            return redirect("staff_records")
        loser.refresh_from_db()
    shown(request, "records", [loser.pk])
    winner = loser.merged_into
    event = merging.last_merge(request.actor, loser, request.now) if winner else None
    since = merging.written_since(request.actor, winner, event) if winner and event else {}
    context = {
        "loser": loser, "winner": winner, "form": form, "possible": event is not None,
        "since": [(event_words(kind), count) for kind, count in sorted(since.items())],
    }  # fmt: skip
    return render(request, "staff/merge_undo.html", context, status=form.status)
