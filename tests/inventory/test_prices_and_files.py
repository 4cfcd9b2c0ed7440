"""Prices in bulk, and product files: what the preview shows is what is done, all of it or nothing."""

from dataclasses import replace

import pytest

from elmed.core.clock import real_now
from elmed.core.refusals import Invalid, NotAllowed, NotNow
from elmed.events.models import Event
from elmed.inventory import csv_files, prices, products, receipts
from elmed.inventory.csv_import import Fate, apply, plan
from elmed.inventory.models import Movement, Product
from elmed.inventory.prices import PriceChange
from elmed.inventory.product_fields import of
from elmed.inventory.receipts import Amount
from tests.cast import NOW
from tests.inventory.conftest import AMOXICILLIN, PLASTERS, everything, refused


@pytest.fixture
def who(cast):
    return cast.actor("owner")


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (PriceChange(percent_milli=10_000), 3200, 3520), (PriceChange(percent_milli=-5_000), 3210, 3050),
        (PriceChange(percent_milli=2_500, step_milli=50), 3200, 3300), (PriceChange(amount_milli=-200), 3200, 3000),
        (PriceChange(amount_milli=1, step_milli=1), 3200, 3200), (PriceChange(percent_milli=-100_000), 3200, 0),
        (PriceChange(percent_milli=10_000, step_milli=1000), 3200, 4000),
    ],
)  # fmt: skip
def test_new_prices_are_rounded_to_a_coin(change, before, after):
    assert change.of(before, "GBP") == after


def test_yen_have_no_decimals():
    assert PriceChange(percent_milli=1_000).of(150_000, "JPY") == 152_000


def test_prices_change_as_the_preview_showed(cast, who, amoxicillin, plasters, make):
    make(replace(PLASTERS, sku="FREE", price_milli=None))
    ids, change = list(Product.objects.values_list("pk", flat=True)), PriceChange(percent_milli=10_000)
    rows = prices.preview(who, ids, change)
    assert [(row.product.sku, row.price_milli) for row in rows] == [("AMOX-500", 3520), ("PLAST-1", 2740)]
    assert prices.change_prices(who, ids, change, seen=prices.fingerprint(rows), now=NOW) == 2
    assert dict(Product.objects.values_list("sku", "price_milli")) == {"AMOX-500": 3520, "PLAST-1": 2740, "FREE": None}
    assert Event.objects.get(type="product.changed").data == {"product_ids": [amoxicillin.pk, plasters.pk]}


def test_prices_that_are_not_changed(cast, who, amoxicillin, plasters):
    ids = [amoxicillin.pk, plasters.pk]

    def act(change, actor=who, **words):
        return lambda: prices.change_prices(actor, ids, change, now=NOW, **words)

    refused(Invalid, act(PriceChange()), "required")
    refused(Invalid, act(PriceChange(percent_milli=1, amount_milli=1)), "required")
    refused(Invalid, act(PriceChange(percent_milli=-100_001)), "out_of_range")
    refused(Invalid, act(PriceChange(amount_milli=-3000)), "out_of_range")  # below zero for one of the two
    refused(NotAllowed, act(PriceChange(percent_milli=1000), cast.actor("technician")), "permission_denied")
    seen = prices.fingerprint(prices.preview(who, ids, PriceChange(percent_milli=1000)))
    products.change(who, plasters.pk, replace(PLASTERS, price_milli=9990), now=NOW)
    refused(NotNow, act(PriceChange(percent_milli=1000), seen=seen), "changed_meanwhile")
    assert prices.change_prices(cast.actor("other_pharmacist"), ids, PriceChange(percent_milli=1000), now=NOW) == 0


HEADER = "sku,name,price,currency,requires_prescription"


def file(*lines, header=HEADER):
    return "\n".join([header, *lines]).encode()


def fates(actor, raw):
    return [row.fate.value for row in plan(actor, csv_files.read(raw), now=NOW).rows]


