"""The question whether it is still you: before keys are made and security is changed, and after a pause.

What is asked and how it is judged stands in portals/confirm_form.py; what locks after a pause, in portals/idle.py.
"""

import time

from allauth.account.internal.flows.reauthentication import resume_request
from allauth.mfa.webauthn.internal import auth as webauthn
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from fido2.webauthn import UserVerificationRequirement

from elmed.accounts.models import Person
from elmed.portals.confirm_form import ConfirmForm, identified
from elmed.portals.idle import used
from elmed.portals.onward import onward
from elmed.portals.page import person_page


@person_page
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask, then go on with what was asked for or sent (portals/presence.py keeps it)."""
    form = _form(request)
    if request.method == "POST" and form.is_valid() and identified(request, form):
        return resume_request(request) or redirect(onward(request))
    return render(request, "portals/confirm.html", {"form": form, "next": onward(request)}, status=form.status)


@person_page
def unlock(request: HttpRequest) -> HttpResponse:
    """Ask after a pause; go on where the person was. lock.js (`X-Lock`) is answered with 204, or with words."""
    from_script = "X-Lock" in request.headers
    form = _form(request)
    if request.method == "POST":
        if form.is_valid() and identified(request, form):
            used(request, int(time.time()))
            return HttpResponse(status=204) if from_script else redirect(onward(request))
        if from_script:
            words = " ".join(str(word) for errors in form.errors.values() for word in errors)
            return HttpResponse(words, content_type="text/plain; charset=utf-8", status=form.status)
    return render(request, "portals/unlock.html", {"form": form, "next": onward(request)}, status=form.status)


@person_page
def passkey(request: HttpRequest) -> HttpResponse:
    """What a browser needs to ask for a passkey: fetched by passkey.js when the button is pressed.

    The finger, the face or the PIN is demanded: a key that somebody left in the machine proves nothing.
    """
    keys = webauthn.get_credentials(request.user) if isinstance(request.user, Person) else []
    if not keys:
        raise Http404
    options, state = webauthn.get_server().authenticate_begin(
        credentials=keys, user_verification=UserVerificationRequirement.REQUIRED
    )
    webauthn.set_state(state)
    return JsonResponse({"request_options": dict(options)})


@person_page
def alive(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """What lock.js asks while somebody types: the session is in use."""
    return HttpResponse(status=204)


def _form(request: HttpRequest) -> ConfirmForm:
    assert isinstance(request.user, Person)  # noqa: S101 - person_page saw to it
    return ConfirmForm(request.POST if request.method == "POST" else None, person=request.user)
