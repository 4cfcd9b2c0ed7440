"""What a web shop works with: products, reservations, sales."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from elmed_client import bodies
from elmed_client.bodies import IfMatch, SaleLine
from elmed_client.call import Call, once, tried
from elmed_client.decode import moment, quantity
from elmed_client.models import Product, Reservation, Sale
from elmed_client.synchronous.pages import Pages
from elmed_client.synchronous.sending import Sender


class Products:
    """Your own catalogue."""

    def __init__(self, sender: Sender) -> None:
        """Send through this."""
        self._sender = sender

    def list(
        self,
        *,
        updated_since: datetime | str | None = None,
        sku: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pages[Product]:
        """Newest first, retired ones too; with `updated_since` oldest change first."""
        query = {
            "updated_since": None if updated_since is None else moment(updated_since),
            "sku": sku,
            "limit": limit,
            "cursor": cursor,
        }
        return Pages(self._sender, Call("list_products", "GET", "/products", object, query=query), Product)

    def get(self, id: int) -> Product:
        """One. Raises NotFoundError."""
        return self._sender.send(Call("read_product", "GET", "/products/{id}", Product, ids={"id": id}))

    def count_stock(
        self, id: int, quantity_counted: Decimal | int | str, *, if_match: IfMatch = None, dry_run: bool = False
    ) -> Product:
        """Set the stock to the packs that were counted. Scope `inventory:write`.

        `if_match` (a Product you read, or its version) refuses where it changed, or some of it left, since.
        """
        call = Call(
            "count_stock", "PATCH", "/products/{id}/stock", Product,
            ids={"id": id}, body={"quantity": quantity(quantity_counted)}, headers={"If-Match": bodies.if_match(if_match)},
        )  # fmt: skip
        return self._sender.send(tried(call, dry_run=dry_run))


class Reservations:
    """What is kept for orders; made by `prescriptions.check(reserve=True)`."""

    def __init__(self, sender: Sender) -> None:
        """Send through this."""
        self._sender = sender

    def get(self, id: int) -> Reservation:
        """How it stands: this is how a shop learns of the pharmacist's answer."""
        return self._sender.send(Call("read_reservation", "GET", "/reservations/{id}", Reservation, ids={"id": id}))

    def confirm(
        self, id: int, *, external_reference: str, idempotency_key: str | None = None, dry_run: bool = False
    ) -> Reservation:
        """Keep it for an order that was placed."""
        call = Call(
            "confirm_reservation", "POST", "/reservations/{id}/confirm", Reservation,
            ids={"id": id}, body={"external_reference": external_reference},
        )  # fmt: skip
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))

    def release(self, id: int, *, dry_run: bool = False) -> None:
        """Give back what it keeps."""
        call: Call[None] = Call("release_reservation", "DELETE", "/reservations/{id}", None, ids={"id": id})
        self._sender.send(tried(call, dry_run=dry_run))


class Sales:
    """Over-the-counter lines of completed orders."""

    def __init__(self, sender: Sender) -> None:
        """Send through this."""
        self._sender = sender

    def record(
        self,
        *,
        external_reference: str,
        lines: Iterable[SaleLine],
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> Sale:
        """Take what an order sold out of the stock, once per `external_reference`."""
        body = {"external_reference": external_reference, "lines": [bodies.basket(line) for line in lines]}
        call = Call("record_shop_sale", "POST", "/sales", Sale, body=body)
        return self._sender.send(once(call, idempotency_key, dry_run=dry_run))
