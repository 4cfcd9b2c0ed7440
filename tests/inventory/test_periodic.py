"""What the clock does to a pharmacy's goods: expired packs are no stock a minute later, pictures nobody shows are deleted."""

from datetime import datetime, timedelta
from datetime import time as time_of_day

from django.db import connection
from django.test.utils import CaptureQueriesContext

from elmed.inventory import images, products, receipts
from elmed.inventory.models import Product, ProductImage
from elmed.inventory.receipts import Amount
from elmed.jobs.periodic import PERIODIC
from elmed.jobs.worker import run_due
from elmed.prescriptions.jurisdiction import jurisdiction
from tests.cast import NOW

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def work(name):
    return next(entry for entry in PERIODIC if entry.name == name)


def test_a_minute_after_its_last_day_a_batch_is_no_stock_any_more(cast, amoxicillin):
    last_day = jurisdiction().day(NOW) + 9 * DAY
    who = cast.actor("technician")
    receipts.receive(who, amoxicillin.pk, Amount(2000), batch_number="B1", expiry_date=last_day, now=NOW)
    receipts.receive(who, amoxicillin.pk, Amount(1000), now=NOW)
    midnight = datetime.combine(last_day + DAY, time_of_day.min, jurisdiction().zone)
    entry = (work("quarantine expired batches"),)
    run_due(midnight - timedelta(seconds=1), entry)
    assert Product.objects.get().stock_milli == 63_000
    run_due(midnight + MINUTE, entry)
    goods = Product.objects.get()
    assert goods.stock_milli == 21_000
    assert goods.updated_at > amoxicillin.updated_at  # whoever polls by change is told


def picture(number: int) -> ProductImage:
    return ProductImage.objects.create(
        sha256=f"{number:064x}", content_type="image/png", width=1, height=1, data=b"x", created_at=NOW
    )


def test_a_picture_that_no_product_shows_is_kept_a_day_and_then_deleted(cast, amoxicillin, plasters):
    who, one, other, purge = cast.actor("owner"), picture(1), picture(2), work("purge pictures").run
    products.set_image(who, amoxicillin.pk, one, now=NOW)
    products.set_image(who, plasters.pk, other, now=NOW)
    products.retire(who, plasters.pk, now=NOW)
    assert [purge(NOW), purge(NOW + 40 * DAY)] == [0, 0]
    products.set_image(who, amoxicillin.pk, None, now=NOW)
    assert [purge(NOW + 41 * DAY), purge(NOW + 42 * DAY - MINUTE)] == [0, 0]
    assert ProductImage.objects.count() == 2
    assert purge(NOW + 42 * DAY) == 1
    assert list(ProductImage.objects.all()) == [other]  # a retired product may be put back on sale


def test_a_picture_that_is_shown_again_stays(cast, amoxicillin):
    from tests.inventory.test_shop_links_images_queries import picture as drawn
    from tests.inventory.test_shop_links_images_queries import store

    who, purge = cast.actor("owner"), work("purge pictures").run
    row = store(who, drawn("PNG", (10, 10)))
    purge(NOW)
    again = store(who, drawn("PNG", (10, 10)))  # sent, and not yet a product's: its day begins anew
    assert (again.pk, again.unused_since) == (row.pk, None)
    assert [purge(NOW + DAY), purge(NOW + 2 * DAY - MINUTE)] == [0, 0]
    products.set_image(who, amoxicillin.pk, again, now=NOW)
    assert purge(NOW + 3 * DAY) == 0
    assert images.load(row.pk, "png").pk == row.pk


def test_one_run_deletes_a_bounded_number_and_reads_no_bytes(db, monkeypatch):
    monkeypatch.setattr(images, "AT_ONCE", 2)
    for number in range(5):
        picture(number)
    purge = work("purge pictures").run
    assert [purge(NOW + hours * timedelta(hours=1)) for hours in range(3)] == [0, 0, 0]  # two, two and one are noted
    with CaptureQueriesContext(connection) as said:
        assert purge(NOW + 2 * DAY) == 2
    assert not [row for row in said if '"data"' in row["sql"]]
    assert [purge(NOW + 2 * DAY), purge(NOW + 2 * DAY), ProductImage.objects.count()] == [2, 1, 0]
