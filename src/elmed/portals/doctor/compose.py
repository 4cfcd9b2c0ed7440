"""The composer of drafts: writing, changing, replacing, throwing away; and what it asks while somebody types.

The forms are compose_forms.py; checking and signing is sign.py.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Subquery, prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.core.refusals import Invalid, NotNow, NotVisible, VersionConflict
from elmed.events.record import record_access_once
from elmed.medications import queries as formulary
from elmed.patients.models import Consultation, Patient
from elmed.portals.doctor.compose_forms import Composer, initial_of, typed
from elmed.portals.doctor.compose_warnings import to_keep, typed_answers, warn
from elmed.portals.doctor.patients import DOCTOR
from elmed.portals.kept import of as kept_of
from elmed.portals.kept import sent_or_kept
from elmed.portals.page import PortalRequest, page, search_words, shown
from elmed.portals.shared.prescription import banner
from elmed.prescriptions import queries
from elmed.prescriptions.actions import answers, draft, favourite
from elmed.prescriptions.actions.answers import Waiting
from elmed.prescriptions.actions.written import text_of, typed_of
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Favourite, Prescription
from elmed.prescriptions.states import TRANSITIONS
from elmed.prescriptions.vocabulary import OPEN, Act, Status

MOST_AGAIN, MOST_FAVOURITES = 5, 30
# Buttons, and keep.js: the form is shown with all that was typed, and not saved.
_ONLY_SHOWN = ("favourite", "favourites", "put_back")
READING = "portal.draft"  # the access record of an opened composer
READING_LASTS = timedelta(minutes=10)


@page(permission=Permission.PRESCRIPTION_DRAFT, kinds=DOCTOR)
def medicines(request: PortalRequest) -> HttpResponse:
    """The options of the medicine's list box: what is found for three characters and more."""
    words = search_words(request)
    kept = favourite.listed(request.actor, words).filter(medicine__retired_at=None)[:5] if words else []
    context = {
        "rows": [(row, text_of(row)) for row in formulary.search(words)], "words": words, "box": _box(request),
        "favourites": [{"name": row.name, "line": row.line, "fields": _fields(row), "medicine": row.medicine} for row in kept],
    }  # fmt: skip
    return render(request, "doctor/_medicines.html", context)


@page(permission=Permission.PRESCRIPTION_DRAFT, kinds=DOCTOR)
def check(request: PortalRequest, patient_pk: int) -> HttpResponse:
    """What the patient will read, and what the checks say, of all that is typed so far. Nothing is stored.

    The composer's page recorded the access when it was opened; a check adds a record only where that is too long ago.
    """
    patient = visibility.get(request.actor, Patient, patient_pk)
    composer = Composer(request.POST)
    composer.is_valid()
    draft_id, replaces_id = (_number(request.POST.get(name, "")) for name in ("draft", "replaces"))
    drafts = list(queries.drafts_with_lines(request.actor, patient.pk))
    _warn(request, composer, patient, before=_before(drafts, draft_id), replaces_id=replaces_id)
    record_access_once(request.actor, READING, patient_id=patient.pk, within=READING_LASTS)
    return render(request, "doctor/_checked.html", {"composer": composer})


def _warn(
    request: PortalRequest,
    composer: Composer,
    patient: Patient,
    *,
    before: Sequence[Prescription],
    replaces_id: int | None,
    waiting: Waiting | None = None,
) -> None:
    prefetch_related_objects([patient.whole], "allergies")
    warn(
        composer, patient, typed=typed_answers(sent_or_kept(request)), waiting=waiting or {}, replaces_id=replaces_id, before=before,
        now=request.now,
    )  # fmt: skip


def _before(drafts: Sequence[Prescription], draft_id: int | None) -> list[Prescription]:
    """The patient's drafts that are signed before this one, where all are signed together."""
    return [one for one in drafts if draft_id is None or one.pk < draft_id]


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 18 else None


def _fields(row: Favourite) -> str:
    """What choosing a favourite fills in beside the medicine."""
    return json.dumps({name: value for name, value in row.line.items() if name not in ("medicine", "medication_text")})


