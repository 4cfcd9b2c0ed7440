"""POST /sales: what a shop sold over the counter in one completed order. The stock leaves in inventory/sales.py."""

import json
from typing import Annotated, Any

from django.http import HttpResponse
from pydantic import Field

from elmed.access.permissions import Permission
from elmed.api.bodies import Body, Packs, ShortText, Sku
from elmed.api.endpoint import Call, endpoint
from elmed.api.idempotency import once
from elmed.api.v1.products import PACKS_SCHEMA
from elmed.core import quantities
from elmed.core.clock import rfc3339
from elmed.inventory.models import Sale
from elmed.inventory.sales import MAX_LINES, record_sale

ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "external_reference": {"type": "string"},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "quantity": PACKS_SCHEMA},
                "required": ["sku", "quantity"],
            },
        },
        "created_at": {"type": "string", "format": "date-time"},
    },
    "required": ["id", "external_reference", "lines", "created_at"],
}


class SaleLineBody(Body):
    """So many packs of one product."""

    sku: Sku
    quantity: Packs


class SaleBody(Body):
    """The order, and those of its lines that need no prescription."""

    external_reference: ShortText = Field(description="Your own number: the order's. One sale each.")
    lines: Annotated[list[SaleLineBody], Field(min_length=1, max_length=MAX_LINES)]


@endpoint(
    "POST", "/sales", permission=Permission.SALE_RECORD, body=SaleBody, answer=ANSWER, tag="Shop",
    codes=("external_reference_used", "request_in_progress", "idempotency_key_reused"),
)  # fmt: skip
def record_shop_sale(call: Call) -> HttpResponse:
    """Record what a completed order sold over the counter: its stock leaves, once for each reference."""
    body = call.body(SaleBody)
    lines = [(line.sku, quantities.parse(line.quantity)) for line in body.lines]

    def act() -> str:
        sale = record_sale(call.actor, external_reference=body.external_reference, lines=lines, now=call.now)
        return json.dumps(_shown(sale), ensure_ascii=False)

    return once(call, act, replayed=lambda: None, shown=lambda text: text)


def _shown(sale: Sale) -> dict[str, Any]:
    rows = sale.lines.order_by("pk").values_list("product__sku", "packs_milli")
    return {
        "id": sale.pk,
        "external_reference": sale.external_reference,
        "lines": [{"sku": sku, "quantity": quantities.text(packs)} for sku, packs in rows],
        "created_at": rfc3339(sale.created_at),
    }
