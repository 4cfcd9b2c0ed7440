"""The API as a Postman collection (format 2.1), made from the description and the guide's own examples.

Format: https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html. Other programs (Bruno, Insomnia,
Hoppscotch) read the same file.
"""

import json
import re
from typing import Any

from django.conf import settings

from elmed.api.openapi import document
from elmed.help.examples import EXAMPLES

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
# What Postman runs after a scenario was played: the other requests then mean its prescription.
_KEPT = {
    "listen": "test",
    "script": {
        "type": "text/javascript",
        "exec": [
            "const made = pm.response.code === 201 ? pm.response.json().prescriptions : [];",
            "if (made.length) pm.collectionVariables.set('prescription_id', made[made.length - 1].id);",
        ],
    },
}
_FIRST = ("Account", "Sandbox")
_METHODS = ("get", "post", "put", "patch", "delete")


def collection() -> dict[str, Any]:
    """Every call of the API, in a folder a subject; the key and the address are the collection's variables."""
    described = document()
    folders: dict[str, list[dict[str, Any]]] = {}
    for path, operations in described["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                folders.setdefault(operation["tags"][0], []).append(_item(described, method.upper(), path, operation))
    return {
        "info": {
            "name": described["info"]["title"],
            "description": described["info"]["description"],
            "version": described["info"]["version"],
            "schema": _SCHEMA,
        },
        "auth": {
            "type": "apikey",
            "apikey": [
                {"key": "key", "value": "X-API-Key", "type": "string"},
                {"key": "value", "value": "{{elmed_key}}", "type": "string"},
                {"key": "in", "value": "header", "type": "string"},
            ],
        },
        "variable": [
            {"key": "base_url", "value": f"{settings.BASE_URL}/api/public/v1", "type": "string"},
            {
                "key": "prescription_id",
                "value": "1",
                "type": "string",
                "description": "Set by a scenario that is played.",
            },
            {"key": "elmed_key", "value": "", "type": "string", "description": "A test key: elm_test_…"},
        ],
        "item": [{"name": name, "item": folders[name]} for name in sorted(folders, key=lambda one: one not in _FIRST)],
    }


def _item(described: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    parameters = operation.get("parameters", [])
    headers = [
        {"key": one["name"], "value": "{{$guid}}", "description": one["description"]}
        if one["name"] == "Idempotency-Key"
        else {"key": one["name"], "value": "", "description": one["description"], "disabled": True}
        for one in parameters
        if one["in"] == "header"
    ]
    request: dict[str, Any] = {
        "method": method,
        "header": headers,
        "description": operation.get("description", ""),
        "url": _url(path, [one for one in parameters if one["in"] == "query"]),
    }
    if operation.get("security") == []:
        request["auth"] = {"type": "noauth"}
    body = _body(described, method, path, operation)
    if body is not None:
        headers.append({"key": "Content-Type", "value": "application/json"})
        raw = json.dumps(body, indent=2, ensure_ascii=False)
        request["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    item = {"name": operation["summary"].rstrip("."), "request": request, "response": []}
    return item | ({"event": [_KEPT]} if path == "/sandbox/scenarios" else {})


def _url(path: str, query: list[dict[str, Any]]) -> dict[str, Any]:
    """Parameters of the query are there to be switched on; a prescription's id is that of the scenario played last."""
    names = re.findall(r"{(\w+)}", path)
    own = "{{prescription_id}}" if "/prescriptions/{id}" in path else "1"
    segments = [f":{part[1:-1]}" if part.startswith("{") else part for part in path.strip("/").split("/")]
    return {
        "raw": "{{base_url}}/" + "/".join(segments),
        "host": ["{{base_url}}"],
        "path": segments,
        "query": [
            {"key": one["name"], "value": _default(one), "description": one["description"], "disabled": True}
            for one in query
        ],
        "variable": [{"key": name, "value": own if name == "id" else "1"} for name in names],
    }


def _default(parameter: dict[str, Any]) -> str:
    value = parameter["schema"].get("default", "")
    return json.dumps(value) if isinstance(value, bool) else str(value if value not in (None, []) else "")


def _body(described: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> dict[str, Any] | None:
    """The guide's example of that call; else what the description asks for at least. None: it needs no body."""
    if not operation.get("requestBody", {}).get("required"):
        return None
    like = re.compile(re.sub(r"{\w+}", "[0-9]+", path))
    for example in EXAMPLES.values():
        if example.method == method and example.body and like.fullmatch(example.path):
            return example.body
    schema = _resolved(described, operation["requestBody"]["content"]["application/json"]["schema"])
    return {name: _sample(described, schema["properties"][name]) for name in schema.get("required", [])}


def _resolved(described: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _sample(described: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A value of that kind, to be written over."""
    schema = _resolved(described, schema)
    if "examples" in schema:
        return schema["examples"][0]
    if "anyOf" in schema:
        return _sample(described, schema["anyOf"][0])
    kind = schema.get("type")
    if kind == "object":
        return {name: _sample(described, schema["properties"][name]) for name in schema.get("required", [])}
    if kind == "array":
        return [_sample(described, schema["items"])]
    plain: dict[Any, Any] = {"integer": schema.get("minimum", 1), "boolean": False}
    return schema["enum"][0] if "enum" in schema else plain.get(kind, "")
