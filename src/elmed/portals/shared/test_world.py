"""The switch to the account's test world, and its page: scenarios to play, its clock, its emptying.

What is done here is done by the sandbox, as through the API. Whoever has not switched is told what the switch does.
"""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from elmed.access.permissions import Permission
from elmed.accounts.models import Account, AccountKind
from elmed.core.refusals import NotAllowed
from elmed.portals import refused, test_data
from elmed.portals.forms import OnceForm
from elmed.portals.page import PortalRequest, page, person_page
from elmed.sandbox import clock, people, reset
from elmed.sandbox.scenarios import SCENARIOS, play

TESTING = (AccountKind.DOCTOR, AccountKind.PHARMACY, AccountKind.DEVELOPER)


class ScenarioForm(OnceForm):
    """Which scenario, and for a developer on which side."""

    name = forms.ChoiceField(label=gettext_lazy("Scenario"), choices=[(name, name) for name in SCENARIOS])
    side = forms.ChoiceField(
        label=gettext_lazy("Your side"), required=False,
        choices=[(AccountKind.PHARMACY.value, gettext_lazy("Pharmacy")), (AccountKind.DOCTOR.value, gettext_lazy("Doctor"))],
    )  # fmt: skip


class ClockForm(OnceForm):
    """How far."""

    days = forms.IntegerField(
        label=gettext_lazy("Days"), min_value=1, max_value=clock.FARTHEST.days,
        help_text=gettext_lazy("The clock only goes forward. What becomes due on the way happens at its moment."),
    )  # fmt: skip


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
    return redirect("test_world" if on else "home")


@page(permission=Permission.SANDBOX, kinds=TESTING)
def test_world(request: PortalRequest) -> HttpResponse:
    """What can be tried, and what time it is there."""
    return _shown(request, ScenarioForm(), ClockForm())


@page(permission=Permission.SANDBOX, kinds=TESTING)
@require_POST
def play_scenario(request: PortalRequest) -> HttpResponse:
    """Play one, and show what it left."""
    people.require_test_world(request.actor)
    form = ScenarioForm(request.POST)
    if form.is_valid():
        if form.already_sent():
            messages.info(request, _("This form was sent twice; it was played once."))
            return redirect("test_world")
        side = form.cleaned_data["side"] if request.account.kind == AccountKind.DEVELOPER else None
        made = form.attempt(lambda: play(request.actor, form.cleaned_data["name"], side=side or None))
        if made is not None:
            left = made.left
            words = _("Played: %(name)s. Prescriptions: %(numbers)s. Patient: %(family)s, born %(born)s.") % {
                "name": made.name, "numbers": ", ".join(str(rx.pk) for rx in left.prescriptions) or "-",
                "family": left.patient.family_name, "born": left.patient.date_of_birth.isoformat(),
            }  # fmt: skip
            messages.success(request, words)
            return redirect("test_world")
    return _shown(request, form, ClockForm())


@page(permission=Permission.SANDBOX, kinds=TESTING)
@require_POST
def advance_clock(request: PortalRequest) -> HttpResponse:
    """Move the clock forward."""
    people.require_test_world(request.actor)
    form = ClockForm(request.POST)
    if form.is_valid() and not form.already_sent():
        done = form.attempt(lambda: clock.advance(request.actor, timedelta(days=form.cleaned_data["days"])))
        if done is not None:
            messages.success(request, _("The clock was moved forward."))
            return redirect("test_world")
    return _shown(request, ScenarioForm(), form)


@page(permission=Permission.SANDBOX, kinds=TESTING)
def empty(request: PortalRequest) -> HttpResponse:
    """Ask, then empty it."""
    people.require_test_world(request.actor)
    if request.method == "POST":
        reset.reset(request.actor)
        messages.success(request, _("The test world is empty, and its clock shows real time."))
        return redirect("test_world")
    return render(request, "portals/test_world_empty.html")


def _shown(request: PortalRequest, form: ScenarioForm, moving: ClockForm) -> HttpResponse:
    if request.account.kind != AccountKind.DEVELOPER:
        del form.fields["side"]
    rows = [(name, one.what.replace("`", ""), one.attempt.replace("`", "")) for name, one in SCENARIOS.items()]
    context = {"form": form, "moving": moving, "scenarios": rows, "now": request.now}
    return render(request, "portals/test_world.html", context, status=max(form.status, moving.status))
