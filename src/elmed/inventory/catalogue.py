"""A pharmacy's products found by what somebody calls them: their SKU, in whatever case.

Read by checks, supplies and sales. The catalogue's pages are read by queries.py; who may see a product is
access/visibility.py's to say.
"""

from collections.abc import Iterable

from django.db.models import Value
from django.db.models.functions import Lower

from elmed.access.actors import Actor
from elmed.access.visibility import visible
from elmed.inventory.models import Product


def by_sku(actor: Actor, skus: Iterable[str], *, active_only: bool = False) -> dict[str, Product]:
    """The actor's own products of these SKUs, by the SKU in lower case; retired ones too, unless `active_only`.

    One statement, along the index that keeps a SKU unique; none where nothing is asked.
    """
    wanted = sorted(set(skus))
    if not wanted:
        return {}
    rows = visible(actor, Product).alias(plain=Lower("sku")).filter(plain__in=[Lower(Value(sku)) for sku in wanted])
    return {row.sku.lower(): row for row in (rows.filter(active=True) if active_only else rows)}
