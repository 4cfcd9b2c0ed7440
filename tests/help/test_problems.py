"""Every error code has its place at /help/errors, and what stands there is what the API answers."""

import json
import re
from html import unescape

import pytest

from elmed.access import keys
from elmed.api.problems import ERROR_CODES
from elmed.help.problem_pages import by_status
from elmed.help.what_to_do import EXTRAS, HEADERS, NOT_OF_A_PRESCRIPTION, WHAT_TO_DO
from tests import factories
from tests.api.client import Api

ROWS = {row.code: row for _, _, rows in by_status() for row in rows}


def test_every_code_has_its_anchor_and_says_what_to_do(read):
    html = read("help_errors")
    assert WHAT_TO_DO.keys() == ERROR_CODES.keys() == ROWS.keys()
    assert EXTRAS.keys() | HEADERS.keys() | NOT_OF_A_PRESCRIPTION <= ERROR_CODES.keys()
    for code, (status, _) in ERROR_CODES.items():
        assert f'<h3 id="{code}">' in html
        assert ROWS[code].status == status


def test_the_example_of_each_is_a_problem_document(read, settings):
    settings.BASE_URL = "https://rx.example.org"
    bodies = re.findall(r"application/problem\+json\n\n(.*?)</code>", read("help_errors"), re.S)
    documents = {body["code"]: body for body in map(json.loads, map(unescape, bodies))}
    assert documents.keys() == ERROR_CODES.keys()
    for code, body in documents.items():
        assert body["type"] == f"https://rx.example.org/help/errors#{code}"
        assert (body["status"], body["detail"]) == ERROR_CODES[code]
        assert body["title"]


@pytest.fixture
def refused(cast):
    """Requests that are refused, each by its code."""
    till = Api(keys.create(cast.actor("pharmacist"), name="till", scopes=["rx:read", "rx:dispense"])[1])
    reader = Api(keys.create(cast.actor("pharmacist"), name="reader", scopes=["rx:read"])[1])
    shop = Api(keys.create(cast.actor("pharmacist"), name="shop", scopes=["shop"])[1])
    rx, part, done = factories.verified(cast), factories.verified(cast), factories.dispensed(cast)
    line = factories.first_line(rx)
    born = {"date_of_birth": "1900-01-01", "reference": rx.reference, "lines": [{"sku": "X", "quantity": "1"}]}
    for _ in range(4):
        shop.post("/prescriptions/check", born)
    return {
        "missing_key": Api().get("/me"),
        "invalid_parameter": till.get("/prescriptions?limit=1000"),
        "insufficient_scope": reader.dispense(rx),
        "invalid_status": till.dispense(done),
        "quantity_unavailable": till.dispense(rx, {"lines": [{"medication_id": line, "quantity": "999"}]}),
        "validation_failed": till.dispense(rx, {"lines": [{"medication_id": line, "quantity": "-1"}]}),
        "version_conflict": till.dispense(rx, headers={"If-Match": '"99"'}),
        "batch_expired": till.dispense(
            rx, {"lines": [{"medication_id": line, "quantity": "1", "batch_number": "B", "expiry_date": "2020-01-31"}]}
        ),
        "external_reference_used": [
            till.dispense(part, {"lines": [{"medication_id": factories.first_line(part), "quantity": "1"}], "external_reference": "7"})
            for _ in "ab"
        ][1],
        "no_matching_prescription": shop.post("/prescriptions/check", born),
        "reference_locked": shop.post("/prescriptions/check", born),
    }  # fmt: skip


def test_the_examples_have_the_members_that_real_answers_have(refused):
    for code, answer in refused.items():
        real, shown = answer.json(), json.loads(ROWS[code].body)
        assert real["code"] == code
        assert real.keys() == shown.keys(), code
        assert {name: type(value) for name, value in real.items()} == {
            name: type(value) for name, value in shown.items()
        }
        if "errors" in shown:
            assert real["errors"][0].keys() == shown["errors"][0].keys()
        if code in HEADERS:
            assert HEADERS[code] in answer.headers
