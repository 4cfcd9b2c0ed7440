"""Registering by oneself, and the way to the confirmed address. Anybody may open these pages.

Whether an address is known is never said here: its owner is told by mail (accounts/joining.py).
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation

from elmed.accounts import joining
from elmed.accounts.models import Account, AccountKind, Person
from elmed.core.clock import real_now
from elmed.portals.joining.forms import AgainForm, RegisterForm, judged
from elmed.portals.joining.limits import too_often
from elmed.portals.middleware import act_for
from elmed.portals.page import public_page
from elmed.prescriptions.jurisdiction import jurisdiction

KINDS = {kind.value: kind for kind in joining.FIRST_ROLES}


@public_page
def choose(request: HttpRequest) -> HttpResponse:
    """What can be registered."""
    return render(request, "joining/choose.html")


@public_page
def terms(request: HttpRequest) -> HttpResponse:
    """What one agrees to."""
    return render(request, "joining/terms.html")


@public_page
def register(request: HttpRequest, kind: str) -> HttpResponse:
    """The form of one kind of account."""
    if kind not in KINDS:
        raise Http404
    person = request.user if isinstance(request.user, Person) else None
    sent = request.method == "POST"
    if (refused := too_often(request)) is not None:
        return refused
    form = RegisterForm(
        request.POST if sent else None, request.FILES if sent else None, kind=KINDS[kind], signed_in=person is not None
    )
    if sent and form.is_valid():
        if form.already_sent():
            return redirect("home" if person else "join_sent")
        with timezone.override(jurisdiction().zone):
            made = form.attempt(lambda: (_join(form, KINDS[kind], person),))
        if made is not None:
            if person is not None and made[0] is not None:
                act_for(request, made[0])
                return redirect("home")
            return redirect("join_sent")
    context = {"form": form, "kind": kind, "person": person}
    return render(request, "joining/register.html", context, status=form.status)


def _join(form: RegisterForm, kind: AccountKind, person: Person | None) -> Account | None:
    data = form.cleaned_data
    who = person or joining.Newcomer(data["name"], data["email"], data["password"])
    new = joining.NewAccount(
        kind=kind, name=data.get("account_name") or data.get("name", ""), document=judged(form),
        **{name: data[name] for name in (
            "licence_number", "licence_body", "licence_expires_on", "specialty", "phone", "address", "city",
            "also_pharmacist",
        ) if name in data},
    )  # fmt: skip
    return joining.join(who, new, language=translation.get_language() or "", now=real_now())


@public_page
def sent(request: HttpRequest) -> HttpResponse:
    """What happens next; the same for everybody. The mail can be asked for again."""
    form = AgainForm(request.POST or None)
    again = False
    if request.method == "POST":
        if (refused := too_often(request)) is not None:
            return refused
        if form.is_valid():
            joining.send_again(form.cleaned_data["email"], now=real_now())
            again, form = True, AgainForm()
    return render(request, "joining/sent.html", {"form": form, "again": again}, status=form.status)
