"""The language of a page: the person's own choice, else the browser's cookie, else what the browser asks for.

The words are in src/elmed/locale; `tools/messages.py` reads them out of the code and compiles them.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from elmed.accounts.models import Person
from elmed.portals.middleware import ANONYMOUS


class ChosenLanguage:
    """Answers each request in its language, and in no other thread's: the API and the worker stay with English."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Choose, answer, say in which language."""
        if request.path.startswith(ANONYMOUS):
            return self.get_response(request)
        language = language_of(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        response.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def language_of(request: HttpRequest) -> str:
    """The language that the person chose, or the best that the browser asks for."""
    chosen = request.user.language if isinstance(request.user, Person) else ""
    return chosen if chosen in dict(settings.LANGUAGES) else translation.get_language_from_request(request)
