"""Check before you sign: each draft whole, its warnings in the rows that caused them, the pharmacy, and who signs.

Whether a signature needs a fresh proof of who signs is decided by the act (prescriptions/actions/issue.py); these pages ask for it
beforehand, by the same two spans of time. One draft (`review`), or all of one patient's (`basket`): each is signed in a
transaction of its own, and what became of each is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from elmed.access import visibility
from elmed.access.permissions import Permission
from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, Refusal, require_version
from elmed.medications.checks import Warning
from elmed.patients.models import Patient
from elmed.portals.confirm_form import identified
from elmed.portals.doctor.patients import DOCTOR
from elmed.portals.doctor.sign_forms import KeepForm, SignatureForm
from elmed.portals.forms import problems
from elmed.portals.kept import sent_or_kept
from elmed.portals.page import PortalRequest, actor_of, page, shown
from elmed.portals.refused import words_of
from elmed.portals.shared.prescription import banner
from elmed.portals.shared.route_page import pharmacy_choices
from elmed.prescriptions import queries
from elmed.prescriptions.actions.checked import warnings_together
from elmed.prescriptions.actions.draft import errors_in
from elmed.prescriptions.actions.issue import REAUTHENTICATION, issue
from elmed.prescriptions.actions.replace import replace
from elmed.prescriptions.models import Prescription, PrescriptionLine
from elmed.prescriptions.vocabulary import Status

MOST_TOGETHER = 10


@dataclass
class Draft:
    """One draft on the page."""

    rx: Prescription
    lines: list[PrescriptionLine]
    form: KeepForm
    lacks: list[dict[str, str]]


@page(permission=Permission.ISSUE, kinds=DOCTOR)
def review(request: PortalRequest, pk: int) -> HttpResponse:
    """Show one draft once more, and sign it."""
    rx = visibility.visible(request.actor, Prescription).select_related("patient", "replaces").filter(pk=pk).first()
    if rx is None:
        rx = visibility.get(request.actor, Prescription, pk)
    if rx.status != Status.DRAFT:
        if request.method == "POST":
            messages.info(request, _("It is signed already; it was signed once."))
        return redirect("doctor_prescription", pk)
    return _sign_page(request, rx.patient, _drafts(request, [rx], together=False))


@page(permission=Permission.ISSUE, kinds=DOCTOR)
def basket(request: PortalRequest, pk: int) -> HttpResponse:
    """A patient's drafts, the first ten: each a prescription of its own, signed with one proof of who signs."""
    rows = list(queries.drafts_of(request.actor, pk)[: MOST_TOGETHER + 1])
    if not rows:
        visibility.get(request.actor, Patient, pk)
        if request.method == "POST":
            messages.info(request, _("Everything is signed already; it was signed once."))
        return redirect("doctor_patient", pk)
    drafts = _drafts(request, rows[:MOST_TOGETHER], together=True)
    return _sign_page(request, rows[0].patient, drafts, more=len(rows) > MOST_TOGETHER)


def _drafts(request: PortalRequest, rows: Sequence[Prescription], *, together: bool) -> list[Draft]:
    """The drafts of one patient, checked in the order in which they are signed."""
    patient = rows[0].patient
    prefetch_related_objects([patient], "allergies")
    queries.with_lines(rows)
    for rx in rows:
        rx.patient = patient
    found = warnings_together([(rx, list(rx.lines.all())) for rx in rows], now=request.now)
    return [_draft(request, rx, warnings, together=together) for rx, warnings in zip(rows, found, strict=True)]


def _draft(request: PortalRequest, rx: Prescription, warnings: list[Warning], *, together: bool) -> Draft:
    prefix, lines = f"rx{rx.pk}" if together else "", list(rx.lines.all())
    form = KeepForm(
        _sent(request),
        initial=_typed(request, f"{prefix}-" if prefix else ""),
        prefix=prefix or None,
        warnings=warnings,
        rx=rx,
    )
    return Draft(rx, lines, form, errors_in(rx, lines, request.now))


def _sign_page(request: PortalRequest, patient: Patient, drafts: list[Draft], *, more: bool = False) -> HttpResponse:
    signature = _signature(request, drafts)
    status = 200
    if _sent(request) is not None:
        fine = [one.form.is_valid() for one in drafts] + [signature.is_valid()]
        if all(fine) and _identified(request, signature):
            signed = [rx for one in drafts if (rx := _sign(request, one, signature)) is not None]
            if len(signed) == len(drafts):
                messages.success(request, _signed_words(signed))
                only = signed[0].pk if len(signed) == 1 else None
                return redirect("doctor_prescription", only) if only else redirect("doctor_patient", patient.pk)
            for rx in signed:
                words = _("Signed: %(what)s.") % {"what": ", ".join(one.medication_text for one in rx.lines.all())}
                messages.success(request, words)
            drafts = [one for one in drafts if one.rx.pk not in {rx.pk for rx in signed}]
            for one in drafts:
                one.rx.refresh_from_db(fields=["version"])
        status = max([one.form.status for one in drafts] + [signature.status])
    shown(request, "draft", [patient.pk])
    context = {
        "drafts": drafts, "signature": signature, "problems": _problems(drafts, signature), "together": len(drafts) > 1,
        "more": more, "pharmacy_words": _pharmacy_words(request),
        "lacking": any(one.lacks for one in drafts), "demonstration": _demonstration(drafts),
        "counted": sum(len(one.form.warnings) for one in drafts),
        "asked": sum(len(one.form.open) for one in drafts), **banner(request, patient),
    }  # fmt: skip
    return render(request, "doctor/review.html", context, status=status)


