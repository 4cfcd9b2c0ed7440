"""The help at /help: needs no sign-in. Every example carries this installation's own address."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from elmed.core.downloads import CLIENT
from elmed.help import pages, postman
from elmed.help.examples import Language
from elmed.help.feed import ApiChanges
from elmed.help.installation import installation
from elmed.help.pages import HelpPage
from elmed.help.reader import newest_key
from elmed.help.search import MOST, search
from elmed.help.sections import sections
from elmed.portals.page import public_page, search_words

_REMEMBERED = "help_lang"
_A_YEAR = 365 * 24 * 3600


@public_page
def index(request: HttpRequest) -> HttpResponse:
    """What there is to read."""
    return render(request, "help/index.html", {"groups": pages.by_group()})


@public_page
def found(request: HttpRequest) -> HttpResponse:
    """What the search finds (`?q=`)."""
    words = search_words(request)
    results, count = search(words)
    context = {"q": words, "results": results, "count": count, "most": MOST, "groups": pages.by_group()}
    return render(request, "help/search.html", context)


@public_page
def changes_feed(request: HttpRequest) -> HttpResponse:
    """What is new in the API, as a feed."""
    return ApiChanges()(request)


@public_page
def postman_collection(_request: HttpRequest) -> HttpResponse:
    """The API as a Postman collection with this installation's address; no key stands in it."""
    response = JsonResponse(postman.collection(), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = 'attachment; filename="elmed.postman_collection.json"'
    return response


@public_page
def client_file(_request: HttpRequest, name: str) -> HttpResponse:
    """The Python client's wheel, for pip; older versions too, as long as they lie here. Raises Http404."""
    file = CLIENT.named(name)
    if file is None:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(file.read_bytes(), content_type="application/zip", headers=headers)


def shown(page: HelpPage) -> Callable[..., HttpResponse]:
    """The view of one page: its text, what is on it, and the help's navigation."""

    def view(request: HttpRequest) -> HttpResponse:
        language = _language(request)
        own: dict[str, Any] = {"language": language, **_own(page, request)}
        body = render_to_string(page.template, installation() | own, request)
        headings = [one for one in sections(body) if one.level == 2]
        context = {"page": page, "body": body, "headings": headings, "groups": pages.by_group()}
        response = render(request, "help/page.html", context)
        patch_vary_headers(response, ["Cookie"])
        if request.GET.get("lang") == language:
            response.set_cookie(
                _REMEMBERED, language.value, max_age=_A_YEAR, path="/help", samesite="Lax", httponly=True,
                secure=request.is_secure(),
            )  # fmt: skip
        if request.user.is_authenticated:
            add_never_cache_headers(response)  # the reader's key hint stands in it
        return response

    view.__module__, view.__name__ = __name__, page.name
    return public_page(view)


def _own(page: HelpPage, request: HttpRequest) -> dict[str, Any]:
    """What one page alone shows."""
    return {"key": newest_key(request)} if page.name == "help_developers" else {}


def _language(request: HttpRequest) -> Language:
    """Of the examples: as asked now, else as chosen the last time."""
    for wanted in (request.GET.get("lang"), request.COOKIES.get(_REMEMBERED)):
        if wanted in list(Language):
            return Language(wanted)
    return Language.CURL
