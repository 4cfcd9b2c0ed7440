"""The one way into the API: an endpoint names its permission, or the import fails.

The order of checks is promised and kept here: 401, 429, 400, 403, then the endpoint's own 404, 422 and
409 or 412. Bodies are therefore parsed by the endpoint after its look-up, with `call.body(Model)`.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from pydantic import BaseModel, BeforeValidator, Field

from elmed.access import policy
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.api import problems
from elmed.api.authenticate import Caller, authenticate, rate_headers, require_address
from elmed.api.bodies import MAX_ID, Query, check_json, parse_body, parse_query, read_bytes
from elmed.api.conditions import expected_version, idempotency_key
from elmed.api.deprecation import Deprecated
from elmed.api.problems import ApiProblem
from elmed.core.models import Mode
from elmed.core.refusals import NotVisible, Refusal

log = logging.getLogger("elmed.api")
B = TypeVar("B", bound=BaseModel)
PREFIX = "/api/public/v1"
RETRY_AFTER = "5"
_DEADLOCK = "40P01"  # PostgreSQL's SQLSTATE: one of two that wait for each other is undone
# In a request's META, for the request log: the path of the address, and the endpoint that the caller may use.
ROUTE, ADMITTED = "elmed.route", "elmed.endpoint"


class NoQuery(Query):
    """A read without parameters."""


def _true_or_false(text: object) -> object:
    """Refuse the other spellings that a lenient parser takes: `1`, `yes`, `on`."""
    if isinstance(text, str) and text not in ("true", "false"):
        raise ValueError("`true` or `false`.")
    return text


class WriteQuery(Query):
    """What every write takes."""

    dry_run: Annotated[bool, BeforeValidator(_true_or_false)] = Field(
        default=False, description="`true`: the same answer, or the same refusal, and nothing is kept."
    )


@dataclass
class Call:
    """One authenticated request, as an endpoint sees it."""

    request: HttpRequest
    caller: Caller
    began: float  # time.monotonic() when the caller was known
    ids: Mapping[str, str]
    query: BaseModel
    raw: bytes = b""
    status: int = 200  # of the answer, where all goes well
    expected_version: int | None = None  # of `If-Match`
    idempotency_key: str | None = None

    @property
    def now(self) -> datetime:
        """The present of the caller's world. After a slow body or a wait it is not when the request began: whoever
        polls by change relies on it."""
        return self.caller.now + timedelta(seconds=time.monotonic() - self.began)

    @property
    def dry_run(self) -> bool:
        """Whether a write is only to say what it would answer."""
        return isinstance(self.query, WriteQuery) and self.query.dry_run

    @property
    def actor(self) -> Actor:
        """Who calls."""
        return self.caller.actor

    def id(self, name: str, what: str) -> int:
        """A number from the path. Raises NotVisible for what cannot be an id."""
        text = self.ids[name]
        if not re.fullmatch(r"[1-9][0-9]{0,18}", text) or int(text) > MAX_ID:
            raise NotVisible(what)
        return int(text)

    def body(self, model: type[B]) -> B:
        """The body as `model` (422 where it does not fit)."""
        return parse_body(self.raw, model)

    def params(self, model: type[B]) -> B:
        """The query's parameters, as the endpoint declared them."""
        if not isinstance(self.query, model):
            raise TypeError(f"This endpoint did not declare {model.__name__}")
        return self.query


@dataclass(frozen=True)
class Endpoint:
    """What the routes, the documents and the access matrix know of one endpoint."""

    method: str
    path: str
    name: str
    summary: str
    permission: Permission
    handler: Callable[[Call], HttpResponse]
    query: type[Query]
    body: type[BaseModel] | None
    answer: Mapping[str, Any]
    codes: tuple[str, ...]
    tag: str
    status: int
    deprecated: Deprecated | None = None
    test_only: bool = False
    tagged: bool = False

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"

    @property
    def compares(self) -> bool:
        """Whether it heeds `If-Match`."""
        return "version_conflict" in self.codes


ENDPOINTS: list[Endpoint] = []


