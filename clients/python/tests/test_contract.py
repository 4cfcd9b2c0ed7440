"""The client knows all of the contract: a new operation, parameter or field fails here until it is in the client."""

import ast
import dataclasses
import inspect
import json
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import httpx
import pytest

from elmed_client import AsyncClient, Client, bodies, models
from elmed_client.models.events import Event

PROJECT = Path(__file__).resolve().parents[1]
CONTRACT = json.loads((PROJECT.parents[1] / "contract" / "openapi.json").read_text())
METHODS = ("get", "put", "post", "patch", "delete")
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in CONTRACT["paths"].items()
    for method, operation in methods.items()
    if method in METHODS
}
KEY = "elm_" + "0" * 64
# Money has no pattern in the contract; what these arrays hold is told by the operation's description alone.
DECIMALS = {("Product", "price"), ("Quantity", "value")}
# Of the contract, and not of the models: `Event` stands for both, and problems are exceptions.
ELSEWHERE = {"WithheldEvent", "Problem"}


def calls(package: str) -> dict[str, tuple[str, str]]:
    """Each operation that a client can call, with its method and path, read from the code."""
    found = {}
    for file in (PROJECT / "src/elmed_client" / package).glob("*.py"):
        names = {}
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                names[node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""] = node.value.value
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Call":
                operation, method, path = (eval(ast.unparse(one), {}, names) for one in node.args[:3])
                found[operation] = (method, path)
    return found


@pytest.mark.parametrize("package", ["asynchronous", "synchronous"])
def test_every_operation_has_its_method(package):
    assert calls(package) == {name: (method, path) for name, (method, path, _) in OPERATIONS.items()}


def public(client) -> dict[str, inspect.Signature]:
    """Every public method of a client, by its dotted name."""
    found = {}
    for name, part in [("", client), *vars(client).items()]:
        if not name.startswith("_"):
            for method, function in inspect.getmembers(part, inspect.isroutine):
                if not method.startswith("_"):
                    found[f"{name}.{method}".strip(".")] = inspect.signature(function)
    return found


def test_both_clients_have_the_same_methods_and_parameters():
    waiting, asyncio = public(Client(KEY)), public(AsyncClient(KEY))
    asyncio["close"] = asyncio.pop("aclose")
    assert {name: list(one.parameters) for name, one in waiting.items()} == {
        name: list(one.parameters) for name, one in asyncio.items()
    }
    assert len(waiting) > 30


def example(name: str, parameter: inspect.Parameter) -> Any:
    """Something that fits a parameter, by its name."""
    known = {
        "lines": None, "reason_code": "recorded_in_error", "date_of_birth": date(1961, 2, 3), "problems": ["slow"], "status": ["issued"],
        "event_types": ["*"], "updated_since": "2026-01-01T00:00:00Z", "since": "2026-01-01T00:00:00Z", "handed_over_at": "2026-01-01T00:00:00Z",
        "last_sync_at": "2026-01-01T00:00:00Z", "reserve": True, "delivered_too": True, "enabled": False, "if_match": 3, "dry_run": False,
        "orders_waiting": 1, "quantity_counted": "12", "wait": 1, "limit": 2, "after": 1, "quantity": 1,
    }  # fmt: skip
    if name in known:
        return known[name]
    return 1 if name.endswith("id") else "text"


LINES = {
    "prescriptions.dispense": [bodies.DispenseLine(medication_id=1, quantity="0.5", product_sku="A", batch_number="B", expiry_date=date(2030, 1, 1), substituted=True, substitution_reason="none left")],
    "dispenses.reverse": [bodies.ReverseLine(medication_id=1, quantity=Decimal("2.50"))],
    "prescriptions.check": [bodies.CheckLine(sku="A", quantity=2)],
    "sandbox.act": [bodies.ActLine(medication_id=1, quantity=2)],
    "sales.record": [bodies.SaleLine(sku="A", quantity=2)],
}  # fmt: skip


