"""The API's own documents: the OpenAPI description and the interactive reference. No key, no outside host, not counted."""

import json
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from elmed.api.openapi import document
from elmed.api.problems import ApiProblem

_CSP = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
_ALLOW = {"Allow": "GET, HEAD, OPTIONS"}


@lru_cache(maxsize=1)
def _text() -> str:
    return json.dumps(document(), ensure_ascii=False)


def openapi_json(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3.1 document."""
    return _reads_only(request) or HttpResponse(_text(), content_type="application/json")


def reference(request: HttpRequest) -> HttpResponse:
    """The interactive reference, made from the document in the reader's own browser."""
    refused = _reads_only(request)
    if refused:
        return refused
    return HttpResponse(render_to_string("api/reference.html", request=None), headers={"Content-Security-Policy": _CSP})


def _reads_only(request: HttpRequest) -> HttpResponse | None:
    if request.method in ("GET", "HEAD"):
        return None
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers=_ALLOW)
    raise ApiProblem("method_not_allowed", headers=_ALLOW)
