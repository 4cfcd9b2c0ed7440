"""x"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class PublicApi:
    """Placeholder until the portals come."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass."""
        return self.get_response(request)
