"""The public API's own short way: sessions, CSRF, CSP and the rest of the portals' middleware are not run for it."""

import time
from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from elmed.api.endpoint import PREFIX, guarded, refused
from elmed.api.noting import note
from elmed.api.problems import ApiProblem
from elmed.api.waiting import Waits


class PublicApi:
    """Answers everything under the API's prefix; passes the rest on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Route by the API's own table; whatever goes wrong there is a problem document."""
        if not request.path_info.startswith("/api/"):
            return self.get_response(request)
        # The key's look-up retries on a dead connection itself: no extra statement to try it first.
        connection.health_check_done = True  # type: ignore[attr-defined]
        began = time.monotonic()
        response = guarded(request, lambda: _dispatch(request))
        response["X-Content-Type-Options"] = "nosniff"
        if response.status_code not in (204, 304):
            response["Content-Length"] = str(len(response.content))
        if not isinstance(response, Waits):  # that one is noted when it is answered
            note(request, response, began)
        return response


def _dispatch(request: HttpRequest) -> HttpResponse:
    try:
        match = resolve(request.path_info.removeprefix(PREFIX), "elmed.api.urls")
    except Resolver404:
        return refused(
            request, ApiProblem("not_found", "There is no such address in the API; see /api/public/v1/docs.")
        )
    response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return response
