"""The API's routes, below its prefix: every registered endpoint, and its documents, which need no key."""

from django.urls import path

from elmed.api import documents, v1  # noqa: F401 - importing v1 registers the endpoints
from elmed.api.endpoint import patterns

urlpatterns = [
    *patterns(),
    path("openapi.json", documents.openapi_json),
    path("docs", documents.reference),
    path("docs/", documents.reference),
]