def test_the_dry_run_tells_each_rows_fate_and_changes_nothing(cast, who, make, amoxicillin, plasters):
    make(replace(PLASTERS, sku="SAME"))
    raw = file(
        "NEW,Thermometer,12.00,GBP,no", "plast-1,Plasters,2.99,,", "SAME,Plasters,2.49,GBP,no", "BAD,,x,GBP,no",
        "new,Again,1,GBP,no", "AMOX-500,Amoxicillin,3.20,GBP,no,more",
    )  # fmt: skip
    before = everything()
    planned = plan(who, csv_files.read(raw), now=NOW)
    assert [row.fate for row in planned.rows] == [
        Fate.CREATE, Fate.CHANGE, Fate.UNCHANGED, Fate.ERROR, Fate.ERROR, Fate.ERROR,
    ]  # fmt: skip
    assert planned.counts == {"error": 3, "create": 1, "change": 1, "unchanged": 1}
    assert planned.rows[1].changes == [("sku", "PLAST-1", "plast-1"), ("price", "2.49", "2.99")]
    assert [row.line for row in planned.rows] == [2, 3, 4, 5, 6, 7]
    assert len(planned.rows[3].errors) == 2
    assert "line 2" in planned.rows[4].errors[0]
    assert not planned.can_be_applied
    assert everything() == before
    seen = planned.fingerprint
    refused(Invalid, lambda: apply(who, csv_files.read(raw), seen=seen, now=NOW), "rows_refused")


def test_all_rows_are_imported_at_once(cast, who, amoxicillin, plasters):
    raw = file(
        "NEW,Thermometer,12.00,GBP,no,yes,7", "OLD,Sold out,1,GBP,no,no,", "PLAST-1,Plasters,2.99,,,yes,99",
        "AMOX-500,,,,,no,", header=HEADER + ",active,stock",
    )  # fmt: skip
    table = csv_files.read(raw)
    assert fates(who, raw) == ["create", "create", "change", "error"]  # an empty name empties it
    raw = raw.replace(b"AMOX-500,,,,,no", b"AMOX-500,Amoxicillin 500 mg capsules,3.20,GBP,yes,no")
    table = csv_files.read(raw)
    counts = apply(who, table, seen=plan(who, table, now=NOW).fingerprint, now=NOW)
    assert counts == {"error": 0, "create": 2, "change": 2, "unchanged": 0}
    rows = {row.sku: row for row in Product.objects.all()}
    assert {sku: (row.active, row.stock_milli) for sku, row in rows.items()} == {
        "NEW": (True, 7000), "OLD": (False, None), "PLAST-1": (True, None), "AMOX-500": (False, None),
    }  # fmt: skip
    assert of(rows["AMOX-500"]) == AMOXICILLIN  # columns that the file does not have are left as they are
    assert Movement.objects.get().reason == "Imported"
    told = {
        row.type: row.data["product_ids"] for row in Event.objects.filter(type__startswith="product.").order_by("pk")
    }
    assert told["product.created"] == [rows["NEW"].pk, rows["OLD"].pk]
    assert (told["product.changed"], told["product.retired"]) == ([rows["PLAST-1"].pk], [rows["AMOX-500"].pk])
    assert fates(who, raw) == ["unchanged"] * 4


def test_what_changed_since_the_dry_run_is_looked_at_again(cast, who, plasters):
    raw = file("PLAST-1,Plasters,2.99,GBP,no")
    table = csv_files.read(raw)
    seen = plan(who, table, now=NOW).fingerprint
    products.change(who, plasters.pk, replace(PLASTERS, price_milli=9990), now=NOW)
    refused(NotNow, lambda: apply(who, table, seen=seen, now=NOW), "changed_meanwhile")


def test_a_pack_that_stock_was_counted_in_is_an_error(cast, who, amoxicillin):
    raw = file("AMOX-500,28", header="sku,pack_size")
    assert fates(who, raw) == ["change"]
    receipts.receive(who, amoxicillin.pk, Amount(1000), now=NOW)
    assert fates(who, raw) == ["error"]


def test_only_who_may_write_products(cast, plasters):
    table = csv_files.read(file("NEW,Thermometer,12.00,GBP,no"))
    technician = cast.actor("technician")
    refused(NotAllowed, lambda: plan(technician, table, now=NOW), "permission_denied")
    refused(NotAllowed, lambda: apply(technician, table, seen="", now=NOW), "permission_denied")
    other = cast.actor("other_pharmacist")
    assert fates(other, file("PLAST-1,Plasters,2.49,GBP,no")) == ["create"]  # another pharmacy's SKU is free here