def requests() -> dict[str, httpx.Request]:
    """What is sent where every parameter of every method is given."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(599, json={})

    client = Client(KEY, url="http://localhost:1", transport=httpx.MockTransport(answer))
    sent = {}
    for name, signature in public(client).items():
        if name in ("close", "events.follow", "events.newest", "prescriptions.get_if_changed"):
            continue
        function = client
        for part in name.split("."):
            function = getattr(function, part)
        given = {
            one: LINES.get(name) if one == "lines" else example(one, at) for one, at in signature.parameters.items()
        }
        try:
            result = function(**given)
            result.first()
        except Exception as error:
            assert "599" in str(error), (name, error)
        sent[name] = seen[-1]
    return sent


def operation_of(request: httpx.Request) -> dict[str, Any]:
    for method, path, operation in OPERATIONS.values():
        pattern = "/api/public/v1" + re.sub(r"\{\w+\}", r"\\d+", path)
        if request.method == method and re.fullmatch(pattern, request.url.path):
            return operation
    raise AssertionError(request)


def body_of(operation: dict[str, Any]) -> dict[str, Any]:
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return CONTRACT["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})


@pytest.mark.parametrize(("name", "request_"), requests().items(), ids=lambda one: one if isinstance(one, str) else "")
def test_every_parameter_of_the_contract_can_be_sent_and_no_other_is(name, request_):
    operation = operation_of(request_)
    parameters = {(one["in"], one["name"]) for one in operation["parameters"]}
    queries = {name for place, name in parameters if place == "query"}
    assert {*request_.url.params} == queries - {"dry_run"}
    for place, header in parameters:
        if place == "header":
            assert header in request_.headers
    body = json.loads(request_.content) if request_.content else {}
    schema = body_of(operation)
    assert {*body} == {*schema.get("properties", {})}
    for line in body.get("lines") or []:
        found = schema["properties"]["lines"]
        items = found.get("items") or found["anyOf"][0]["items"]
        assert {*line} == {*CONTRACT["components"]["schemas"][items["$ref"].rpartition("/")[2]]["properties"]}


def test_every_write_can_be_tried():
    for name, (method, _, operation) in OPERATIONS.items():
        asked = {one["name"] for one in operation["parameters"]}
        if "dry_run" in asked:
            assert method != "GET", name
    methods = {name for name, signature in public(Client(KEY)).items() if "dry_run" in signature.parameters}
    assert len(methods) == sum(
        "dry_run" in {one["name"] for one in op["parameters"]} for _, _, op in OPERATIONS.values()
    )


def schemas() -> list[tuple[str, type, dict[str, Any]]]:
    """(name, model, schema) of every answer, named ones and those that stand in an operation."""
    named = CONTRACT["components"]["schemas"]
    found = [
        (name, getattr(models, name), named[name])
        for name in named
        if not name.endswith("Body") and name not in ELSEWHERE | {"Leak", "WebhookMessage"}
    ]
    inline = {
        "me": models.Me, "check_prescription": models.Check, "route_prescription": models.Routed, "dispense": models.DispenseResult,
        "read_state_machine": models.StateMachine, "read_patient": models.Patient, "record_shop_sale": models.Sale,
        "resend_webhooks": models.Resent, "report_shop": models.ShopReport, "list_events": models.EventPage,
        "list_event_types": models.EventTypeList,
        "list_webhook_endpoints": models.WebhookEndpointList,
        "play_scenario": models.Scenario, "play_act": models.Acted, "advance_clock": models.WorldClock, "reset_sandbox": models.WorldClock,
    }  # fmt: skip
    for operation, model in inline.items():
        answers = OPERATIONS[operation][2]["responses"]
        answer = (answers.get("200") or answers["201"])["content"]["application/json"]["schema"]
        found.append((operation, model, answer))
    return found


@pytest.mark.parametrize(("name", "model", "schema"), schemas(), ids=lambda one: one if isinstance(one, str) else "")
def test_models_have_the_fields_and_types_of_the_contract(name, model, schema):
    compare(name, model, schema)


def compare(where: str, kind: Any, schema: dict[str, Any]) -> None:
    """Every property has its field: None where the contract says null, and a type that holds its values."""
    if "$ref" in schema:
        schema = CONTRACT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    hints = get_type_hints(kind)
    known = {
        one.name.rstrip("_"): hints[one.name] for one in dataclasses.fields(kind) if one.name not in ("raw", "etag")
    }
    assert known.keys() == schema["properties"].keys(), where
    for name, part in schema["properties"].items():
        held, nullable = optional(known[name])
        assert nullable or not may_be_null(part) or kind is Event, f"{where}.{name} may be null"
        fits(f"{where}.{name}", held, part, money=(kind.__name__, name) in DECIMALS)


def fits(where: str, held: Any, part: dict[str, Any], *, money: bool) -> None:
    part = next((one for one in part.get("anyOf", [part]) if one.get("type") != "null"), part)
    if "$ref" in part:
        named = part["$ref"].rpartition("/")[2]
        part = CONTRACT["components"]["schemas"][named]
    kinds = part.get("type")
    kinds = [one for one in (kinds if isinstance(kinds, list) else [kinds]) if one != "null"]
    if get_origin(held) is tuple:
        assert kinds == ["array"], where
        item = part["items"]
        item = item if "anyOf" not in item else item["anyOf"][0]
        fits(f"{where}[]", get_args(held)[0], item, money=False)
    elif dataclasses.is_dataclass(held):
        compare(where, held, part)
    elif get_origin(held) in (Union, UnionType):
        assert "oneOf" in part or dataclasses.is_dataclass(get_args(held)[0]), where
    else:
        wanted = {"date-time": datetime, "date": date}.get(part.get("format"))
        wanted = wanted or (Decimal if "pattern" in part or money else None)
        wanted = (
            wanted or {"integer": int, "boolean": bool, "string": str}[kinds[0] if kinds and kinds[0] else "string"]
        )
        assert held is wanted, f"{where} is {held}, not {wanted}"


def may_be_null(part: dict[str, Any]) -> bool:
    kinds = part.get("type")
    return (
        "null" in (kinds if isinstance(kinds, list) else [])
        or None in part.get("enum", [])
        or any(one.get("type") == "null" for one in part.get("anyOf", []))
    )


def optional(kind: Any) -> tuple[Any, bool]:
    """The type without None, and whether None was one."""
    if get_origin(kind) in (Union, UnionType):
        others = [one for one in get_args(kind) if one is not NoneType]
        return (others[0] if len(others) == 1 else Union[tuple(others)]), len(others) < len(get_args(kind))  # noqa: UP007
    return kind, False
