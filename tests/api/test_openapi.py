"""The public description: valid OpenAPI 3.1, complete, and a reference page that asks nobody else."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from elmed.access.permissions import SCOPES
from elmed.api.endpoint import ENDPOINTS
from elmed.api.openapi import document
from elmed.api.problems import ERROR_CODES
from tests.api.client import refusal

PROVEN = ("/prescriptions/check", "/prescriptions/route")  # a proof that opens nothing is a 404


@pytest.fixture(scope="module")
def description():
    return document()


OPEN = ("POST", "/keys/report-leak")  # without a key: nobody's scope, limit or idempotency; twice is as once


def operations(description):
    return {
        (method.upper(), path): one for path, methods in description["paths"].items() for method, one in methods.items()
    }


def keyed(description):
    """What needs a key."""
    return {route: one for route, one in operations(description).items() if route != OPEN}


def test_it_is_valid(description):
    assert description["openapi"].startswith("3.1")
    validate(description, cls=OpenAPIV31SpecValidator)


def test_it_is_what_is_served(client, description):
    served = client.get("/api/public/v1/openapi.json")
    assert served["Content-Type"] == "application/json"
    assert served.json() == json.loads(json.dumps(description))
    assert description["servers"] == [{"url": f"{settings.BASE_URL}/api/public/v1"}]


def test_every_endpoint_is_described(description):
    described = operations(description)
    assert described.keys() == {(one.method, one.path) for one in ENDPOINTS} | {OPEN}
    assert len({one["operationId"] for one in described.values()}) == len(described)
    for (method, path), one in described.items():
        assert one["summary"].endswith("."), path
        in_path = {parameter["name"] for parameter in one["parameters"] if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert ("requestBody" in one) == (method in ("POST", "PUT", "PATCH")), path


def test_every_endpoint_names_the_scopes_that_do(description):
    for one in ENDPOINTS:
        words = operations(description)[one.method, one.path]["description"]
        for scope, grants in SCOPES.items():
            named = f"`{scope.value}`" in words
            assert named == (one.permission in grants) or "any key" in words, (one.path, scope)


def test_every_code_exists_under_its_status(description):
    for (method, path), one in keyed(description).items():
        for status, response in one["responses"].items():
            codes = re.findall(r"`(\w+)`", response["description"])
            assert (status in ("200", "201", "204", "304")) == (not codes), (path, status)
            assert all(ERROR_CODES[code][0] == int(status) for code in codes), (path, status)
        assert {"400", "401", "403", "429", "500", "503"} <= one["responses"].keys()
        assert ("204" in one["responses"]) == (method == "DELETE") != bool({"200", "201"} & one["responses"].keys())
        assert ("404" in one["responses"]) == ("{id}" in path or path in PROVEN)
        assert ("422" in one["responses"]) == ("requestBody" in one)


def test_reads_of_what_has_a_version_describe_their_etag(description):
    tagged = {path for (method, path), one in keyed(description).items() if "304" in one["responses"]}
    assert tagged == {"/prescriptions/{id}", "/products/{id}", "/webhook-endpoints/{id}"}
    for path in tagged:
        answers = operations(description)["GET", path]["responses"]
        assert "ETag" in answers["200"]["headers"] and "content" not in answers["304"]


def test_what_needs_no_key_says_so(description):
    one = operations(description)[OPEN]
    assert one["security"] == []
    assert one["responses"].keys() == {"202", "400", "413", "415", "422", "429", "500", "503"}
    for status, response in one["responses"].items():
        assert all(ERROR_CODES[code][0] == int(status) for code in re.findall(r"`(\w+)`", response["description"]))


def test_the_headers_that_are_heeded_are_described(description):
    """An Idempotency-Key on every POST that writes; a version where there is one."""
    for (method, path), one in keyed(description).items():
        headers = {parameter["name"] for parameter in one["parameters"] if parameter["in"] == "header"}
        assert ("Idempotency-Key" in headers) == (method == "POST"), path
        versioned = path.endswith(("/dispense", "/reverse", "/route", "/act", "/stock", "/roll-secret")) or (
            method in ("PATCH", "DELETE") and "webhook" in path
        )
        assert ("If-Match" in headers) == versioned, path


def test_the_codes_that_tests_meet_are_described(description, cast, pharmacy):
    """A dispense that is refused in many ways: each code is in the description of that call."""
    from tests import factories as f

    rx = f.pending_review(cast)
    said = operations(description)["POST", "/prescriptions/{id}/dispense"]["responses"]
    for answer in (
        pharmacy.dispense(rx),
        pharmacy.dispense(rx, {"x": 1}),
        pharmacy.dispense(rx, b"{"),
        pharmacy.post("/prescriptions/0/dispense"),
    ):
        assert f"`{answer.json()['code']}`" in said[str(answer.status_code)]["description"]


def test_every_word_of_a_closed_list_has_its_meaning():
    from elmed.api.v1 import checks, reservations
    from elmed.prescriptions.actions.check import Reason
    from elmed.prescriptions.actions.reservations import State
    from elmed.prescriptions.models import Freed

    for meanings, words in ((checks.REASONS, Reason), (reservations.STATES, State), (reservations.FREED, Freed)):
        assert set(meanings) == set(words)


def test_problem_documents_have_a_closed_list_of_codes(description):
    assert description["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == sorted(ERROR_CODES)


class TestTheReferencePage:
    """/docs."""

    @pytest.mark.parametrize("path", ["/api/public/v1/docs", "/api/public/v1/docs/"])
    def test_it_asks_no_other_host(self, client, path):
        page = client.get(path)
        text = page.content.decode()
        assert page.status_code == 200
        assert page["Content-Type"].startswith("text/html")
        loaded = re.findall(r'(?:src|href)="([^"]+)"', text)
        assert loaded
        assert all(address.startswith("/") and not address.startswith("//") for address in loaded)
        assert "'unsafe" not in page["Content-Security-Policy"]
        assert re.search(r"default-src 'self'", page["Content-Security-Policy"])
        assert "http" not in page["Content-Security-Policy"]
        assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", text), "nothing that its policy forbids"

    def test_what_it_loads_is_there(self, client):
        text = client.get("/api/public/v1/docs").content.decode()
        for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', text):
            assert finders.find(address.removeprefix("/static/")), address

    def test_its_script_reads_our_own_description(self):
        script = Path(finders.find("api/reference.js")).read_text()
        assert '"/api/public/v1/openapi.json"' in script
        assert "://" not in script

    @pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
    def test_it_is_only_read(self, db, client, path):
        for method in ("post", "put", "delete", "patch"):
            refused = getattr(client, method)(f"/api/public/v1{path}")
            refusal(refused, 405, "method_not_allowed")
            assert refused["Allow"] == "GET, HEAD, OPTIONS"
        assert client.options(f"/api/public/v1{path}").status_code == 204
        assert client.head(f"/api/public/v1{path}").content == b""


def test_the_sealing_keys_are_public(client):
    keys = client.get("/.well-known/elmed-keys.json").json()["keys"]
    assert keys
    assert all(key.keys() >= {"key_id", "algorithm", "public_key"} for key in keys)
