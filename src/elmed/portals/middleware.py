"""Which account the signed-in person acts for in this request.

Sets `request.accounts` and `request.account` for page.py and the templates; the choice itself is kept in
the session by views of shared/. What the person may do in that account is decided in access/.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from elmed.accounts.models import Account, Person
from elmed.accounts.queries import accounts_of

CHOSEN = "account_id"
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
            accounts = accounts_of(request.user)
        request.accounts = accounts  # type: ignore[attr-defined]
        request.account = _chosen(request, accounts)  # type: ignore[attr-defined]
        return self.get_response(request)


def _chosen(request: HttpRequest, accounts: list[Account]) -> Account | None:
    if len(accounts) == 1:
        return accounts[0]
    chosen = request.session.get(CHOSEN) if accounts else None
    return next((account for account in accounts if account.pk == chosen), None)
