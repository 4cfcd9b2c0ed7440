"""The pages behind an invitation's link: to work in a pharmacy, and to claim a patient's record.

A person who has a sign-in accepts with it; another chooses a password. The link proves the address.
"""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _

from elmed.accounts import members
from elmed.accounts.joining import Newcomer
from elmed.accounts.models import Account, Person, Role
from elmed.accounts.queries import has_address, person_by_email
from elmed.core.clock import real_now
from elmed.core.refusals import NotVisible
from elmed.patients import claim
from elmed.portals.forms import PortalForm
from elmed.portals.joining.forms import ROLE_WORDS, AcceptForm, AcceptNewForm, ClaimForm, ClaimNewForm
from elmed.portals.joining.limits import too_often
from elmed.portals.middleware import act_for
from elmed.portals.page import public_page


@public_page
def member(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation to work in a pharmacy."""
    try:
        row = members.opened(token, now=real_now())
    except NotVisible:
        return _over(request)
    if (elsewhere := _elsewhere(request, row.email)) is not None:
        return elsewhere
    person = request.user if isinstance(request.user, Person) else None
    form = (AcceptForm if person else AcceptNewForm)(request.POST if request.method == "POST" else None)
    if Role.PHARMACIST not in row.roles:
        del form.fields["registration_number"]

    def accept() -> Account:
        who = person or _newcomer(form, row.email)
        number = form.cleaned_data.get("registration_number", "")
        return members.accept(
            token, who, registration_number=number, language=translation.get_language() or "", now=real_now()
        )

    words = [ROLE_WORDS[Role(role)] for role in row.roles]
    return _page(request, form, accept, "joining/invited_member.html", {"row": row, "roles": words, "person": person})


@public_page
def patient(request: HttpRequest, token: str) -> HttpResponse:
    """Claim one's own record. Nothing of it is shown before the date of birth is right."""
    try:
        row = claim.opened(token, now=real_now())
    except NotVisible:
        return _over(request)
    if (elsewhere := _elsewhere(request, row.email)) is not None:
        return elsewhere
    person = request.user if isinstance(request.user, Person) else None
    form = (ClaimForm if person else ClaimNewForm)(request.POST if request.method == "POST" else None)

    def take() -> Account:
        return claim.claim(
            token, person or _newcomer(form, row.email), date_of_birth=form.cleaned_data["date_of_birth"],
            language=translation.get_language() or "", now=real_now(),
        )  # fmt: skip

    return _page(request, form, take, "joining/invited_patient.html", {"row": row, "person": person})


def _page(
    request: HttpRequest, form: PortalForm, act: Callable[[], Account], template: str, context: dict[str, object]
) -> HttpResponse:
    if request.method == "POST":
        if (refused := too_often(request)) is not None:
            return refused
        if form.is_valid():
            try:
                account = form.attempt(act)
            except NotVisible:
                return _over(request)
            if account is not None:
                return _joined(request, account)
    return render(request, template, {"form": form, **context}, status=form.status)


def _joined(request: HttpRequest, account: Account) -> HttpResponse:
    if isinstance(request.user, Person):
        act_for(request, account)
        messages.success(request, _("You act for %(account)s now.") % {"account": account.name})
        return redirect("home")
    messages.success(request, _("Your sign-in is made. Sign in with it now."))
    return redirect("account_login")


def _newcomer(form: PortalForm, email: str) -> Newcomer:
    return Newcomer(form.cleaned_data["name"], email, form.cleaned_data["password"])


def _elsewhere(request: HttpRequest, email: str) -> HttpResponse | None:
    """Signed in with another address, or not signed in though the address has a sign-in: say so, change nothing."""
    if isinstance(request.user, Person):
        if has_address(request.user, email):
            return None
        return render(request, "joining/invited_other.html", {"email": email}, status=409)
    if person_by_email(email) is None:
        return None
    return render(request, "joining/invited_known.html", {"email": email, "next": request.path})


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "joining/invited_over.html", status=404)
