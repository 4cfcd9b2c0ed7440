"""OPTIONS, HEAD, no door for other sites' scripts, and how an endpoint says that it will end; over the whole table."""

from dataclasses import replace
from datetime import date

import pytest

from elmed.api import endpoint as endpoints
from elmed.api import openapi
from elmed.api.deprecation import Deprecated
from elmed.api.endpoint import ENDPOINTS, PREFIX
from elmed.api.openapi import document
from tests import factories as f
from tests.api.client import Api

PATHS = sorted({one.path for one in ENDPOINTS})


def of(path):
    return path.replace("{id}", "1").replace("{delivery_id}", "1")


@pytest.mark.parametrize("path", PATHS)
def test_options_names_the_methods_and_opens_no_door_for_other_sites(db, path):
    methods = {one.method for one in ENDPOINTS if one.path == path} | {"OPTIONS"}
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    answer = Api().call("OPTIONS", of(path), headers=asked)
    assert answer.status_code == 204 and answer.content == b""
    assert answer["Allow"] == ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_an_answer_is_for_no_other_site(cast, pharmacy):
    rx = f.verified(cast)
    for path in ("/me", f"/prescriptions/{rx.pk}", "/nothing-here"):
        answer = pharmacy.get(path, headers={"Origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_head_is_get_without_its_body(cast, admin, pharmacy):
    rx = f.partially_dispensed(cast)
    ids = {"/prescriptions/{id}": rx.pk, "/dispenses/{id}": rx.dispenses.get().pk, "/patients/{id}": rx.patient_id}
    tried = 0
    for one in (one for one in ENDPOINTS if one.method == "GET"):
        path = one.path.replace("{id}", str(ids.get(one.path, 1))).replace("{delivery_id}", "1")
        read, head = pharmacy.get(path), pharmacy.call("HEAD", path)
        assert head.status_code == read.status_code, path
        for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
            assert head.headers.get(name) == read.headers.get(name), (path, name)
        tried += read.status_code == 200
    assert tried >= 8


@pytest.fixture
def ending(monkeypatch):
    """GET /me, as if it were to end."""
    end = Deprecated(date(2026, 11, 1), date(2027, 6, 1), "Use `GET /prescriptions` instead.")
    table = [replace(one, deprecated=end) if one.path == "/me" else one for one in ENDPOINTS]
    monkeypatch.setattr(openapi, "ENDPOINTS", table)
    return next(one for one in table if one.deprecated)


def test_an_endpoint_that_will_end_says_so_on_every_answer(pharmacy, ending, rf):
    for wrong in ("", "?nothing=1"):
        request = rf.get(f"{PREFIX}/me{wrong}", headers=pharmacy.headers)
        answer = endpoints.run(ending, request, {})
        assert answer.status_code == (400 if wrong else 200)
        assert answer["Deprecation"] == "@1793491200"
        assert answer["Sunset"] == "Tue, 01 Jun 2027 00:00:00 GMT"
        assert answer["Link"].endswith('/help/changelog>; rel="deprecation"; type="text/html"')
    operation = document()["paths"]["/me"]["get"]
    assert operation["deprecated"] is True
    assert operation["description"].startswith("Deprecated since 2026-11-01, ends on 2027-06-01. Use `GET")


def test_nothing_ends_without_half_a_year_of_notice():
    with pytest.raises(ValueError, match="180 days"):
        Deprecated(date(2026, 11, 1), date(2027, 4, 1), "Use another.")
