"""A catalogue to begin with."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from elmed.events.models import Event
from elmed.inventory import products
from elmed.inventory.models import Batch, Movement, Product
from elmed.inventory.product_fields import ProductFields
from tests.cast import NOW, Cast

AMOXICILLIN = ProductFields(
    sku="AMOX-500", name="Amoxicillin 500 mg capsules", currency="GBP", price_milli=3200, medication_code="J01CA04",
    medication_system="ATC", strength="500 mg", form="capsule", route="oral", pack_size_milli=21000, pack_unit="capsule",
    requires_prescription=True, low_stock_milli=5000,
)  # fmt: skip
PLASTERS = ProductFields(sku="PLAST-1", name="Plasters", currency="GBP", price_milli=2490)


@pytest.fixture
def make(cast: Cast) -> Callable[..., Product]:
    """A product of the first pharmacy; words change the fields."""

    def made(fields: ProductFields = AMOXICILLIN, who: str = "pharmacist", **words) -> Product:
        return products.create(cast.actor(who), replace(fields, **words), now=NOW)

    return made


@pytest.fixture
def amoxicillin(make) -> Product:
    return make()


@pytest.fixture
def plasters(make) -> Product:
    return make(PLASTERS)


def everything() -> tuple:
    """All that an act of the stock can change; equal before and after a refusal."""
    return (
        list(Product.objects.order_by("pk").values()),
        list(Batch.objects.order_by("pk").values()),
        list(Movement.objects.order_by("pk").values()),
        Event.objects.count(),
    )


def refused(kind, act, code: str):
    """The act is refused with that code, or that code at a field, and nothing changed. Returns the refusal."""
    before = everything()
    with pytest.raises(kind) as caught:
        act()
    codes = {caught.value.code, *(one["code"] for one in caught.value.extra.get("errors", []))}
    assert code in codes, codes
    assert everything() == before
    return caught.value
