"""The frame of every page: who may open it, as whom they act, and how a refusal is told. Without it no page exists.

`route` makes the URL pattern of a view and raises at import where the view does not say who may open it.
`@page` asks for a person, an account and a permission; `@person_page` for a person; `@public_page` for nobody.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from elmed.access import policy
from elmed.access.actors import Actor, of_person
from elmed.access.permissions import Permission
from elmed.accounts.models import Account, AccountKind, Person
from elmed.config.middleware import request_id
from elmed.core.clock import world_now
from elmed.core.refusals import NotAllowed, Refusal
from elmed.events.record import record_access
from elmed.portals import kept, refused, test_data
from elmed.prescriptions.jurisdiction import jurisdiction

P = ParamSpec("P")
_MARK = "elmed_page"
LIVE_ONLY = "elmed_live_only"  # on a view: it never shows the test world


class PortalRequest(HttpRequest):
    """A request that passed `@page`: who acts, for which account, at which moment of their world."""

    actor: Actor
    account: Account
    accounts: list[Account]
    person: Person
    now: datetime
    test_data: bool  # whether it shows the account's test world


View = Callable[Concatenate[PortalRequest, P], HttpResponse]
Registered = Callable[..., HttpResponse]
Check = Callable[[Actor, Permission], None]


def page(
    *,
    permission: Permission,
    kinds: Iterable[AccountKind],
    test_keys: bool = False,
    unverified: bool = False,
    ends: bool = False,
    live: bool = False,
) -> Callable[[View[P]], Registered]:
    """A page for accounts of these kinds whose actor has the permission.

    It shows the world that the person looks at (test_data.py), unless it is `live`: what concerns the account itself.
    `unverified`: also while the account is not verified yet, as its test keys are. `test_keys`: that, and live.
    `ends`: also once the account is suspended or its licence is over, for what only takes away.
    """
    possible, live = frozenset(kinds), live or test_keys
    early = unverified or test_keys
    check = policy.require_to_end if ends else policy.require_unverified if early else policy.require

    def decorate(view: View[P]) -> Registered:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not isinstance(request.user, Person):
                return redirect_to_login(kept.keep(request))
            ours = cast("PortalRequest", request)
            if ours.account is None:
                return redirect(_choice(request) if ours.accounts else "home")
            kept.show(request, ours.account, test=None if live else ours.test_data)
            try:
                _enter(ours, permission, possible, check, live=live)
                with timezone.override(jurisdiction().zone):
                    response = view(ours, *args, **kwargs)
            except Refusal as refusal:
                response = refused.page(request, refusal)
            return _finished(request, response)

        setattr(wrapped, LIVE_ONLY, live)
        setattr(wrapped, kept.SHOWS, True)
        return _marked(wrapped)

    return decorate


def person_page(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Registered:
    """A page for whoever is signed in, whatever their accounts are; it shows and changes nothing of an account."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not isinstance(request.user, Person):
            return redirect_to_login(kept.keep(request))
        kept.show(request)
        request.test_data = False  # type: ignore[attr-defined]
        response = view(request, *args, **kwargs)
        return _finished(request, response)

    setattr(wrapped, kept.SHOWS, True)
    return _marked(wrapped)


def public_page(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Registered:
    """A page that needs no sign-in: it shows nothing of any account."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs)

    return _marked(wrapped)


def route(pattern: str, view: Callable[..., HttpResponse], name: str, **kwargs: Any) -> URLPattern:
    """The URL pattern of a page. Raises ImproperlyConfigured at import where the view says not who may open it."""
    if not getattr(view, _MARK, False):
        raise ImproperlyConfigured(f"{view.__module__}.{view.__name__} needs @page, @person_page or @public_page.")
    return path(pattern, view, kwargs, name=name)


def actor_of(request: HttpRequest, account: Account) -> Actor:
    """The actor that the signed-in person is in that account. Raises NotAllowed where they have left it."""
    actor = of_person(
        cast("Person", request.user),
        account,
        request_id=request_id(request),
        authenticated_at=last_authentication(request),
    )
    if actor is None:
        raise NotAllowed("permission_denied", _("You do not belong to this account any more."))
    return actor


def last_authentication(request: HttpRequest) -> datetime | None:
    """When the person last gave a password or a second factor in this session."""
    moments = [
        record["at"] for record in get_authentication_records(request, cast("Person", request.user)) if "at" in record
    ]
    return datetime.fromtimestamp(max(moments), tz=UTC) if moments else None


def shown(request: PortalRequest, what: str, patient_ids: Iterable[int]) -> None:
    """Record that this page shows these patients' data: one access record a request."""
    record_access(request.actor, f"portal.{what}", patient_ids=patient_ids)


def search_words(request: HttpRequest) -> str:
    """What somebody searches for (`?q=`), short and free of characters that a database refuses."""
    return request.GET.get("q", "").replace("\x00", "").strip()[:100]


def _enter(
    request: PortalRequest, permission: Permission, kinds: frozenset[AccountKind], check: Check, *, live: bool
) -> None:
    request.person = cast("Person", request.user)
    request.test_data = request.test_data and not live
    request.actor = actor_of(request, request.account)
    if request.test_data:
        request.actor = test_data.in_test_world(request.actor, request.account)
    if request.account.kind not in kinds:
        raise NotAllowed("wrong_portal", _("This page belongs to another kind of account than the one you chose."))
    check(request.actor, permission)
    request.now = world_now(request.actor.world_id)


def _choice(request: HttpRequest) -> str:
    """The choice of an account, which leads on to what was asked for."""
    to = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
    return reverse("choose_account") + to


def _finished(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """What was kept and is sent now is forgotten. Nothing behind a sign-in is kept by a browser or a proxy."""
    kept.taken(request, response)
    if request.method == "GET" and response.status_code == 405:  # a button that was pressed before the sign-in
        response = refused.not_done(request, allow=response["Allow"])
    add_never_cache_headers(response)
    return response


def _marked(view: Registered) -> Registered:
    setattr(view, _MARK, True)
    return view
