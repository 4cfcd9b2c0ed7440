"""Products: a pharmacy's own catalogue, as its shop syncs it, and the stock that was counted of one.

A page is one statement; nothing of a patient is in it. What may be changed is decided in inventory/.
"""

import json
from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower
from django.http import HttpResponse
from pydantic import AfterValidator, Field

from elmed.access.permissions import Permission
from elmed.access.visibility import get, visible
from elmed.api import cursors
from elmed.api.bodies import Body, PageQuery, Text
from elmed.api.conditions import versioned
from elmed.api.cursors import SETTLED
from elmed.api.endpoint import Call, endpoint
from elmed.api.idempotency import written
from elmed.core import quantities
from elmed.core.clock import rfc3339
from elmed.core.refusals import NotVisible
from elmed.inventory import images, money, packs
from elmed.inventory.models import Product
from elmed.inventory.products import set_stock

_TEXT = {"type": "string"}
_NULLABLE = {"type": ["string", "null"]}
_MEDICATION = ("code", "system", "strength", "form", "route")
PACKS_SCHEMA = {"type": "string", "pattern": r"^(0|[1-9]\d*)(\.\d{0,2}[1-9])?$", "description": "Packs."}
PRODUCT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "sku": {**_TEXT, "description": "Unique in the pharmacy, whatever its case."},
        "name": _TEXT,
        "description": _TEXT,
        "price": {**_NULLABLE, "description": "A decimal string with the currency's decimals, taxes included; null: no price."},
        "currency": {**_TEXT, "description": "ISO 4217."},
        "stock": {
            "type": ["string", "null"],
            "pattern": r"^-?(0|[1-9]\d*)(\.\d{0,2}[1-9])?$",
            "description": "Sellable packs, below zero where more left than is on record; null: no stock is kept of it.",
        },
        "pack_size": {
            "type": ["object", "null"],
            "description": "What one pack holds.",
            "properties": {"value": {**PACKS_SCHEMA, "description": "A decimal string."}, "unit": _TEXT},
            "required": ["value", "unit"],
        },
        "medication": {
            "type": ["object", "null"],
            "description": "The medicine, where it is one.",
            "properties": dict.fromkeys(_MEDICATION, _NULLABLE),
            "required": list(_MEDICATION),
        },
        "requires_prescription": {"type": "boolean"},
        "is_controlled": {"type": "boolean", "description": "Controlled medicines are never sold online."},
        "image_url": {**_NULLABLE, "format": "uri", "description": "Public; another picture has another address."},
        "active": {"type": "boolean", "description": "False: retired, no longer for sale."},
        "updated_at": {"type": "string", "format": "date-time"},
        "version": {"type": "integer", "description": "For `If-Match`. It grows with every change, each movement of stock too."},
    },
}  # fmt: skip
PRODUCT["required"] = list(PRODUCT["properties"])
LIST_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "data": {"type": "array", "items": {"$ref": "#/components/schemas/Product"}},
        "has_more": {"type": "boolean"},
        "next_cursor": _NULLABLE,
    },
    "required": ["data", "has_more", "next_cursor"],
}
READ_ANSWER = {"$ref": "#/components/schemas/Product"}
SCHEMAS = {"Product": PRODUCT}
_COLUMNS = (
    "id", "sku", "name", "description", "price_milli", "currency", "stock_milli", "pack_size_milli", "pack_unit",
    "medication_code", "medication_system", "strength", "form", "route", "requires_prescription", "is_controlled",
    "image_id", "image__content_type", "active", "updated_at", "version",
)  # fmt: skip


class ListQuery(PageQuery):
    """The list's parameters."""

    sku: Text | None = Field(None, description="Only the one with this SKU, whatever its case.")