def _favourite(request: PortalRequest) -> dict[str, Any] | None:
    """The line of the favourite that was asked for without scripts."""
    number = request.POST.get("favourite", "")
    if not number.isdecimal() or len(number) > 17:
        return None
    row = favourite.listed(request.actor).filter(pk=number).first()
    return dict(row.line) if row else None


def _offered(request: PortalRequest) -> dict[str, Any]:
    """The favourites, where they were asked for, the first by name or those with the words: a medicine's search has them too."""
    if "favourites" not in request.POST:
        return {}
    words = request.POST.get("favourite_words", "").replace("\x00", "").strip()[:100]
    rows = list(favourite.listed(request.actor, words)[: MOST_FAVOURITES + 1])
    return {
        "favourites_asked": True, "favourites": rows[:MOST_FAVOURITES], "favourite_words": words,
        "most_favourites": MOST_FAVOURITES if len(rows) > MOST_FAVOURITES else None,
    }  # fmt: skip


def _again(request: PortalRequest, patient: Patient) -> dict[str, Any] | None:
    """Lines that were signed for this patient before, to begin from: nothing is written until it is saved."""
    numbers = [int(one) for one in request.GET.getlist("again")[:MOST_AGAIN] if one.isdecimal() and len(one) < 18]
    lines = favourite.own_lines(request.actor, numbers) if numbers else []
    if any(line.prescription.patient_id != patient.pk for line in lines):
        raise NotVisible("line")
    if not lines:
        return None
    return {
        "lines": [typed_of(line, line.medicine) for line in lines],
        "medicines": [line.medicine for line in lines if line.medicine],
        "diagnosis": [{"text": row.get("text"), "code": row.get("code")} for row in lines[0].prescription.diagnosis],
    }


def _box(request: PortalRequest) -> str:
    """Which row of the form asks: `lines-2`."""
    words = request.POST.get("box", "") or request.GET.get("box", "")
    number = words.removeprefix("lines-")
    return words if words.startswith("lines-") and number.isdecimal() and len(number) < 3 else "lines-0"


@page(permission=Permission.PRESCRIPTION_DRAFT, kinds=DOCTOR)
def compose(request: PortalRequest, patient_pk: int) -> HttpResponse:
    """A new draft for a patient, from the newest consultation with them."""
    newest = visibility.visible(request.actor, Consultation).filter(patient=OuterRef("pk")).order_by("-held_at", "-pk")
    rows = visibility.visible(request.actor, Patient).annotate(consultation=Subquery(newest.values("pk")[:1]))
    patient = rows.filter(pk=patient_pk).first()
    if patient is None:
        raise NotVisible("patient")
    if patient.merged_into_id:
        return redirect("doctor_compose", patient.merged_into_id)
    consultation: int | None = patient.consultation
    if consultation is None:
        messages.info(request, _("A prescription follows from a consultation: record it first."))
        return redirect("doctor_consultation", patient_pk)
    return _compose(request, patient, consultation_id=consultation)


@page(permission=Permission.PRESCRIPTION_DRAFT, kinds=DOCTOR)
def edit(request: PortalRequest, pk: int) -> HttpResponse:
    """Change an own draft."""
    drafts = list(queries.drafts_beside(request.actor, pk))
    rx = next((one for one in drafts if one.pk == pk), None) or _own(request, pk)
    if rx.status != Status.DRAFT:
        raise NotNow(
            "invalid_status", _("It is signed: it cannot be changed, only replaced."), current_status=rx.status
        )
    return _compose(request, rx.patient, rx=rx, drafts=drafts)


@page(permission=TRANSITIONS[Act.REPLACE].permission, kinds=DOCTOR)
def replace(request: PortalRequest, pk: int) -> HttpResponse:
    """Write the replacement of an open prescription, beginning with its words."""
    rows = list(queries.with_drafts_beside(request.actor, pk))
    rx = next((one for one in rows if one.pk == pk), None) or visibility.get(request.actor, Prescription, pk)
    if rx.status not in OPEN:
        raise NotNow("invalid_status", _("Only an open prescription can be replaced."), current_status=rx.status)
    drafts = [one for one in rows if one.status == Status.DRAFT]
    return _compose(request, rx.patient, replaces=rx, consultation_id=rx.consultation_id, drafts=drafts)


