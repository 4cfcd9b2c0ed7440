"""PUT /integrations/woocommerce: what the shop's plugin says of itself, shown in the pharmacy portal."""

import json
from typing import Annotated, Any

from django.http import HttpResponse
from pydantic import Field, StringConstraints, ValidatorFunctionWrapHandler, WithJsonSchema, WrapValidator

from elmed.access.permissions import Permission
from elmed.api.bodies import Body, Moment, Text
from elmed.api.endpoint import Call, endpoint
from elmed.api.idempotency import written
from elmed.core.clock import rfc3339
from elmed.inventory.models import ShopState
from elmed.inventory.shop import MAX_COUNT, MAX_PROBLEM, MAX_PROBLEMS, report

_PROBLEMS = {
    "oneOf": [
        {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": MAX_PROBLEM},
            "maxItems": MAX_PROBLEMS,
        },
        {"type": "integer", "minimum": 0, "maximum": MAX_COUNT},
    ],
    "description": "Short texts for a person, or their number alone.",
}
ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "plugin_version": {"type": "string"},
        "last_sync_at": {"type": ["string", "null"], "format": "date-time"},
        "orders_waiting": {"type": "integer", "minimum": 0},
        "problems": _PROBLEMS,
        "updated_at": {"type": "string", "format": "date-time"},
    },
    "required": ["plugin_version", "last_sync_at", "orders_waiting", "problems", "updated_at"],
}


def _number_or_texts(value: Any, texts: ValidatorFunctionWrapHandler) -> Any:
    """A number as it is, anything else as the texts: a union would answer with the errors of both."""
    if type(value) is not int:
        return texts(value)
    if not 0 <= value <= MAX_COUNT:
        raise ValueError(f"A number from 0 to {MAX_COUNT}.")
    return value


Problem = Annotated[Text, StringConstraints(min_length=1, max_length=MAX_PROBLEM)]
Problems = Annotated[
    list[Problem], Field(max_length=MAX_PROBLEMS), WrapValidator(_number_or_texts), WithJsonSchema(_PROBLEMS)
]


class ShopBody(Body):
    """How the plugin is. No patient's data and no key belongs in `problems`."""

    plugin_version: Annotated[Text, StringConstraints(min_length=1, max_length=40)]
    last_sync_at: Moment | None = Field(description="When the catalogue was last synced; null: never.")
    orders_waiting: Annotated[int, Field(ge=0, le=MAX_COUNT, description="Orders that wait for ELMED or a pharmacist.")]
    problems: Problems


@endpoint(
    "PUT", "/integrations/woocommerce", permission=Permission.SHOP_REPORT, body=ShopBody, answer=ANSWER, tag="Shop",
)  # fmt: skip
def report_shop(call: Call) -> HttpResponse:
    """Tell how your shop's plugin is: its version, its last sync, the orders that wait and its problems."""
    body = call.body(ShopBody)

    def act() -> str:
        state = report(
            call.actor,
            plugin_version=body.plugin_version,
            last_sync_at=body.last_sync_at,
            orders_waiting=body.orders_waiting,
            problems=body.problems,
            now=call.now,
        )
        return json.dumps(_shown(state), ensure_ascii=False)

    return written(call, act)


def _shown(state: ShopState) -> dict[str, Any]:
    return {
        "plugin_version": state.plugin_version,
        "last_sync_at": rfc3339(state.last_sync_at) if state.last_sync_at else None,
        "orders_waiting": state.orders_waiting,
        "problems": state.problems,
        "updated_at": rfc3339(state.updated_at),
    }
