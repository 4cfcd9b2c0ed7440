"""ELMED's staff: the accounts, those that wait first, and their states."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render

from elmed.access.permissions import Permission
from elmed.accounts.actions import STATE_CHANGES, change_state
from elmed.accounts.models import Account, AccountKind, AccountState
from elmed.accounts.queries import for_staff, state_counts
from elmed.core.refusals import NotVisible
from elmed.portals.forms import PortalForm
from elmed.portals.page import PortalRequest, page

STAFF = (AccountKind.STAFF,)
PAGE_SIZE = 50
WORDS: dict[AccountState, tuple[str, str]] = {
    AccountState.VERIFIED: ("Verify", "The account acts and makes live keys from now on."),
    AccountState.REJECTED: ("Reject", "The account does not act. Its owner sees the reason."),
    AccountState.SUSPENDED: ("Suspend", "The account’s keys and acts stop at once. Its owner sees the reason."),
}


class StateForm(PortalForm):
    """Why."""

    reason = forms.CharField(label="Reason", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


@page(permission=Permission.ACCOUNT_VERIFY, kinds=STAFF)
def accounts(request: PortalRequest) -> HttpResponse:
    """Every account by state; those that wait come first, the oldest on top."""
    state = request.GET.get("state", AccountState.PENDING)
    state = state if state in AccountState.values else ""
    found = Paginator(for_staff(state), PAGE_SIZE).get_page(request.GET.get("page"))
    counts = state_counts()
    tabs = [(name, counts.get(name, 0), name == state) for name in AccountState.values]
    return render(request, "staff/accounts.html", {"tabs": tabs, "state": state, "page": found})


@page(permission=Permission.ACCOUNT_VERIFY, kinds=STAFF)
def account(request: PortalRequest, pk: int) -> HttpResponse:
    """One account with its people and what can be done with it."""
    found = _account(pk)
    states = [(state.value, WORDS[state][0]) for state in STATE_CHANGES if found.state in STATE_CHANGES[state]]
    members = found.memberships.select_related("person").order_by("pk")
    return render(request, "staff/account.html", {"account": found, "members": members, "states": states})


def _account(pk: int) -> Account:
    found = for_staff().filter(pk=pk).first()
    if found is None:
        raise NotVisible("account")
    return found


def _changing(state: AccountState) -> Callable[[PortalRequest, int], HttpResponse]:
    button, explains = WORDS[state]

    def view(request: PortalRequest, pk: int) -> HttpResponse:
        found = _account(pk)
        form = StateForm(request.POST or None)
        form.fields["reason"].required = state is not AccountState.VERIFIED
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            if form.attempt(lambda: change_state(request.actor, pk, state, reason=reason, now=request.now)):
                messages.success(request, f"{found.name} is {state.value}.")
                return redirect("staff_account", pk)
        context = {"account": found, "form": form, "button": button, "explains": explains, "state": state}
        return render(request, "staff/change_state.html", context, status=form.status)

    view.__module__, view.__name__ = __name__, f"account_{state.value}"
    return view


verify = page(permission=Permission.ACCOUNT_VERIFY, kinds=STAFF)(_changing(AccountState.VERIFIED))
reject = page(permission=Permission.ACCOUNT_VERIFY, kinds=STAFF)(_changing(AccountState.REJECTED))
suspend = page(permission=Permission.ACCOUNT_SUSPEND, kinds=STAFF)(_changing(AccountState.SUSPENDED))
