"""A client that holds every answer against the public description while it passes: no test has to remember to."""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator, FormatChecker

from elmed.api import v1  # noqa: F401 - registers the endpoints
from elmed.api.endpoint import ENDPOINTS, PREFIX, Endpoint
from elmed.api.openapi import document
from elmed.api.problems import ERROR_CODES

PROBLEM_MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}
FORMATS = FormatChecker(())


@FormatChecker.checks(FORMATS, "date-time")
def _moment(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value, re.ASCII))


@FormatChecker.checks(FORMATS, "date")
def _day(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII))


def closed(schema: Any) -> Any:
    """The schema with nothing unsaid allowed: each object has its named members and no other."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {name: closed(part) for name, part in schema.items()}
    return inside | ({"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {})


@lru_cache(maxsize=1)
def _components() -> dict[str, Any]:
    return closed(document()["components"])


def endpoint_of(method: str, path: str) -> Endpoint | None:
    """Which registered endpoint answers."""
    bare = path.split("?", maxsplit=1)[0]
    for one in ENDPOINTS:
        if one.method == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", one.path), bare):
            return one
    return None


def problems_of(one: Endpoint, body: Any) -> list[str]:
    """What in a 200's body is not as the description says."""
    schema = {**closed(one.answer), "components": _components()}
    validator = Draft202012Validator(schema, format_checker=FORMATS)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def check(method: str, path: str, status: int, headers: Any, content: bytes) -> None:
    """What every answer promises."""
    if method == "OPTIONS":
        return
    assert re.fullmatch(r"req_[0-9a-f]{24}", headers["X-Request-Id"])
    if method == "HEAD":
        assert content == b""
        return
    if status >= 400:
        check_problem(status, headers, content)
        return
    assert re.fullmatch(r'"default";q=\d+;w=60', headers["RateLimit-Policy"])
    assert re.fullmatch(r'"default";r=\d+;t=([1-9]|[1-5]\d|60)', headers["RateLimit"])
    assert "private" in headers["Cache-Control"]
    one = endpoint_of(method, path)
    assert one is None or status in (one.status, 304)
    if status == 204:
        assert content == b""
        assert one is not None
        assert one.answer == {}
    if status in (200, 201) and one is not None:
        assert one.answer
        assert headers["Content-Type"].startswith("application/json")
        assert problems_of(one, json.loads(content)) == []


def check_problem(status: int, headers: Any, content: bytes) -> None:
    """RFC 9457, with a code of the one list under its own status, and the request's id in both places."""
    assert headers["Content-Type"] == "application/problem+json", content
    body = json.loads(content)
    assert body.keys() >= PROBLEM_MEMBERS
    assert body["status"] == status == ERROR_CODES[body["code"]][0]
    assert body["request_id"] == headers["X-Request-Id"]
    assert body["type"].endswith(f"/help/errors#{body['code']}")
    assert body["detail"]
    assert body["title"]
    for error in body.get("errors", ()):
        assert error.keys() == {"code", "detail", "pointer" if status == 422 else "parameter"}, error
        assert re.fullmatch(r"[a-z_0-9]+", error["code"])
        assert error["detail"]
    if status == 401:
        assert headers["WWW-Authenticate"].startswith("Bearer")
    if status == 405:
        assert headers["Allow"]
    if status == 429 and body["code"] == "rate_limited":
        assert 1 <= int(headers["Retry-After"]) <= 60
    elif status == 429:  # a lock-out: for a person to read, not for a loop to sleep on
        assert "Retry-After" not in headers
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", body["until"])
    if status == 503:
        assert int(headers["Retry-After"]) >= 1


class Api:
    """Somebody's software: a key, and requests with it."""

    def __init__(self, secret: str | None = None, **headers: str) -> None:
        self.headers = ({"X-API-Key": secret} if secret else {}) | headers
        self.client = Client()

    def call(self, method: str, path: str, body: Any = None, *, media="application/json", headers=None, **extra: Any):
        """One request; its answer, checked. A body that is not bytes is sent as JSON."""
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.client.generic(
            method, PREFIX + path, raw, content_type=media if raw else "", headers=self.headers | (headers or {}), **extra
        )  # fmt: skip
        check(method, path, answer.status_code, answer.headers, answer.content)
        return answer

    def get(self, path: str, **more: Any):
        """GET."""
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any):
        """POST."""
        return self.call("POST", path, body, **more)

    def dispense(self, rx: Any, body: Any = None, *, key: str | None = None, **more: Any):
        """The guide's call."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.post(f"/prescriptions/{rx.pk}/dispense", body, headers=headers | more.pop("headers", {}), **more)


def refusal(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem that was expected."""
    body = answer.json()
    assert (answer.status_code, body.get("code")) == (status, code), body
    return body


def statements(call: Callable[[], HttpResponse]) -> int:
    """How many statements it took, savepoints of the test's own transaction left out."""
    with CaptureQueriesContext(connection) as captured:
        assert call().status_code == 200
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")) for query in captured)
