"""What a hostile or clumsy integrator sends: refused with the field's name, and nothing changed."""

import json

import pytest

from elmed.api import bodies
from tests import factories as f
from tests.api.client import refusal
from tests.prescriptions.attempts import everything


@pytest.fixture
def rx(cast):
    return f.verified(cast, lines=(f.AMOXICILLIN, f.RAMIPRIL))


@pytest.fixture
def unchanged():
    """What follows its call may change nothing: rows, events and access records, value by value."""

    def watch():
        before = everything()

        def still():
            assert everything() == before

        return still

    return watch


ONE = {"medication_id": "LINE", "quantity": "1"}
LINE = "/lines/0/{}"
# (what of one line is sent, the code of its error), by the line's field.
WRONG_IN_A_LINE = {
    "quantity": [
        *[(text, "invalid_value") for text in (
            "28.0", "1e3", "1E3", "-1", "+1", "0", "0.0", "-0", "NaN", "nan", "Infinity", "-Infinity", "1000001", "1000000.001",
            "9" * 400, "1.0001", "0.0001", " 1", "1 ", "1\n", "01", ".5", "5.", "", "0x10", "1_000", "1,5", "1/2", "\u0661", "\uff11", "1 tablet",
        )],
        *[(value, "string_type") for value in (1, 1.5, True, None, [], {}, 10**30)],
    ],
    "medication_id": [
        (True, "int_type"), ("1", "int_type"), (1.0, "int_type"), (None, "int_type"), ([], "int_type"),
        (0, "greater_than_equal"), (-1, "greater_than_equal"), (2**63, "less_than_equal"), (-(2**70), "greater_than_equal"),
        (10**300, "less_than_equal"), (2**63 - 1, "unknown_medication"),
    ],
    "expiry_date": [
        *[(text, "invalid_value") for text in (
            "2026-02-30", "2026-13-01", "0000-00-00", "0000-01-01", "99999-01-01", "-001-01-01", "2026-1-1", "20260101", "2026-W01-1",
            "2026-01-01T00:00:00Z", "", "soon", "\u0662\u0660\u0662\u0666-01-01",
        )],
        (20260101, "string_type"), (True, "string_type"),
    ],
    "batch_number": [("", "too_short"), ("x" * 41, "too_long"), ("a\x00b", "invalid_value"), ("a\nb", "invalid_value"), (7, "string_type")],
    "product_sku": [("x" * 81, "too_long"), ("\x7f", "invalid_value"), ([], "string_type")],
    "substituted": [("yes", "bool_type"), (1, "bool_type"), (None, "bool_type")],
    "substitution_reason": [("x" * 301, "too_long"), ("\x01", "invalid_value")],
    "price": [("9.99", "unknown_field")],
    "Quantity": [("1", "unknown_field")],
}  # fmt: skip
WRONG_AROUND_IT = {
    "lines": [
        ([], "too_short"), (None, "null"), ({}, "list_type"), ("all", "list_type"), ([ONE] * 101, "too_long"), (0, "list_type"),
    ],
    "handed_over_at": [
        *[(value, "invalid_value") for value in (
            1, 1.5, True, "", "now", "2026-01-01", "2026-01-01T10:00:00", "2026-02-30T10:00:00Z", "2026-01-01T24:00:00Z",
            "2026-01-01T10:00:60Z", "2026-01-01 10:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59", "2201-01-01T00:00:00Z", "12026-01-01T00:00:00Z", "2026-01-01T10:00:00+24:00",
        )],
        ("1900-01-01T00:00:00Z", "before_issue"), ("2199-12-31T23:59:59Z", "in_the_future"),
    ],
    "external_reference": [("", "too_short"), ("x" * 121, "too_long"), (1042, "string_type"), ("10\x0042", "invalid_value")],
    "receiver": [("x" * 121, "too_long"), (["Cara"], "string_type"), ("Ca\tra", "invalid_value")],
    "note": [("x" * 501, "too_long"), ({}, "string_type"), ("a\x00", "invalid_value")],
    "status": [("dispensed", "unknown_field")],
    "reservation": [(1, "unknown_field")],
    "": [(1, "unknown_field")],
}  # fmt: skip


def wrong_bodies():
    for field, cases in WRONG_IN_A_LINE.items():
        for value, code in cases:
            yield {"lines": [ONE | {field: value}]}, LINE.format(field), code
    for field, cases in WRONG_AROUND_IT.items():
        for value, code in cases:
            yield {field: value}, f"/{field}", code