@endpoint(
    "GET", "/products", permission=Permission.PRODUCT_READ, query=ListQuery, answer=LIST_ANSWER, tag="Products",
    codes=("invalid_cursor",),
)  # fmt: skip
def list_products(call: Call) -> HttpResponse:
    """List your own products, retired ones too, newest first; with `updated_since`, oldest change first."""
    query = call.params(ListQuery)
    by_change = query.updated_since is not None
    rows = _chosen(call, query)
    owner = (
        f"products/{call.actor.account_id}/{call.actor.world_id}/{query.model_dump_json(exclude={'cursor', 'limit'})}"
    )
    if query.cursor is not None:
        rows = rows.filter(_after(cursors.read(query.cursor, owner=owner), by_change=by_change))
    rows = rows.order_by("updated_at", "pk") if by_change else rows.order_by("-pk")
    found = list(rows.values_list(*_COLUMNS, named=True)[: query.limit + 1])
    page, more = found[: query.limit], len(found) > query.limit
    following = None
    if more:
        last = page[-1]
        following = cursors.make(
            owner=owner, position=[last.updated_at.isoformat(), last.id] if by_change else [last.id]
        )
    body = {"data": [_shown(row) for row in page], "has_more": more, "next_cursor": following}
    return _json(json.dumps(body, ensure_ascii=False))


def _chosen(call: Call, query: ListQuery) -> QuerySet[Product]:
    rows = visible(call.actor, Product)
    if query.updated_since is not None:
        rows = rows.filter(updated_at__gte=query.updated_since, updated_at__lte=call.now - SETTLED)
    if query.sku is not None:
        rows = rows.alias(plain=Lower("sku")).filter(plain=Lower(Value(query.sku)))
    return rows


def _after(position: list[Any], *, by_change: bool) -> Q:
    """What follows the cursor's position."""
    if not by_change:
        return Q(pk__lt=position[0])
    changed = datetime.fromisoformat(position[0])
    return Q(updated_at__gte=changed) & (Q(updated_at__gt=changed) | Q(pk__gt=position[1]))


@endpoint(
    "GET", "/products/{id}", permission=Permission.PRODUCT_READ, answer=READ_ANSWER, tag="Products", tagged=True,
)  # fmt: skip
def read_product(call: Call) -> HttpResponse:
    """Read one of your products."""
    row = _row(call, call.id("id", "product"))
    return versioned(call.request, row.version, _text(row))


class StockBody(Body):
    """What was counted."""

    quantity: Annotated[
        str,
        AfterValidator(lambda text: text if text == "0" else quantities.text(quantities.parse(text))),
        Field(description='Packs on the shelf: a decimal string, such as "12" or "0".', examples=["12"]),
    ]


@endpoint(
    "PATCH", "/products/{id}/stock", permission=Permission.STOCK_MOVE, body=StockBody, answer=READ_ANSWER, tag="Products",
    codes=("version_conflict",),
)  # fmt: skip
def count_stock(call: Call) -> HttpResponse:
    """Set the stock to what was counted; the difference is recorded as a correction."""
    product_id = call.id("id", "product")
    get(call.actor, Product, product_id)  # what is not visible is a 404, whatever the body says
    quantity = call.body(StockBody).quantity

    def act() -> str:
        packs_milli = 0 if quantity == "0" else quantities.parse(quantity)
        set_stock(call.actor, product_id, packs_milli, now=call.now, expected_version=call.expected_version)
        return _text(_row(call, product_id))

    return written(call, act)


def _row(call: Call, product_id: int) -> Any:
    row = visible(call.actor, Product).filter(pk=product_id).values_list(*_COLUMNS, named=True).first()
    if row is None:
        raise NotVisible("product")
    return row


def _text(row: Any) -> str:
    return json.dumps(_shown(row), ensure_ascii=False)


def _json(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="application/json")


def _shown(row: Any) -> dict[str, Any]:
    """A row of `_COLUMNS` as the API shows it."""
    medication = (row.medication_code, row.medication_system, row.strength, row.form, row.route)
    coded = dict(zip(_MEDICATION, medication, strict=True))
    pack = {"value": quantities.text(row.pack_size_milli), "unit": row.pack_unit} if row.pack_size_milli else None
    image = row.image_id and settings.BASE_URL + images.path(row.image_id, row.image__content_type)
    return {
        "id": row.id,
        "sku": row.sku,
        "name": row.name,
        "description": row.description,
        "price": None if row.price_milli is None else money.text(row.price_milli, row.currency),
        "currency": row.currency,
        "stock": packs.text(row, row.stock_milli),
        "pack_size": pack,
        "medication": coded if any(medication) else None,
        "requires_prescription": row.requires_prescription,
        "is_controlled": row.is_controlled,
        "image_url": image or None,
        "active": row.active,
        "updated_at": rfc3339(row.updated_at),
        "version": row.version,
    }
