"""Two at once, on PostgreSQL: a sale is recorded once, a SKU is given once, and no movement of stock is lost."""

from dataclasses import replace

import pytest
from django.db import connection

from elmed.inventory import products, receipts
from elmed.inventory.models import Movement, Product, Sale
from elmed.inventory.receipts import Amount
from elmed.inventory.sales import record_sale
from tests.cast import NOW, assemble, key_actor
from tests.inventory.conftest import PLASTERS
from tests.prescriptions.test_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(transactional_db):
    """Everybody, committed, so that other connections see them."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time: there is nothing to race")
    return assemble()


def test_one_sale(cast, make, plasters):
    shop = key_actor(cast, "pharmacist", "shop")
    acts = [lambda: record_sale(shop, "1042", [("PLAST-1", 2000)], now=NOW)] * 4
    assert at_once(*acts) == ["done"] * 4
    assert (Sale.objects.count(), Product.objects.get().stock_milli) == (1, -2000)


def test_one_product_of_a_sku(cast):
    owner = cast.actor("owner")
    wanted = [replace(PLASTERS, sku=sku) for sku in ("Plast-1", "PLAST-1", "plast-1")]
    codes = at_once(*(lambda one=one: products.create(owner, one, now=NOW) for one in wanted))
    assert sorted(codes) == ["done", "sku_taken", "sku_taken"]
    assert Product.objects.count() == 1


def test_one_count_of_what_both_read(cast, make, plasters):
    actor, read = cast.actor("technician"), Product.objects.get().version
    counts = (
        lambda packs=packs: products.set_stock(actor, plasters.pk, packs * 1000, now=NOW, expected_version=read)
        for packs in (3, 4, 5)
    )
    assert sorted(at_once(*counts)) == ["done", "version_conflict", "version_conflict"]
    assert Movement.objects.count() == 1


def test_every_movement_counts(cast, make, plasters):
    technician, shop = cast.actor("technician"), key_actor(cast, "pharmacist", "shop")
    words = {"batch_number": "P1", "now": NOW}
    acts = [lambda: receipts.receive(technician, plasters.pk, Amount(3000), **words)] * 3
    acts += [lambda n=n: record_sale(shop, str(n), [("PLAST-1", 1000)], now=NOW) for n in range(3)]
    assert at_once(*acts) == ["done"] * 6
    product = Product.objects.get()
    assert product.stock_milli == 6000 == sum(Movement.objects.values_list("shelf_milli", flat=True))
    batch = product.batches.get()
    assert batch.stock_milli == sum(batch.movements.values_list("shelf_milli", flat=True))
