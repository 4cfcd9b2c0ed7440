"""The API's routes, below its prefix: every registered endpoint, and what needs no key: its documents, and a report of a leaked one."""

from django.urls import path

from elmed.api import documents, v1  # noqa: F401 - importing v1 registers the endpoints
from elmed.api.endpoint import patterns
from elmed.api.v1 import leaks

urlpatterns = [
    *patterns(),
    path(leaks.PATH.lstrip("/"), leaks.report_leak),
    path("openapi.json", documents.openapi_json),
    path("docs", documents.reference),
    path("docs/", documents.reference),
]
