"""The doctor's prescriptions: home, list, one prescription's screen.

Writing is compose.py, checking and signing sign.py; the other acts are pages of shared/acts.py.
"""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from elmed.access.permissions import Permission
from elmed.core.refusals import NotNow
from elmed.portals.doctor.forms import AnsweredForm
from elmed.portals.doctor.patients import DOCTOR, PAGE_SIZE
from elmed.portals.page import PortalRequest, page, search_words, shown
from elmed.portals.shared.acts import buttons
from elmed.portals.shared.prescription import banner, screen
from elmed.portals.shared.route_page import choose
from elmed.portals.words import TODAY_WORDS, reason_words
from elmed.prescriptions import queries, today
from elmed.prescriptions.actions.answered import answer_question
from elmed.prescriptions.vocabulary import Act, HoldKind, Status

_SPECIAL = {Act.ROUTE: "doctor_route", Act.REPLACE: "doctor_replace"}
# It is over, and nothing was wrong with the words: the doctor may begin a new one with them.
_AGAIN = {Status.DISPENSED, Status.NOT_DISPENSED, Status.REJECTED, Status.CANCELLED, Status.EXPIRED}


@page(permission=Permission.PRESCRIPTION_READ, kinds=DOCTOR)
def home(request: PortalRequest) -> HttpResponse:
    """What waits for the doctor, one list a kind with its count; and the newest."""
    waiting = today.waiting(request.actor, request.now)
    newest = list(queries.listed(request.actor).exclude(status=Status.DRAFT)[:5])
    lists: list[dict[str, object]] = []
    for one in waiting:
        for rx in one.rows:
            rx.why = reason_words(rx.status_reason)  # type: ignore[attr-defined]
        words, column = TODAY_WORDS[one.kind]
        lists.append({"kind": one.kind, "count": one.count, "rows": one.rows, "words": words, "column": column})
    shown(request, "home", {rx.patient_id for one in waiting for rx in one.rows} | {rx.patient_id for rx in newest})
    return render(request, "doctor/home.html", {"waiting": lists, "newest": newest})


@page(permission=Permission.RESUME, kinds=DOCTOR)
def answered(request: PortalRequest, pk: int) -> HttpResponse:
    """Write down what was answered by phone; the pharmacist reads it and ends the pause."""
    sheet = queries.sheet(request.actor, pk, request.now)
    hold = next((one for one in sheet.subject.holds if one.kind == HoldKind.PHARMACY), None)
    if hold is None:
        raise NotNow(
            "invalid_status", _("No pharmacist’s question waits for an answer."), current_status=sheet.rx.status
        )
    form = AnsweredForm(request.POST or None, initial={"words": hold.answer})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if form.attempt(
            lambda: answer_question(
                request.actor, pk, words=data["words"], now=request.now, expected_version=data["version"]
            )
        ):
            messages.success(request, _("The pharmacist reads your answer, and ends the pause."))
            return redirect("doctor_prescription", pk)
    shown(request, "prescription.act", [sheet.rx.patient_id])
    context = {"form": form, "rx": sheet.rx, "hold": hold, **banner(request, sheet.rx.patient)}
    return render(request, "doctor/answered.html", context, status=form.status)


@page(permission=Permission.PRESCRIPTION_READ, kinds=DOCTOR)
def prescriptions(request: PortalRequest) -> HttpResponse:
    """Everything the doctor wrote, newest first: by status, by family name; or one list of the start page, whole."""
    status, waits, words = request.GET.get("status", ""), request.GET.get("waits", ""), search_words(request)
    waits = waits if waits in today.KINDS else ""
    rows = today.of_kind(request.actor, waits, request.now) if waits else queries.listed(request.actor)
    if status in set(Status):
        rows = rows.filter(status=status)
    if words:
        rows = rows.filter(patient__family_name__istartswith=words)
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    shown(request, "prescriptions", [rx.patient_id for rx in found])
    asked = {name: value for name, value in (("status", status), ("waits", waits), ("q", words)) if value}
    context = {
        "page": found, "status": status, "waits": waits, "q": words, "statuses": list(Status),
        "kind": TODAY_WORDS[waits][0] if waits else "", "query": urlencode(asked) + "&" if asked else "",
    }  # fmt: skip
    return render(request, "doctor/prescriptions.html", context)


@page(permission=Permission.PRESCRIPTION_READ, kinds=DOCTOR)
def prescription(request: PortalRequest, pk: int) -> HttpResponse:
    """One prescription: status, lines, what was supplied, history, and the acts that are legal now."""
    sheet = queries.sheet(request.actor, pk, request.now)
    if sheet.rx.status == Status.DRAFT:
        return redirect("doctor_review", pk)
    shown(request, "prescription", [sheet.rx.patient_id])
    context = screen(request, sheet) | {"buttons": buttons(sheet, "doctor", _SPECIAL), "portal": "doctor"}
    context["prescribed_again"] = _AGAIN if sheet.rx.replaced_at is None else ()
    if sheet.rx.replaced_at is not None:
        signed = queries.listed(request.actor).filter(replaces=sheet.rx, signature_value__gt="")
        context["replaced_by"] = signed.first()
    return render(request, "doctor/prescription.html", context)


@page(permission=Permission.ROUTE, kinds=DOCTOR)
def choose_pharmacy(request: PortalRequest, pk: int) -> HttpResponse:
    """Choose or change the pharmacy."""
    return choose(request, pk, "doctor_prescription")