def _problems(drafts: list[Draft], signature: SignatureForm) -> list[tuple[str, str]]:
    """Everything wrong on the page, for its one summary; which of several drafts is said as the page numbers them."""
    found = []
    for number, one in enumerate(drafts, 1):
        where = _("Prescription %(number)s") % {"number": number} + ", " if len(drafts) > 1 else ""
        found += problems(one.form, where)
    return found + problems(signature)


def _signed_words(signed: list[Prescription]) -> str:
    """That it is done, and where they are now: all went to the one pharmacy that was chosen, or to none."""
    count, pharmacy = len(signed), signed[0].pharmacy
    if pharmacy is None:
        words = ngettext(
            "Signed. The patient chooses the pharmacy.",
            "%(count)s prescriptions are signed. The patient chooses the pharmacy.",
            count,
        )
        return words % {"count": count}
    words = ngettext(
        "Signed. It is with %(pharmacy)s.", "%(count)s prescriptions are signed. They are with %(pharmacy)s.", count
    )
    return words % {"count": count, "pharmacy": pharmacy.name}


def _demonstration(drafts: list[Draft]) -> bool:
    return any(line.demonstration for one in drafts for line in one.lines)


def _sent(request: PortalRequest) -> QueryDict | None:
    """What is to be signed; None while somebody only looks, or looks for a pharmacy."""
    return request.POST if request.method == "POST" and "find_pharmacy" not in request.POST else None


def _typed(request: PortalRequest, prefix: str) -> dict[str, Any]:
    """What was typed before a pharmacy was looked for."""
    return {
        name.removeprefix(prefix): value for name, value in sent_or_kept(request).items() if name.startswith(prefix)
    }


def _pharmacy_words(request: PortalRequest) -> str:
    return sent_or_kept(request).get("pharmacy_words", "").replace("\x00", "").strip()[:100]


def _signature(request: PortalRequest, drafts: list[Draft]) -> SignatureForm:
    replaced = next((one.rx.replaces for one in drafts if one.rx.replaces), None)
    before = replaced.pharmacy_id if replaced else None  # where the patient went before, until another is chosen
    chosen = sent_or_kept(request).get("pharmacy_id", "") or str(before or "")
    return SignatureForm(
        _sent(request),
        initial={"pharmacy_id": chosen},
        choices=pharmacy_choices(request.actor.world_id, _pharmacy_words(request), chosen),
        signer=request.person if _proof_due(request, [line for one in drafts for line in one.lines]) else None,
    )


def _proof_due(request: PortalRequest, lines: list[PrescriptionLine]) -> bool:
    if any(line.is_controlled for line in lines) or request.actor.authenticated_at is None:
        return True
    return real_now() - request.actor.authenticated_at > REAUTHENTICATION


def _identified(request: PortalRequest, form: SignatureForm) -> bool:
    """Check password, code or passkey where one is asked for; wrong ones count against the sign-in's own limit."""
    if "password" not in form.fields:
        return True
    if not identified(request, form):
        return False
    request.actor = actor_of(request, request.account)
    return True


def _sign(request: PortalRequest, one: Draft, signature: SignatureForm) -> Prescription | None:
    rx, form = one.rx, one.form
    words: dict[str, Any] = {
        "answers": form.answers(), "pharmacy_id": signature.pharmacy_id, "now": request.now,
    }  # fmt: skip

    def act() -> Prescription:
        if rx.replaces_id is None:
            return issue(request.actor, rx.pk, expected_version=form.cleaned_data["version"], **words)
        # `replace` itself would take the version of the old one.
        require_version(form.cleaned_data["version"], rx.version)
        return replace(request.actor, rx.replaces_id, draft_id=rx.pk, reason=form.cleaned_data["reason"], **words)

    try:
        return form.attempt(act)
    except Refusal as refusal:
        if isinstance(refusal, NotAllowed) and refusal.code != "reauthentication_required":
            raise
        if isinstance(refusal, Invalid):
            raise
        form.add_error(None, words_of(refusal))
        form.status = refusal.status
        return None