def endpoint(
    method: str,
    route: str,
    *,
    permission: Permission,
    answer: Mapping[str, Any],
    tag: str,
    query: type[Query] = NoQuery,
    body: type[BaseModel] | None = None,
    codes: tuple[str, ...] = (),
    creates: bool = False,
    deprecated: Deprecated | None = None,
    test_only: bool = False,
    tagged: bool = False,
) -> Callable[[Callable[[Call], HttpResponse]], Callable[[Call], HttpResponse]]:
    """Register a handler. `answer` is the JSON schema of its 200 (empty: a 204; `creates`: a 201), `codes` the errors
    particular to it; `test_only`: a live key is refused; `tagged`: it answers with an ETag (conditions.versioned).
    A write takes `dry_run`, and goes through idempotency.py, which heeds it.

    Raises TypeError at import for a handler without permission or without words.
    """
    if method != "GET" and query is NoQuery:
        query = WriteQuery
    if test_only:
        codes = ("test_key_required", *codes)
    if not isinstance(permission, Permission):
        raise TypeError(f"{method} {route} names no permission")

    def register(handler: Callable[[Call], HttpResponse]) -> Callable[[Call], HttpResponse]:
        if not handler.__doc__:
            raise TypeError(f"{method} {route} says nothing of itself")
        name, summary = handler.__name__, handler.__doc__.strip().splitlines()[0]
        status = 201 if creates else 200 if answer else 204
        ENDPOINTS.append(
            Endpoint(
                method,
                route,
                name,
                summary,
                permission,
                handler,
                query,
                body,
                answer,
                codes,
                tag,
                status,
                deprecated,
                test_only,
                tagged,
            )
        )
        return handler

    return register


def patterns() -> list[URLPattern]:
    """Django's routes of every registered endpoint; one view a path, telling methods apart."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for one in ENDPOINTS:
        by_path.setdefault(one.path, {})[one.method] = one
    return [
        path(re.sub(r"{(\w+)}", r"<str:\1>", route).lstrip("/"), _view(methods)) for route, methods in by_path.items()
    ]


def _view(methods: Mapping[str, Endpoint]) -> Callable[..., HttpResponse]:
    route = next(iter(methods.values())).path
    allow = ", ".join(sorted({*methods, *({"HEAD"} if "GET" in methods else set()), "OPTIONS"}))

    def view(request: HttpRequest, **ids: str) -> HttpResponse:
        request.META[ROUTE] = route
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method == "OPTIONS":
            return HttpResponse(status=204, headers={"Allow": allow})
        chosen = methods.get(method)
        if chosen is None:
            return refused(request, ApiProblem("method_not_allowed", headers={"Allow": allow}))
        return run(chosen, request, ids)

    return view


def run(chosen: Endpoint, request: HttpRequest, ids: Mapping[str, str]) -> HttpResponse:
    """One request through the checks, in their order, to its endpoint; with the rate headers on every answer."""
    caller = authenticate(request)
    response = _counted(request, caller, lambda: _checked(chosen, request, caller, ids))
    for name, value in chosen.deprecated.headers.items() if chosen.deprecated else ():
        response[name] = value
    return response


def refused(request: HttpRequest, problem: ApiProblem) -> HttpResponse:
    """Say no to an address or a method that does not exist: after the key, and counted like every other request."""

    def answer() -> HttpResponse:
        raise problem

    return _counted(request, authenticate(request), answer)


def _counted(request: HttpRequest, caller: Caller, handle: Callable[[], HttpResponse]) -> HttpResponse:
    response = guarded(request, handle)
    for name, value in rate_headers(caller).items():
        response[name] = value
    response.setdefault("Cache-Control", "private, no-store")
    return response


def _checked(chosen: Endpoint, request: HttpRequest, caller: Caller, ids: Mapping[str, str]) -> HttpResponse:
    began = time.monotonic()
    raw = read_bytes(request) if chosen.writes else b""
    check_json(request, raw)
    call = Call(request, caller, began, ids, parse_query(request, chosen.query), raw, chosen.status)
    if chosen.writes:
        call.expected_version = expected_version(request, compared=chosen.compares)
        call.idempotency_key = idempotency_key(request)
    require_address(caller, request)
    policy.require(caller.actor, chosen.permission)
    if chosen.test_only and caller.actor.mode is not Mode.TEST:
        raise ApiProblem("test_key_required")
    request.META[ADMITTED] = chosen
    return chosen.handler(call)


def guarded(request: HttpRequest, handle: Callable[[], HttpResponse]) -> HttpResponse:
    """Translate every error into a problem document; a fault of ours is logged with its request id and says nothing more."""
    try:
        return handle()
    except ApiProblem as problem:
        return problems.from_problem(request, problem)
    except Refusal as refusal:
        return problems.from_refusal(request, refusal)
    except (OperationalError, InterfaceError) as error:
        if getattr(error.__cause__, "sqlstate", "") == _DEADLOCK:
            log.warning("given up for another request, %s", request.META.get("elmed.request_id"))
            words = "It met another request on the same rows, and nothing of it was done. Send it again."
            return problems.from_problem(request, ApiProblem("unavailable", words, headers={"Retry-After": "1"}))
        log.exception("database unavailable")
        if not connection.in_atomic_block:
            connection.close()
        return problems.from_problem(request, ApiProblem("unavailable", headers={"Retry-After": RETRY_AFTER}))
    except Exception:
        log.exception("fault in the API, %s", request.META.get("elmed.request_id"))
        return problems.from_problem(request, ApiProblem("internal_error"))
