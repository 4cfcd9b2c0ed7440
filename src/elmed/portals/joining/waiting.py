"""The page of a registration that waits: what happens next, what staff asked, and the answer; and its documents."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from elmed.access.permissions import Permission
from elmed.accounts import documents, review
from elmed.accounts.models import AccountKind, AccountState
from elmed.accounts.queries import documents_of, messages_of
from elmed.core.clock import real_now
from elmed.portals.joining.forms import AnswerForm, judged
from elmed.portals.page import PortalRequest, page

LICENSED = (AccountKind.DOCTOR, AccountKind.PHARMACY)


@page(permission=Permission.ACCOUNT_MANAGE, kinds=LICENSED, test_keys=True)
def waiting(request: PortalRequest) -> HttpResponse:
    """Where the registration stands; answer what was asked, add what is missing."""
    if request.account.state != AccountState.PENDING:
        return redirect("home")
    form = AnswerForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        if form.already_sent():
            return redirect("waiting")
        text = form.cleaned_data["text"]
        if form.attempt(lambda: review.answer(request.actor, text=text, document=judged(form), now=real_now())):
            messages.success(request, _("Your answer is with ELMED’s staff."))
            return redirect("waiting")
    context = {
        "form": form, "account": request.account, "thread": messages_of(request.account),
        "documents": documents_of(request.account),
    }  # fmt: skip
    return render(request, "joining/waiting.html", context, status=form.status)


@page(permission=Permission.ACCOUNT_READ, kinds=(*LICENSED, AccountKind.STAFF), test_keys=True)
def document(request: PortalRequest, pk: int) -> HttpResponse:
    """A document, to be saved: never run, never shown as a page of this installation."""
    found = documents.load(request.actor, pk)
    headers = {
        "Content-Disposition": f'attachment; filename="{found.name}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return HttpResponse(bytes(found.data), content_type=found.content_type, headers=headers)
