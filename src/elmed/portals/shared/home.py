"""The start page and the choice of an account: where a signed-in person lands."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from elmed.accounts.models import Account, AccountKind, AccountState
from elmed.portals import test_data
from elmed.portals.middleware import act_for
from elmed.portals.onward import onward
from elmed.portals.page import person_page

HOMES = {
    AccountKind.DOCTOR: "doctor_home",
    AccountKind.PHARMACY: "pharmacy_queue",
    AccountKind.PATIENT: "patient_home",
    AccountKind.STAFF: "staff_verification",
    AccountKind.DEVELOPER: "api_keys",
}
_OPEN = {AccountState.VERIFIED, AccountState.LAPSED}


@person_page
def home(request: HttpRequest) -> HttpResponse:
    """The chosen account's portal; a page that explains where there is none, or where it cannot act yet."""
    accounts: list[Account] = getattr(request, "accounts", [])
    account: Account | None = getattr(request, "account", None)
    if not accounts:
        return render(request, "portals/no_account.html")
    if account is None:
        return redirect("choose_account")
    testing = test_data.viewed(request, account)
    if account.kind != AccountKind.DEVELOPER and account.state not in _OPEN and not testing:
        return render(request, "portals/account_state.html")
    if testing and account.kind == AccountKind.DEVELOPER:
        return redirect("test_world")
    return redirect(HOMES[AccountKind(account.kind)])


@person_page
def choose_account(request: HttpRequest) -> HttpResponse:
    """Choose the account to act for; the choice is kept in the session."""
    accounts: list[Account] = getattr(request, "accounts", [])
    if request.method == "POST":
        chosen = next((account for account in accounts if str(account.pk) == request.POST.get("account")), None)
        if chosen is None:
            raise Http404
        act_for(request, chosen)
        target = onward(request)
        portal = target.split("/")[1]
        elsewhere = portal in list(AccountKind) and portal != chosen.kind  # a page of another kind of account
        return redirect("home" if elsewhere else target)
    return render(request, "portals/choose_account.html", {"accounts": accounts, "next": request.GET.get("next", "")})