def test_wrong_fields(rx, tireless, unchanged):
    line = f.first_line(rx)
    still = unchanged()
    cases = list(wrong_bodies())
    assert len(cases) > 90
    for body, pointer, code in cases:
        raw = json.dumps(body).replace('"LINE"', str(line)).encode()
        answer = tireless.post(f"/prescriptions/{rx.pk}/dispense", raw)
        found = refusal(answer, 422, "validation_failed")["errors"]
        assert [(error["pointer"], error["code"]) for error in found] == [(pointer, code)], body
    still()


def test_several_wrong_fields_are_all_named(rx, pharmacy, unchanged):
    still = unchanged()
    line = {"medication_id": "1", "quantity": "1.0", "colour": "red"}
    found = refusal(pharmacy.dispense(rx, {"lines": [line, {}], "note": 1}), 422, "validation_failed")["errors"]
    assert {error["pointer"] for error in found} == {
        "/lines/0/medication_id", "/lines/0/quantity", "/lines/0/colour", "/lines/1/medication_id", "/lines/1/quantity", "/note",
    }  # fmt: skip
    found = refusal(pharmacy.dispense(rx, {"a/b~c": 1}), 422, "validation_failed")["errors"]
    assert found[0]["pointer"] == "/a~1b~0c"
    still()


def test_a_body_of_a_thousand_faults_is_not_answered_with_a_thousand(rx, pharmacy, unchanged):
    still = unchanged()
    answer = pharmacy.dispense(rx, {f"field_{number}": 1 for number in range(5000)})
    assert len(refusal(answer, 422, "validation_failed")["errors"]) == bodies.MOST_ERRORS
    assert len(answer.content) < 20_000
    still()


@pytest.mark.parametrize("body", [b"[]", b"null", b"true", b"1", b'"x"', b"[{}]"])
def test_no_object(rx, pharmacy, unchanged, body):
    still = unchanged()
    found = refusal(pharmacy.dispense(rx, body), 422, "validation_failed")["errors"]
    assert [(error["pointer"], error["code"]) for error in found] == [("", "object_type")]
    still()


NOT_JSON = {
    "cut off": b"{",
    "two documents": b"{}{}",
    "only spaces": b"   ",
    "a comma too many": b'{"note": "x",}',
    "single quotes": b"{'note': 'x'}",
    "a comment": b"{} // nothing",
    "NaN": b'{"lines": [{"medication_id": 1, "quantity": NaN}]}',
    "Infinity": b'{"lines": [{"medication_id": Infinity, "quantity": "1"}]}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"note": "x"}'.encode("utf-16"),
    "UTF-32": "{}".encode("utf-32-le"),
    "Latin-1": '{"note": "Zoë"}'.encode("latin-1"),
    "an overlong encoding": b'{"note": "\xc0\xaf"}',
    "an encoded surrogate": b'{"note": "\xed\xa0\x80"}',
    "an escaped lone surrogate": b'{"note": "\\ud800"}',
    "an escaped surrogate the wrong way round": b'{"note": "\\ude00\\ud83d"}',
    "a raw NUL": b'{"note": "a\x00b"}',
    "a raw line feed": b'{"note": "a\nb"}',
    "deep objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "deep arrays": b'{"lines": ' + b"[" * 200_000,
    "a number of 5000 digits": b'{"lines": [{"medication_id": ' + b"9" * 5000 + b', "quantity": "1"}]}',
    "a member twice": b'{"note": "x", "note": "y"}',
    "a member twice, inside": b'{"lines": [{"medication_id": 1, "quantity": "1", "quantity": "20"}]}',
    "a member twice, once escaped": b'{"note": "x", "n\\u006fte": "y"}',
}  # fmt: skip


@pytest.mark.parametrize("what", NOT_JSON)
def test_no_json(rx, pharmacy, unchanged, what):
    still = unchanged()
    found = refusal(pharmacy.dispense(rx, NOT_JSON[what]), 400, "malformed_body")
    assert ("note" in found["detail"] or "quantity" in found["detail"]) == ("twice" in what)
    still()


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "", "json", "application/json2"]
)
def test_another_media_type(rx, pharmacy, unchanged, media):
    still = unchanged()
    refusal(pharmacy.dispense(rx, b"{}", media=media), 415, "unsupported_media_type")
    still()


def test_json_by_other_names(rx, pharmacy):
    for media in ("application/json; charset=utf-8", "Application/JSON", "application/vnd.shop+json"):
        refusal(pharmacy.dispense(rx, b'{"x": 1}', media=media), 422, "validation_failed")


def test_a_body_over_the_limit(rx, pharmacy, unchanged):
    still = unchanged()
    exactly = b'{"note": "' + b"x" * (2**20 - 12) + b'"}'
    assert len(exactly) == 2**20
    refusal(pharmacy.dispense(rx, exactly), 422, "validation_failed")
    refusal(pharmacy.dispense(rx, exactly + b" "), 413, "body_too_large")
    refusal(pharmacy.dispense(rx, b"{" + b" " * 10_000_000), 413, "body_too_large")
    refusal(pharmacy.dispense(rx, b"{}", CONTENT_LENGTH=str(10**9)), 413, "body_too_large")
    refusal(pharmacy.dispense(rx, b"{}", CONTENT_LENGTH="many"), 400, "malformed_body")
    still()


