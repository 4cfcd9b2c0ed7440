"""The clock of a test world and its emptying, as pages. What moving and emptying do says elmed/sandbox."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.permissions import Permission
from elmed.portals.page import PortalRequest, page
from elmed.portals.shared.test_world import TESTING, tabs
from elmed.portals.shared.test_world_forms import NEXT, STEPS, ClockForm, EmptyForm
from elmed.portals.shared.test_world_words import DUE_WORDS
from elmed.sandbox import clock, people, reset

MANAGE = Permission.SANDBOX_MANAGE  # both are everybody's of the account, their software's too


@page(permission=Permission.SANDBOX, kinds=TESTING, unverified=True)
def clock_page(request: PortalRequest) -> HttpResponse:
    """What time it is there and what is due next; move it forward, where one manages it."""
    if request.method != "POST" and not request.test_data:
        return redirect("test_world")
    people.require_test_world(request.actor)
    if request.method != "POST":
        return _shown(request, ClockForm())
    policy.require(request.actor, MANAGE)
    form = ClockForm(request.POST)
    if not form.is_valid():
        return _shown(request, form)
    if form.already_sent():
        messages.info(request, _("This form was sent twice; the clock was moved once."))
        return redirect("test_world_clock")
    now = form.attempt(
        lambda: clock.advance_to_next(request.actor) if form.to_next else clock.advance(request.actor, form.by)
    )
    if now is None and form.errors:
        return _shown(request, form)
    words = _("The clock was moved forward. What became due is done.") if now else _("Nothing is due: the clock stays.")
    messages.success(request, words)
    return redirect("test_world_clock")


@page(permission=MANAGE, kinds=TESTING)
def empty(request: PortalRequest) -> HttpResponse:
    """Ask, then empty it."""
    people.require_test_world(request.actor)
    form = EmptyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if form.already_sent():
            messages.info(request, _("This form was sent twice; the test world was emptied once."))
            return redirect("test_world")
        if form.attempt(lambda: _emptied(request)):
            messages.success(request, _("The test world is empty, and its clock shows real time."))
            return redirect("test_world")
    context = {"form": form, "now": request.now}
    return render(request, "portals/test_world_empty.html", context, status=form.status)


def _emptied(request: PortalRequest) -> bool:
    reset.reset(request.actor)
    return True


def _shown(request: PortalRequest, form: ClockForm) -> HttpResponse:
    due = clock.next_due(request.actor, request.now)
    context = {
        "form": form, "now": request.now, "tabs": tabs("test_world_clock"), "next": NEXT,
        "steps": [(name, words) for name, (words, _by) in STEPS.items()], "due": due and (due[0], DUE_WORDS[due[1]]),
        "manages": MANAGE in request.actor.permissions,
    }  # fmt: skip
    return render(request, "portals/test_world_clock.html", context, status=form.status)
