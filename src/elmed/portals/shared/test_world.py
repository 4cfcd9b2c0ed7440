"""The switch to the account's test world, and its first page: the scenarios to play.

What is done here is done by the sandbox, as through the API. Whoever has not switched is told what the switch does.
Beside it: test_world_rows.py (what stands there, acts of the people in it), test_world_clock.py (its clock, its emptying).
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from elmed.access.permissions import Permission
from elmed.access.visibility import visible
from elmed.accounts.models import Account, AccountKind
from elmed.core.refusals import NotAllowed
from elmed.portals import refused, test_data
from elmed.portals.page import PortalRequest, page, person_page
from elmed.portals.shared.test_world_forms import ScenarioForm
from elmed.portals.shared.test_world_words import GROUPS, SCENARIO_WORDS
from elmed.prescriptions.models import Prescription
from elmed.sandbox import people
from elmed.sandbox.scenarios import SCENARIOS, Played, play

TESTING = (AccountKind.DOCTOR, AccountKind.PHARMACY, AccountKind.DEVELOPER)
_THEN = ("webhooks",)  # pages that the switch leads back to
_SIDE = "test_world_side"  # in the session: the side that a developer played on last


@person_page
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Look at the test world, or at the live one again."""
    account: Account | None = getattr(request, "account", None)
    if account is None:
        return redirect("home")
    on = request.POST.get("view") == "test"
    try:
        test_data.view(request, account, on=on)
    except NotAllowed as refusal:
        return refused.page(request, refusal)
    then = request.POST.get("then", "")
    return redirect((then if then in _THEN else "test_world") if on else "home")


@page(permission=Permission.SANDBOX, kinds=TESTING, unverified=True)
def test_world(request: PortalRequest) -> HttpResponse:
    """What can be played."""
    return _shown(request, ScenarioForm(initial={"side": request.session.get(_SIDE) or AccountKind.PHARMACY.value}))


@page(permission=Permission.SANDBOX, kinds=TESTING)
@require_POST
def play_scenario(request: PortalRequest) -> HttpResponse:
    """Play one, and lead to what it left."""
    people.require_test_world(request.actor)
    form = ScenarioForm(request.POST)
    if form.is_valid():
        if form.already_sent():
            messages.info(request, _("This form was sent twice; it was played once."))
            return redirect("test_world")
        side = form.cleaned_data["side"] if request.account.kind == AccountKind.DEVELOPER else None
        made = form.attempt(lambda: play(request.actor, form.cleaned_data["name"], side=side or None))
        if made is not None:
            if side:
                request.session[_SIDE] = side
            messages.success(request, _told(request, made))
            return redirect(f"{reverse('test_world')}?{urlencode({'played': made.name})}")
    return _shown(request, form)


def tabs(current: str) -> list[tuple[str, str, None, bool]]:
    """The pages of the test world."""
    pages = (
        ("test_world", _("Scenarios")),
        ("test_world_prescriptions", _("What stands there")),
        ("test_world_clock", _("Clock")),
    )
    return [(reverse(name), words, None, name == current) for name, words in pages]


def _told(request: PortalRequest, made: Played) -> str:
    """What came of a scenario, with a link to it where the account sees it, and what a shopper would show."""
    left = made.left
    numbers = [rx.pk for rx in left.prescriptions]
    seen = set(visible(request.actor, Prescription).filter(pk__in=numbers).values_list("pk", flat=True))
    context: dict[str, Any] = {
        "told": SCENARIO_WORDS[made.name], "name": made.name, "attempt": made.scenario.attempt, "patient": left.patient,
        "rows": [(rx, rx.pk in seen) for rx in left.prescriptions], "born": left.proof_born or left.patient.date_of_birth,
        "wrong": left.proof_born is not None,
    }  # fmt: skip
    return render_to_string("portals/_played.html", context, request)


def _shown(request: PortalRequest, form: ScenarioForm) -> HttpResponse:
    developer = request.account.kind == AccountKind.DEVELOPER
    if not developer:
        del form.fields["side"]
    last = request.GET.get("played", "")
    shown = next((number for number, (_title, group) in enumerate(GROUPS) if last in group), 0)
    groups = [
        (title, [(name, SCENARIOS[name], told) for name, told in group.items()], number == shown)
        for number, (title, group) in enumerate(GROUPS)
    ]
    context = {
        "form": form, "groups": groups, "developer": developer, "tabs": tabs("test_world"), "now": request.now,
        "manages": Permission.SANDBOX_MANAGE in request.actor.permissions,
    }  # fmt: skip
    return render(request, "portals/test_world.html", context, status=form.status)