@page(permission=Permission.PRESCRIPTION_DRAFT, kinds=DOCTOR)
def discard(request: PortalRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    rx = _own(request, pk)
    if request.method == "POST":
        draft.discard(request.actor, pk)
        messages.success(request, _("The draft is gone."))
        return redirect("doctor_patient", rx.patient_id)
    shown(request, "draft", [rx.patient_id])
    return render(request, "doctor/discard.html", {"rx": rx, "lines": rx.lines.all(), **banner(request, rx.patient)})


def _own(request: PortalRequest, pk: int) -> Prescription:
    rx = queries.listed(request.actor).filter(pk=pk).first()
    return rx if rx is not None else visibility.get(request.actor, Prescription, pk)


def _compose(
    request: PortalRequest,
    patient: Patient,
    *,
    rx: Prescription | None = None,
    replaces: Prescription | None = None,
    consultation_id: int | None = None,
    drafts: Sequence[Prescription] | None = None,
) -> HttpResponse:
    start = rx or replaces
    add, find = request.POST.get("add", ""), request.POST.get("find", "")
    if request.method == "POST" and (add or find or any(name in request.POST for name in _ONLY_SHOWN)):
        more = _favourite(request)
        composer = Composer(initial=typed(request.POST, add, more), find=int(find) if find.isdecimal() else -1)
        if add:
            composer.begin_at(add)
    elif request.method == "POST":
        composer = Composer(request.POST)
        if composer.is_valid():
            if rx is None and composer.form.already_sent():
                messages.info(request, _("This form was sent twice; one draft was made."))
                return redirect("doctor_patient", patient.pk)
            saved = _save(
                request,
                composer,
                patient,
                draft_id=rx.pk if rx else None,
                consultation_id=consultation_id,
                replaces_id=replaces.pk if replaces else None,
                expected_version=composer.form.cleaned_data["version"] if rx else None,
            )
            if saved is not None:
                return redirect("doctor_review", saved.pk)
    elif (kept := kept_of(request)) is not None:
        composer = Composer(initial=typed(kept))
    else:
        composer = Composer(initial=initial_of(start) if start else _again(request, patient))
        if start is None:
            composer.begin_at("diagnosis")
    shown(request, "draft", [patient.pk])
    place = jurisdiction()
    if drafts is None:
        drafts = list(queries.drafts_with_lines(request.actor, patient.pk))
    replaced = replaces.pk if replaces else rx.replaces_id if rx else None
    _warn(
        request, composer, patient, before=_before(drafts, rx.pk if rx else None), replaces_id=replaced,
        waiting=answers.waiting(rx) if rx and request.method != "POST" and not kept_of(request) else None,
    )  # fmt: skip
    context = {
        "composer": composer, "several": composer.lines.total_form_count() > 1, "rx": rx, "replaces": replaces, "replaced": replaced,
        "version": _version(request, rx, composer), "no_formulary": formulary.nothing_loaded(),
        "months": place.validity_months,
        "drafts": [one for one in drafts if rx is None or one.pk != rx.pk],
        "controlled_days": place.controlled_validity_days, **_offered(request), **banner(request, patient),
    }  # fmt: skip
    return render(request, "doctor/compose.html", context, status=composer.status)


def _version(request: PortalRequest, rx: Prescription | None, composer: Composer) -> int | str:
    """The version that was looked at: that of the page that was sent, now or in vain, until it is refused as changed meanwhile."""
    if rx is None:
        return ""
    if kept_of(request) or (request.method == "POST" and composer.status != VersionConflict.status):
        return sent_or_kept(request).get("version", "")[:10]
    if request.method == "POST":
        rx.refresh_from_db(fields=["version"])
    return rx.version


def _save(request: PortalRequest, composer: Composer, patient: Patient, **which: Any) -> Prescription | None:
    saved = None
    try:
        saved = draft.save_draft(
            request.actor, patient_id=patient.pk, content=composer.content(to_keep(composer, request.POST)),
            now=request.now, **which,
        )  # fmt: skip
    except Invalid as refusal:
        composer.point(refusal)
    except (NotNow, NotVisible, VersionConflict) as refusal:
        composer.form.tell(refusal)
    finally:  # also where it broke: whoever sends it again is not told that a draft was made
        if saved is None:
            composer.form.not_done()
    return saved