WRONG_PARAMETERS = {
    "limit": ["0", "-1", "101", "1.0", "1e1", "+5", " 5", "1_0", "\uff15", "true", "NaN", "", "9" * 30],
    "patient_id": ["0", "-1", "1.0", "x", "", str(2**63), "9" * 400, "1_0", "1 OR 1=1"],
    "status": ["", "Verified", "draft", "done", "verified,dispensed", "\x00", "verified "],
    "updated_since": [
        "", "1", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00 00:00", "2026-02-30T00:00:00Z",
        "1899-12-31T23:59:59Z", "2201-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-01-01T00:00:00.Z",
    ],
    "reference": ["\x00", "a\nb"],
    "cursor": ["", "x", "\x00", "eyJhIjoxfQ:1abc:def"],
    "Limit": ["5"],
    "offset": ["5"],
    "model_config": ["1"],
    "": ["1"],
}  # fmt: skip


def test_wrong_parameters(rx, pharmacy, unchanged):
    from urllib.parse import urlencode

    still = unchanged()
    for name, values in WRONG_PARAMETERS.items():
        for value in values:
            answer = pharmacy.get(f"/prescriptions?{urlencode({name: value})}")
            found = refusal(answer, 400, "invalid_cursor" if name == "cursor" else "invalid_parameter")
            assert [error["parameter"] for error in found["errors"]] == [name], (name, value)
    still()


def test_parameters_in_a_bad_shape(rx, pharmacy, unchanged):
    still = unchanged()
    twice = refusal(pharmacy.get("/prescriptions?limit=1&limit=2"), 400, "invalid_parameter")
    assert twice["errors"][0]["code"] == "repeated"
    for broken in ("reference=%ff%fe", "reference=%ed%a0%80", "reference=a%00"):
        found = refusal(pharmacy.get(f"/prescriptions?{broken}"), 400, "invalid_parameter")
        assert found["errors"][0]["parameter"] == "reference", broken
    refusal(pharmacy.get("/prescriptions?" + "&".join(f"a{n}=1" for n in range(1200))), 400, "invalid_parameter")
    found = refusal(pharmacy.get("/prescriptions?" + "&".join(f"a{n}=1" for n in range(900))), 400, "invalid_parameter")
    assert len(found["errors"]) == bodies.MOST_ERRORS
    for path in ("/me", f"/prescriptions/{rx.pk}", f"/patients/{rx.patient_id}"):
        found = refusal(pharmacy.get(f"{path}?verbose=1"), 400, "invalid_parameter")
        assert found["errors"][0] == {
            "parameter": "verbose",
            "code": "unknown_parameter",
            "detail": "There is no such parameter.",
        }
    refusal(pharmacy.post(f"/prescriptions/{rx.pk}/dispense?dry_run=1"), 400, "invalid_parameter")
    still()


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "01",
        "-1",
        "1.0",
        "abc",
        "1%00",
        "%F0%9F%92%A9",
        "%ff",
        "\uff11",
        str(2**63),
        "9" * 400,
        "1%20",
        "null",
        "1;2",
        "%2e%2e",
    ],
)
def test_ids_in_the_path(rx, pharmacy, unchanged, text):
    still = unchanged()
    for path in ("/prescriptions/{}", "/dispenses/{}", "/patients/{}"):
        refusal(pharmacy.get(path.format(text)), 404, "not_found")
    for path in ("/prescriptions/{}/dispense", "/dispenses/{}/reverse"):
        refusal(pharmacy.post(path.format(text), {"reason_code": "recorded_in_error"}), 404, "not_found")
    still()


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "x",
        "1",
        '"',
        '""',
        '"x"',
        '"0"',
        '"-1"',
        '"1.0"',
        '"1", "2"',
        '"1-xyz"',
        '"1-"',
        '"9999999999"',
        "1-0123456789abcdef",
    ],
)
def test_if_match_garbage(rx, pharmacy, unchanged, tag):
    still = unchanged()
    refusal(pharmacy.dispense(rx, headers={"If-Match": tag}), 400, "invalid_if_match")
    still()


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9", "a\tb", "\x7f"])
def test_idempotency_key_garbage(rx, pharmacy, unchanged, key):
    still = unchanged()
    refusal(pharmacy.dispense(rx, headers={"Idempotency-Key": key}), 400, "invalid_idempotency_key")
    still()
