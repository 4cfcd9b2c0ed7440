"""The examples of the developer guide: one table of requests, each said in curl, in Python and in PHP.

They fit together: run in the page's order with the ids of an installation, each is answered with 2xx, and a test
does so. Python and PHP need nothing beside their own standard library.
"""

import json
import pprint
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings

from elmed.core.clock import real_now

_API = "/api/public/v1"
YESTERDAY = "YYYY-MM-DD"  # in its place stands the day before the reader's: what is handed over was so lately
KEY_HEADER = "X-API-Key"


class Language(StrEnum):
    """What an example can be read in."""

    CURL = "curl"
    PYTHON = "python"
    PHP = "php"

    @property
    def words(self) -> str:
        """As it is written."""
        return {"curl": "curl", "python": "Python", "php": "PHP"}[self.value]


@dataclass(frozen=True)
class Example:
    """One request."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    idempotency_key: str = ""

    @property
    def url(self) -> str:
        """With this installation's own address."""
        return f"{settings.BASE_URL}{_API}{self.path}"

    def headers(self) -> dict[str, str]:
        """Beside the key."""
        json_header = {"Content-Type": "application/json"} if self.body else {}
        return json_header | ({"Idempotency-Key": self.idempotency_key} if self.idempotency_key else {})


_SHOPPER = {"reference": "6J2S-AYCT-TGQD", "date_of_birth": "1961-02-03"}

EXAMPLES: dict[str, Example] = {
    "me": Example("GET", "/me"),
    "list": Example("GET", "/prescriptions?status=verified"),
    "read": Example("GET", "/prescriptions/123"),
    "dispense": Example("POST", "/prescriptions/123/dispense", idempotency_key="order-1042"),
    "part": Example("POST", "/prescriptions/124/dispense", {"lines": [{"medication_id": 224, "quantity": "14"}]}, "till-5077"),
    "late": Example("POST", "/prescriptions/126/dispense", {"handed_over_at": f"{YESTERDAY}T10:15:00Z"}, "paper-12"),
    "patient": Example("GET", "/patients/456"),
    "products": Example("GET", "/products?limit=100"),
    "check": Example(
        "POST", "/prescriptions/check",
        _SHOPPER | {"lines": [{"sku": "AMOX-500-21", "quantity": "1"}], "reserve": True}, "basket-77",
    ),
    "confirm": Example("POST", "/reservations/77/confirm", {"external_reference": "1043"}, "order-1043-placed"),
    "reservation": Example("GET", "/reservations/77"),
    "sent": Example(
        "POST", "/prescriptions/125/dispense", {"reservation_id": 77, "external_reference": "1043"}, "order-1043-sent"
    ),
    "sale": Example(
        "POST", "/sales", {"external_reference": "1043", "lines": [{"sku": "PLASTER-20", "quantity": "2"}]}, "order-1043-sold"
    ),
    "events": Example("GET", "/events?limit=100"),
    "webhook": Example(
        "POST", "/webhook-endpoints", {"url": "https://example.com/elmed", "event_types": ["*"]}, "webhook-of-the-till"
    ),
    "poll": Example("GET", f"/prescriptions?updated_since={YESTERDAY}T10:15:00Z&limit=100"),
}  # fmt: skip


def code(example: Example, language: Language, hint: str = "") -> str:
    """The example as a program to paste; `hint` says which key `ELMED_KEY` is to hold."""
    made = {Language.CURL: _curl, Language.PYTHON: _python, Language.PHP: _php}[language](example, _comment(hint))
    return made.replace(YESTERDAY, yesterday())


def yesterday() -> str:
    """The day before today, in UTC."""
    return (real_now().date() - timedelta(days=1)).isoformat()


def _comment(hint: str) -> str:
    return f"# ELMED_KEY is your key {hint}\n" if hint else ""


def _curl(example: Example, comment: str) -> str:
    method = "" if example.method == "GET" else f"-X {example.method} "
    parts = [f'curl {method}-H "{KEY_HEADER}: $ELMED_KEY"']
    parts += [f'-H "{name}: {value}"' for name, value in example.headers().items()]
    if example.body:
        parts.append(f"-d '{json.dumps(example.body)}'")
    parts.append(f'"{example.url}"' if "?" in example.url else example.url)
    return comment + " \\\n  ".join(parts)


def _python(example: Example, comment: str) -> str:
    data = ""
    if example.body:
        body = pprint.pformat(example.body, width=52, sort_dicts=False).replace("'", '"')
        data = f"    data=json.dumps(\n        {_indent(body)}\n    ).encode(),\n"
    elif example.method != "GET":
        data = '    data=b"",\n'
    headers = "".join(f'        "{name}": "{value}",\n' for name, value in example.headers().items())
    method = "" if example.method == "GET" else f'    method="{example.method}",\n'
    return (
        f"import json, os, urllib.request\n\n{comment}request = urllib.request.Request(\n"
        f'    "{example.url}",\n{method}{data}'
        f'    headers={{\n        "{KEY_HEADER}": os.environ["ELMED_KEY"],\n{headers}    }},\n)\n'
        "with urllib.request.urlopen(request) as answer:\n    print(json.load(answer))"
    )


def _indent(text: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *(f"        {line}" for line in rest)])


def _php(example: Example, comment: str) -> str:
    headers = "".join(f"        '{name}: {value}',\n" for name, value in example.headers().items())
    method = "" if example.method == "GET" else f"    'method' => '{example.method}',\n"
    content = f"    'content' => json_encode({_php_value(example.body)}),\n" if example.body else ""
    return (
        f"<?php\n{comment}$context = stream_context_create(['http' => [\n{method}"
        f"    'header' => [\n        '{KEY_HEADER}: ' . getenv('ELMED_KEY'),\n{headers}    ],\n{content}]]);\n"
        f"echo file_get_contents('{example.url}', false, $context);"
    )


def _php_value(value: Any) -> str:
    if isinstance(value, dict):
        return "[" + ", ".join(f"'{name}' => {_php_value(one)}" for name, one in value.items()) + "]"
    if isinstance(value, list):
        return "[" + ", ".join(map(_php_value, value)) + "]"
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)
