"""The addresses of everything but the public API, which its middleware routes (api/urls.py)."""

from django.urls import URLPattern, URLResolver, include, path

from elmed.api.wellknown import sealing_keys

urlpatterns: list[URLPattern | URLResolver] = [
    path(".well-known/elmed-keys.json", sealing_keys),
    path("", include("elmed.portals.urls")),
    path("", include("elmed.help.urls")),
]
