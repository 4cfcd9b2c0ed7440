"""The password again after a pause, without leaving what was being done: a page, and the answer to lock.js.

What locks is in portals/idle.py.
"""

import time

from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from elmed.portals.forms import dress
from elmed.portals.idle import used
from elmed.portals.page import person_page


@person_page
def unlock(request: HttpRequest) -> HttpResponse:
    """Ask for the password; go on where the person was. lock.js (`X-Lock`) is answered with 204, or with words."""
    from_script = "X-Lock" in request.headers
    form = ReauthenticateForm(request.POST or None, user=request.user)
    form.fields["password"].help_text = ""
    dress(form)
    form.use_required_attribute = False
    status = 200
    if request.method == "POST":
        if not ratelimit.consume(request, action="reauthenticate", user=request.user):
            form.add_error(None, _("Too many wrong tries. Wait five minutes, then try again."))
            status = 429
        elif form.is_valid():
            reauthenticate_by_password(request)
            used(request, int(time.time()))
            return HttpResponse(status=204) if from_script else redirect(onward(request))
        status = 422 if status == 200 else status
        if from_script:
            words = " ".join(str(word) for errors in form.errors.values() for word in errors)
            return HttpResponse(words, content_type="text/plain; charset=utf-8", status=status)
    return render(request, "portals/unlock.html", {"form": form, "next": onward(request)}, status=status)


@person_page
def alive(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """What lock.js asks while somebody types: the session is in use."""
    return HttpResponse(status=204)


def onward(request: HttpRequest) -> str:
    """Where `next` leads, if that is one of our pages; else the start page."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return target
    return reverse("home")
