"""What stands in the test world: its prescriptions, and one of them as both sides and software see it, with acts to play.

Read through the account's own actor in its test world alone. A developer has no other pages of prescriptions.
"""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from elmed.access.permissions import Permission
from elmed.accounts.models import AccountKind
from elmed.core.refusals import NotVisible
from elmed.events.queries import of_prescription_as_told
from elmed.portals.page import PortalRequest, page, shown
from elmed.portals.shared.prescription import entries, sheet_context
from elmed.portals.shared.test_world import TESTING, tabs
from elmed.portals.shared.test_world_forms import ActForm
from elmed.portals.shared.test_world_words import ACT_WORDS, SIDE_WORDS
from elmed.prescriptions import queries
from elmed.prescriptions.vocabulary import Act, Side, Status
from elmed.sandbox import other_side, people
from elmed.sandbox.offered import offered
from elmed.sandbox.other_side import ANSWER, Wanted

PAGE_SIZE = 20
# The page of a prescription in the account's own portal.
OWN_PAGE = {AccountKind.DOCTOR: "doctor_prescription", AccountKind.PHARMACY: "pharmacy_prescription"}

_FIRST = (Act.VERIFY, Act.DISPENSE, Act.CONFIRM_CANCEL, Act.RESUME, ANSWER)  # what one mostly waits for


@page(permission=Permission.SANDBOX, kinds=TESTING, unverified=True)
def prescriptions(request: PortalRequest) -> HttpResponse:
    """All that the account sees there, the newest first, by status."""
    if not request.test_data:
        return redirect("test_world")
    people.require_test_world(request.actor)
    rows = queries.listed(request.actor).exclude(status=Status.DRAFT)
    status = request.GET.get("status", "")
    filters = [one.value for one in Status if one is not Status.DRAFT]
    if status in filters:
        rows = rows.filter(status=status)
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    shown(request, "prescriptions", [rx.patient_id for rx in found])
    context = {"page": found, "status": status, "filters": filters, "tabs": tabs("test_world_prescriptions")}
    return render(request, "portals/test_world_prescriptions.html", context)


@page(permission=Permission.SANDBOX, kinds=TESTING)
def prescription(request: PortalRequest, pk: int) -> HttpResponse:
    """One of them: lines, status, history, supplies, its events in the account's list, and what its people can do now."""
    people.require_test_world(request.actor)
    return _one(request, pk, ActForm())


@page(permission=Permission.SANDBOX, kinds=TESTING)
@require_POST
def act(request: PortalRequest, pk: int) -> HttpResponse:
    """Let one of the people in the test world act."""
    people.require_test_world(request.actor)
    form = ActForm(request.POST)
    if form.is_valid():
        if form.already_sent():
            messages.info(request, _("This form was sent twice; the act was played once."))
            return redirect("test_world_prescription", pk)
        name, side = form.asked
        done = form.attempt(lambda: other_side.act(request.actor, pk, Wanted(name, by=side.value)))
        if done is not None:
            words = {"who": SIDE_WORDS[side], "act": ACT_WORDS[name]}
            messages.success(request, _("Played. %(who)s: %(act)s.") % words)
            then = done.replacement.pk if done.replacement else pk
            seen = queries.listed(request.actor).filter(pk=then).exists()
            return redirect("test_world_prescription", then) if seen else redirect("test_world_prescriptions")
    return _one(request, pk, form)


def _one(request: PortalRequest, pk: int, form: ActForm) -> HttpResponse:
    sheet = queries.sheet(request.actor, pk, request.now, answers=False, acts=False)
    rx = sheet.rx
    if rx.status == Status.DRAFT:
        raise NotVisible("prescription")
    shown(request, "prescription", [rx.patient_id])
    own = OWN_PAGE.get(AccountKind(request.account.kind), "")
    happened = of_prescription_as_told(rx.pk, request.account.pk, request.actor.world_id)
    context = sheet_context(request, sheet) | {
        "call": f'curl -H "X-API-Key: $ELMED_KEY" {settings.BASE_URL}/api/public/v1/prescriptions/{rx.pk}',
        "form": form, "portal": "test_world", "own_page": own, "sides": _sides(request, sheet),
        "replaced_here": rx.replaces_id is not None and queries.listed(request.actor).filter(pk=rx.replaces_id).exists(),
        "history": entries(happened), "told": [event for event in happened if event.sequence is not None],  # type: ignore[attr-defined]
    }  # fmt: skip
    return render(request, "portals/test_world_prescription.html", context, status=form.status)


def _sides(request: PortalRequest, sheet: queries.Sheet) -> list[dict[str, Any]]:
    """Who can do what now: the other side, for a developer both. The account's own acts are in its own portal."""
    kind = AccountKind(request.account.kind)
    own = {AccountKind.DOCTOR: Side.DOCTOR, AccountKind.PHARMACY: Side.PHARMACY}.get(kind)
    found = sorted(offered(request.actor, sheet.subject, request.now), key=lambda one: one[0] not in _FIRST)
    return [
        {"who": words, "acts": [(f"{side} {name}", name, ACT_WORDS[name]) for name, by in found if by is side]}
        for side, words in SIDE_WORDS.items()
        if side is not own
    ]
