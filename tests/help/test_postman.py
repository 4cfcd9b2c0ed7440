"""The Postman collection: every call once, each request as Postman would send it fits the description."""

import json
import re

from django.test import Client
from jsonschema import Draft202012Validator

from elmed.api.openapi import document
from elmed.help.postman import collection


def requests():
    return [one["request"] for folder in collection()["item"] for one in folder["item"]]


def template(request):
    return "/" + re.sub(r":(\w+)", r"{\1}", "/".join(request["url"]["path"]))


def test_every_call_is_there_once():
    described = [(method.upper(), path) for path, some in document()["paths"].items() for method in some]
    assert sorted((one["method"], template(one)) for one in requests()) == sorted(described)


def test_every_body_is_one_that_the_call_takes():
    described = document()
    schemas = {"components": described["components"]}
    tried = 0
    for one in requests():
        operation = described["paths"][template(one)][one["method"].lower()]
        assert ("body" in one) == bool(operation.get("requestBody", {}).get("required"))
        if "body" in one:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            errors = list(Draft202012Validator(schema | schemas).iter_errors(json.loads(one["body"]["raw"])))
            empty = [error for error in errors if error.instance == ""]  # a text to be written over
            assert errors == empty, (one["method"], template(one), errors)
            tried += 1
    assert tried >= 8


def test_the_key_is_a_variable_and_stands_nowhere():
    made = collection()
    assert {one["key"]: one["value"] for one in made["auth"]["apikey"]}["value"] == "{{elmed_key}}"
    assert not re.search(r"elm_(test_)?[0-9a-f]{8}", json.dumps(made))
    for one in requests():
        names = {header["key"] for header in one["header"]}
        assert ("Idempotency-Key" in names) == (one["method"] == "POST" and template(one) != "/keys/report-leak")
        for variable in one["url"]["variable"]:
            assert f":{variable['key']}" in one["url"]["path"]
        assert all(parameter["disabled"] for parameter in one["url"]["query"])


def test_it_is_downloaded_with_this_installations_address(db, settings):
    settings.BASE_URL = "https://rx.example.org"
    answer = Client().get("/help/elmed.postman_collection.json")
    assert answer["Content-Disposition"] == 'attachment; filename="elmed.postman_collection.json"'
    variables = {one["key"]: one["value"] for one in answer.json()["variable"]}
    assert variables == {"base_url": "https://rx.example.org/api/public/v1", "prescription_id": "1", "elmed_key": ""}


def test_a_scenario_that_is_played_is_what_the_other_requests_mean():
    items = {template(one["request"]): one for folder in collection()["item"] for one in folder["item"]}
    played = items["/sandbox/scenarios"]
    assert json.loads(played["request"]["body"]["raw"]) == {"name": "verified"}
    assert "prescription_id" in "".join(played["event"][0]["script"]["exec"])
    dispense = items["/prescriptions/{id}/dispense"]["request"]
    assert dispense["url"]["variable"] == [{"key": "id", "value": "{{prescription_id}}"}]
