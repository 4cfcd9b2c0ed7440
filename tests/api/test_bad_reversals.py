"""The same for taking a dispense back: what cannot be is refused by its field, and nothing changed."""

import pytest

from tests import factories as f
from tests.api.client import refusal
from tests.prescriptions.attempts import everything

REASON = "recorded_in_error"


@pytest.fixture
def supplied(cast):
    rx = f.verified(cast, lines=(f.AMOXICILLIN, f.RAMIPRIL))
    return f.supply(cast, rx, (f.first_line(rx), 10000))


def test_wrong_fields(supplied, pharmacy):
    first, second = (line.pk for line in supplied.prescription.lines.all())
    before = everything()
    for body, pointer, code in (
        (None, "/reason_code", "required"),
        ({}, "/reason_code", "required"),
        ({"reason_code": "oops"}, "/reason_code", "unknown_reason"),
        ({"reason_code": ""}, "/reason_code", "unknown_reason"),
        ({"reason_code": 1}, "/reason_code", "string_type"),
        ({"reason_code": None}, "/reason_code", "string_type"),
        ({"reason_code": REASON, "why": "x"}, "/why", "unknown_field"),
        ({"reason_code": REASON, "lines": []}, "/lines", "too_short"),
        ({"reason_code": REASON, "lines": None}, "/lines", "null"),
        ({"reason_code": REASON, "lines": [{"medication_id": first}]}, "/lines/0/quantity", "required"),
        ({"reason_code": REASON, "lines": [line(first, "1.0")]}, "/lines/0/quantity", "invalid_value"),
        ({"reason_code": REASON, "lines": [line(first, "-1")]}, "/lines/0/quantity", "invalid_value"),
        ({"reason_code": REASON, "lines": [line(first, "10.001")]}, "/lines/0/quantity", "too_much"),
        ({"reason_code": REASON, "lines": [line(first, "1000000")]}, "/lines/0/quantity", "too_much"),
        ({"reason_code": REASON, "lines": [line(second, "1")]}, "/lines/0/medication_id", "unknown_medication"),
        ({"reason_code": REASON, "lines": [line(2**63 - 1, "1")]}, "/lines/0/medication_id", "unknown_medication"),
        ({"reason_code": REASON, "lines": [line(2**63, "1")]}, "/lines/0/medication_id", "less_than_equal"),
        ({"reason_code": REASON, "lines": [line(first, "1")] * 2}, "/lines/1/medication_id", "repeated"),
    ):
        answer = pharmacy.post(f"/dispenses/{supplied.pk}/reverse", body)
        found = refusal(answer, 422, "validation_failed")["errors"]
        assert [(error["pointer"], error["code"]) for error in found] == [(pointer, code)], body
    assert everything() == before


def line(medication_id, quantity):
    return {"medication_id": medication_id, "quantity": quantity}
