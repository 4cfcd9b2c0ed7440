"""What every request gets, whichever face it comes to: an id that answers, logs and events share; one address a page."""

import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.urls import is_valid_path
from django.utils.http import escape_leading_slashes

type_get_response = Callable[[HttpRequest], HttpResponse]


def request_id(request: HttpRequest) -> str:
    """The id of this request, as in `X-Request-Id` and in every problem's `request_id`."""
    value: str = request.META.get("elmed.request_id", "")
    return value


class RequestId:
    """Gives each request a fresh id; one sent by a client is not believed, so that two requests never share one."""

    def __init__(self, get_response: type_get_response) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set the id before, and the header after."""
        request.META["elmed.request_id"] = "req_" + secrets.token_hex(12)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id(request)
        return response


class OneSlash(CommonMiddleware):
    """Django's own, which adds a page's last slash where it was left out; this takes away one too many as well."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """`/help/` goes to `/help`, where only that exists; only reads are sent on."""
        path = request.path_info.removesuffix("/")
        missing = response.status_code == 404 and request.method in ("GET", "HEAD") and path != request.path_info
        if missing and not is_valid_path(request.path_info) and is_valid_path(path):
            query = request.META.get("QUERY_STRING", "")
            return HttpResponsePermanentRedirect(escape_leading_slashes(path) + (f"?{query}" if query else ""))
        return super().process_response(request, response)
