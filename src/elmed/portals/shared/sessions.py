"""Settings → Security → Where you are signed in: the sign-ins, and ending them. The acts are access/sessions.py's."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from elmed.access import sessions as acts
from elmed.core.clock import real_now
from elmed.core.refusals import NotVisible
from elmed.portals import refused
from elmed.portals.devices import device_words
from elmed.portals.page import person_page
from elmed.prescriptions.jurisdiction import jurisdiction

PAGE_SIZE = 50


@person_page
def sessions(request: HttpRequest) -> HttpResponse:
    """Each with its browser, its address and its last use; this one is marked."""
    found = Paginator(acts.of_person(request.user.pk or 0, real_now()), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [
        {"session": row, "device": device_words(row.user_agent), "this": row.session_key == request.session.session_key}
        for row in found
    ]
    with timezone.override(jurisdiction().zone):
        return render(request, "settings/sessions.html", {"rows": rows, "page": found})


@person_page
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one."""
    try:
        acts.end(request.user.pk or 0, pk)
    except NotVisible as refusal:
        return refused.page(request, refusal)
    messages.success(request, _("That sign-in has ended."))
    return redirect("sessions")


@person_page
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all but this one."""
    count = acts.end_all(request.user.pk or 0, but=request.session.session_key)
    words = ngettext("%(count)d other sign-in has ended.", "%(count)d other sign-ins have ended.", count)
    messages.success(request, words % {"count": count})
    return redirect("sessions")