@pytest.mark.parametrize(
    "raw",
    [
        "sku;name;price\nÄ-1;Größe;3,20\n".encode("cp1252"),
        "\ufeffsku\tname\tprice\nÄ-1\tGröße\t3.20\n".encode("utf-16-le"),
        "\ufeffSKU ,Name,PRICE\r\n\r\nÄ-1,Größe,3.20\r\n".encode(),
        '"sku"|"name"|"price"\n"Ä-1"|"Größe"|"3.2"\n'.encode(),
    ],
)
def test_whatever_program_saved_it(cast, who, raw):
    table = csv_files.read(raw)
    apply(who, table, seen=plan(who, table, now=NOW).fingerprint, now=NOW)
    product = Product.objects.get()
    assert (product.sku, product.name, product.price_milli, product.currency) == ("Ä-1", "Größe", 3200, "GBP")


def test_a_guess_is_told():
    assert "Windows-1252" in csv_files.read("sku;name\n1;Größe\n".encode("cp1252")).notices[0]
    assert csv_files.read(b"sku,name,colour\n1,a,b\n").notices == ["Columns that are not read: colour."]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "empty"), (b"sku,name\n", "empty"), (b"name,price\na,1\n", "no_sku"), (b"sku,sku\n1,2\n", "column_twice"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "broken"), (b'sku,name\n1,"a\n', "broken"), (b"x" * (csv_files.MAX_BYTES + 1), "too_large"),
        (b"sku\n" + b"1\n" * (csv_files.MAX_ROWS + 1), "too_many"),
    ],
)  # fmt: skip
def test_files_that_are_none(raw, code):
    with pytest.raises(Invalid) as caught:
        csv_files.read(raw)
    assert caught.value.errors[0]["code"] == code


def test_no_cell_of_an_export_is_a_formula_and_it_reads_back(cast, who, make):
    make(replace(PLASTERS, sku="=1+2", name="@cmd", description='-2+3"x'))
    receipts.correct(who, Product.objects.get().pk, Amount(1000), more=False, reason="Lost", now=NOW)
    raw = csv_files.exported(Product.objects.all())
    assert raw.startswith(b"\xef\xbb\xbfsku,")
    assert b'\'=1+2,\'@cmd,"\'-2+3""x"' in raw
    assert b",yes,-1\r\n" in raw
    assert fates(who, raw) == ["unchanged"]


def test_the_template_is_a_good_file(cast, who):
    assert fates(who, csv_files.template()) == ["create", "create"]


def test_five_thousand_rows(cast, who, django_assert_max_num_queries):
    raw = file(*(f"S{n},Article {n},{n % 90}.50,GBP,no" for n in range(5000)))
    table = csv_files.read(raw)
    with django_assert_max_num_queries(3):
        planned = plan(who, table, now=NOW)
    with django_assert_max_num_queries(200):
        assert apply(who, table, seen=planned.fingerprint, now=NOW)["create"] == 5000
    assert Product.objects.count() == 5000
    dearer = csv_files.read(raw.replace(b".50,", b".60,"))
    planned = plan(who, dearer, now=NOW)
    assert apply(who, dearer, seen=planned.fingerprint, now=NOW)["change"] == 5000


def stamps():
    return set(Product.objects.values_list("updated_at", flat=True))


def test_many_are_changed_at_one_moment_the_last_of_all(cast, who, monkeypatch, django_assert_max_num_queries):
    """Who polls by change sees all of them or none: the moment is taken when the event was told, just before the commit."""
    told = []
    real = products.tell

    def tell(*args, **words):
        real(*args, **words)
        told.append(real_now())

    monkeypatch.setattr(products, "tell", tell)
    header = HEADER + ",stock"
    for raw in (
        file(*(f"S{n},Article {n},{n % 90}.50,GBP,no,7" for n in range(1200)), header=header),
        file(*(f"S{n},Article {n},{n % 90}.60,GBP,no," for n in range(1200)), header=header),
    ):
        table = csv_files.read(raw)
        seen = plan(who, table, now=NOW).fingerprint
        with django_assert_max_num_queries(100):  # SQLite takes fewer rows a statement
            apply(who, table, seen=seen, now=NOW)
        assert len(stamps()) == 1
        assert stamps().pop() >= told[-1]
    assert set(Product.objects.values_list("stock_milli", flat=True)) == {7000}
    assert Movement.objects.filter(reason="Imported", shelf_milli=7000).count() == 1200
    ids = list(Product.objects.values_list("pk", flat=True))
    with django_assert_max_num_queries(100):
        assert prices.change_prices(who, ids, PriceChange(percent_milli=10_000), now=NOW) == 1200
    assert len(stamps()) == 1
    assert stamps().pop() >= told[-1]
