"""What every request gets, whichever face it comes to: an id that answers, logs and events share."""

import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
