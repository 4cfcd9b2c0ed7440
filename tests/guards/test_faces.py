"""The faces: none of their pages and endpoints exists without saying who may use it, and none of them writes rows."""

import ast
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver

from elmed.access.permissions import SCOPES, Permission
from elmed.api import v1  # noqa: F401 - registers the endpoints
from elmed.api.endpoint import ENDPOINTS, endpoint
from elmed.portals.page import page, public_page, route
from tests.guards.source import PACKAGE, files, name, tree

UNGUARDED = {"elmed.api.wellknown.sealing_keys": "the public keys, for everybody"}
FACES = ("portals", "help", "api/v1")
WRITING = {
    "save",
    "delete",
    "create",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "select_for_update",
}


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    """Every URL pattern below a resolver."""
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one)
        else:
            yield one


def test_every_page_says_who_may_open_it():
    silent = set()
    found = 0
    for pattern in patterns(get_resolver()):
        view = pattern.callback
        where = f"{view.__module__}.{view.__name__}"
        if not where.startswith("elmed."):
            continue  # allauth's own pages
        found += 1
        if not getattr(view, "elmed_page", False) and where not in UNGUARDED:
            silent.add(where)
    assert found > 20
    assert not silent


def test_a_page_without_a_word_about_it_fails_at_import():
    def view(_request):
        return HttpResponse()

    with pytest.raises(ImproperlyConfigured):
        route("x/", view, "x")
    assert route("x/", public_page(view), "x").callback.elmed_page


def test_a_page_cannot_leave_out_its_permission():
    with pytest.raises(TypeError):
        page(kinds=[])


def test_an_endpoint_without_permission_or_words_fails_at_import():
    before = list(ENDPOINTS)
    with pytest.raises(TypeError):
        endpoint("GET", "/x", permission=None, answer={}, tag="x")
    with pytest.raises(TypeError):
        endpoint("GET", "/x", permission=Permission.PRESCRIPTION_READ, answer={}, tag="x")(lambda call: HttpResponse())
    assert before == ENDPOINTS


def test_a_scope_opens_each_endpoint():
    opened = frozenset().union(*SCOPES.values())
    assert ENDPOINTS
    assert all(one.permission in opened for one in ENDPOINTS)


def test_faces_do_not_write():
    offenders = [
        f"{name(path)}:{node.lineno} .{node.func.attr}()"
        for face in FACES
        for path in files(PACKAGE / face)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITING
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id in ("actions", "keys", "patients", "products"))
    ]  # fmt: skip
    assert not offenders, "call an act instead"
