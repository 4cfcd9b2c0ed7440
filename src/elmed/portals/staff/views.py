"""ELMED's staff: the accounts, all that is needed to judge one, and their states."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from elmed.access.permissions import Permission
from elmed.accounts.actions import STATE_CHANGES, change_state
from elmed.accounts.models import Account, AccountKind, AccountState
from elmed.accounts.queries import (
    documents_of,
    for_staff,
    look_alikes,
    messages_of,
    person_names,
    renewals_of,
    state_counts,
    workers_of,
)
from elmed.core.refusals import NotVisible
from elmed.events.queries import of_account
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page, search_words
from elmed.portals.words import event_words
from elmed.prescriptions.actions import sweeps
from elmed.prescriptions.actions.fraud import suspend_for_fraud
from elmed.prescriptions.models import Sweep

STAFF = (AccountKind.STAFF,)
PAGE_SIZE = 50
WORDS: dict[AccountState, tuple[Promise, Promise]] = {
    AccountState.VERIFIED: (_("Approve"), _("The account can be used, and make live keys, from now on. Its owner is told by mail.")),
    AccountState.REJECTED: (_("Reject"), _("The account cannot be used. Its owner is told the reason, here and by mail.")),
    AccountState.SUSPENDED: (
        _("Suspend"), _("Nobody can act for the account, and its keys stop at once. Its owner is told the reason, here and by mail."),
    ),
}  # fmt: skip
REINSTATE = (
    _("Reinstate"),
    _(
        "The account acts again, and its keys work. What was put on hold for fraud stays on hold until staff resume each."
    ),
)
STATE_WORDS = {
    AccountState.PENDING: _("Pending"), AccountState.VERIFIED: _("Verified"), AccountState.REJECTED: _("Rejected"),
    AccountState.SUSPENDED: _("Suspended"), AccountState.LAPSED: _("Lapsed"),
}  # fmt: skip


class StateForm(PortalForm):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class SuspendForm(StateForm):
    """Why, and whether a doctor's prescriptions are paused with it."""

    fraud = forms.BooleanField(
        label=_("Fraud: put every open prescription that this doctor signed on hold"), required=False,
        help_text=_("Otherwise they stay valid. A pharmacy may have one ready at its counter at this moment."),
    )  # fmt: skip


@page(permission=Permission.ACCOUNT_VERIFY, kinds=STAFF)
def accounts(request: PortalRequest) -> HttpResponse:
    """Every account by state, those that wait first, the oldest on top; or what a search finds in all of them."""
    words = search_words(request)
    state = request.GET.get("state", "" if words else AccountState.PENDING)
    state = state if state in AccountState.values else ""
    found = Paginator(for_staff(state, words), PAGE_SIZE).get_page(request.GET.get("page"))
    counts = state_counts()
    url = reverse("staff_accounts")
    tabs = [(f"{url}?state=all", gettext("All"), sum(counts.values()), not state)]
    tabs += [
        (f"{url}?state={one.value}", str(words), counts.get(one, 0), one == state) for one, words in STATE_WORDS.items()
    ]
    return render(request, "staff/accounts.html", {"tabs": tabs, "state": state, "q": words, "page": found})


@page(permission=Permission.ACCOUNT_VERIFY, kinds=STAFF)
def account(request: PortalRequest, pk: int) -> HttpResponse:
    """One account: everything that is needed to judge it, what happened, and what can be done with it."""
    found = one_account(pk)
    states = [(state.value, _words(found, state)[0]) for state in STATE_CHANGES if found.state in STATE_CHANGES[state]]
    happened = of_account(found.pk)
    names = person_names(event.actor_person_id for event in happened)
    history = [
        {"words": event_words(event.type), "who": names.get(event.actor_person_id or 0, ""), "at": event.created_at}
        for event in happened
    ]
    context = {
        "account": found, "workers": workers_of(found), "states": states, "documents": documents_of(found),
        "thread": messages_of(found), "alike": look_alikes(found), "renewals": renewals_of(found), "history": history,
        "today": request.now.date(), "orders": sweeps.of_account(request.actor, found.pk),
    }  # fmt: skip
    return render(request, "staff/account.html", context)


def one_account(pk: int) -> Account:
    """An account of the live world. Raises NotVisible."""
    found = for_staff().filter(pk=pk).first()
    if found is None:
        raise NotVisible("account")
    return found


def _words(found: Account, state: AccountState) -> tuple[Promise, Promise]:
    reinstates = state is AccountState.VERIFIED and found.state == AccountState.SUSPENDED
    return REINSTATE if reinstates else WORDS[state]


def _changing(state: AccountState) -> Callable[[PortalRequest, int], HttpResponse]:
    def view(request: PortalRequest, pk: int) -> HttpResponse:
        found = one_account(pk)
        button, explains = _words(found, state)
        fraud = state is AccountState.SUSPENDED and found.kind == AccountKind.DOCTOR
        form = (SuspendForm if fraud else StateForm)(request.POST or None)
        form.fields["reason"].required = state is not AccountState.VERIFIED
        if request.method == "POST" and form.is_valid():
            if form.cleaned_data.get("fraud"):
                order = form.attempt(lambda: _fraud(request, found, form))
                if order is not None:
                    return redirect("staff_sweep", order.pk)
            elif form.attempt(lambda: _change(request, found, state, form)):
                return redirect("staff_account", pk)
        context = {"account": found, "form": form, "button": button, "explains": explains, "state": state}
        return render(request, "staff/change_state.html", context, status=form.status)

    view.__module__, view.__name__ = __name__, f"account_{state.value}"
    return view


def _fraud(request: PortalRequest, found: Account, form: PortalForm) -> Sweep:
    """Suspend, and begin with the holds: what is few is done when the page comes."""
    order = suspend_for_fraud(request.actor, found.pk, reason=form.cleaned_data["reason"], now=request.now)
    messages.success(request, gettext("%(name)s is suspended.") % {"name": found.name})
    sweeps.advance(order.pk, seconds=sweeps.AT_ONCE)
    return order


def _change(request: PortalRequest, found: Account, state: AccountState, form: PortalForm) -> bool:
    """Change it, and say what came of it."""
    reason = form.cleaned_data["reason"]
    changed = change_state(request.actor, found.pk, state, reason=reason, now=request.now)
    messages.success(request, f"{found.name}: {STATE_WORDS[AccountState(changed.state)]}.")
    return True


verify = page(permission=Permission.ACCOUNT_VERIFY, kinds=STAFF)(_changing(AccountState.VERIFIED))
reject = page(permission=Permission.ACCOUNT_VERIFY, kinds=STAFF)(_changing(AccountState.REJECTED))
suspend = page(permission=Permission.ACCOUNT_SUSPEND, kinds=STAFF)(_changing(AccountState.SUSPENDED))
