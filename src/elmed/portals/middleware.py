"""Which account the signed-in person acts for in this request.

Sets `request.accounts` and `request.account` for page.py and the templates; the choice itself is kept in
the session by views of shared/. What the person may do in that account is decided in access/.
"""

from collections.abc import Callable

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token

from elmed.accounts.models import Account, Person
from elmed.accounts.queries import accounts_of
from elmed.medications.queries import demonstration_offered
from elmed.portals import test_data

CHOSEN = "account_id"
HEADER = "X-Account"  # sent by what a page fetches by itself: the account that the page was made for
ANONYMOUS = ("/images/",)  # served to anybody from any cache: no session is opened, nothing varies by cookie


class CurrentAccount:
    """Puts the chosen account on the request: the only one where there is one, else the one the person chose."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look the person's accounts up, once a request."""
        accounts: list[Account] = []
        if not request.path.startswith(ANONYMOUS) and isinstance(request.user, Person):
            accounts = accounts_of(request.user, noting={"demonstration_offered": demonstration_offered()})
        request.accounts = accounts  # type: ignore[attr-defined]
        account = _chosen(request, accounts)
        request.account = account  # type: ignore[attr-defined]
        test = account is not None and test_data.viewed(request, account)
        request.test_data = test  # type: ignore[attr-defined]
        if request.headers.get(HEADER, "") not in ("", test_data.mark(account, test=test) or "-"):
            # In another tab another account was chosen, or the other world: nothing of it gets into the page of the first one.
            return HttpResponse(headers={"HX-Refresh": "true"})
        return self.get_response(request)


def act_for(request: HttpRequest, account: Account) -> None:
    """Act for that account from now on. What other tabs show of the one before cannot be sent any more, nor goes it on by itself."""
    if request.session.get(CHOSEN) != account.pk:
        rotate_token(request)
        request.session.pop(STATE_SESSION_KEY, None)
        request.session.pop(test_data.VIEWED, None)
    request.session[CHOSEN] = account.pk


def _chosen(request: HttpRequest, accounts: list[Account]) -> Account | None:
    if len(accounts) == 1:
        return accounts[0]
    chosen = request.session.get(CHOSEN) if accounts else None
    return next((account for account in accounts if account.pk == chosen), None)
