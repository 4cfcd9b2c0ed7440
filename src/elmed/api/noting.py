"""The request log's hook: what each answered request says of itself, handed on to be written later.

Called for every request to the API. Requests without a key, or with one that nobody ever had, are nobody's and not noted.
"""

import logging
import time
from datetime import timedelta
from functools import cache, lru_cache

from django.http import HttpRequest, HttpResponseBase

from elmed.access.permissions import SCOPES, Permission, Scope
from elmed.api.authenticate import CALLER, REFUSED, client_address
from elmed.api.endpoint import ADMITTED, ENDPOINTS, PREFIX, ROUTE
from elmed.api.problems import CODE
from elmed.config.middleware import request_id
from elmed.core.clock import real_now
from elmed.events.catalogue import READERS
from elmed.request_log.collect import collector
from elmed.request_log.note import METHODS, Note, shown_path

log = logging.getLogger("elmed.request_log")
_LONGEST_QUERY = 2_000
_TELLING = frozenset({"/events"})  # open to any key; what they tell depends on all of its scopes


def note(request: HttpRequest, response: HttpResponseBase, began: float) -> None:
    """Note the request. `began`: time.monotonic() of its arrival. It never fails: the answer is there already."""
    try:
        made = _made(request, response, time.monotonic() - began)
        if made is not None:
            collector.note(made)
    except Exception:
        log.exception("a request is missing in the request log")


def _made(request: HttpRequest, response: HttpResponseBase, took: float) -> Note | None:
    meta = request.META
    caller, refused = meta.get(CALLER), meta.get(REFUSED)
    if caller is None and refused is None:
        return None
    actor = caller.actor if caller is not None else None
    admitted, route = meta.get(ADMITTED), meta.get(ROUTE, "")
    path = request.path_info.removeprefix(PREFIX)
    return Note(
        real_now() - timedelta(seconds=took),
        actor.key_id if actor else None,
        refused,
        actor.account_id if actor else 0,
        actor.world_id if actor else 0,
        request.method if request.method in METHODS else "?",
        route,
        path if route == path else shown_path(route, path, _words()),
        meta.get("QUERY_STRING", "")[:_LONGEST_QUERY],
        response.status_code,
        int(took * 1000),
        request_id(request),
        meta.get(CODE, ""),
        str(client_address(request)),
        _used(actor.scopes, admitted.permission, admitted.path) if actor and admitted else (),
    )


@cache
def _words() -> frozenset[str]:
    """The words that addresses of the API are made of."""
    return frozenset(part for one in ENDPOINTS for part in one.path.split("/") if not part.startswith("{"))


@lru_cache(maxsize=1024)
def _used(scopes: frozenset[str], permission: Permission, path: str) -> tuple[str, ...]:
    """Which of the key's scopes such a request needs. Where two of them would do, both: none is called unused wrongly."""
    needed = set(READERS.values()) - {Permission.ACCOUNT_READ} if path in _TELLING else {permission}
    return tuple(sorted(scope for scope in scopes if SCOPES[Scope(scope)] & needed))
