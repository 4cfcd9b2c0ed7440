"""A SKU means one product, in whatever case somebody writes it; and a product that orders wait for stays what it was."""

from dataclasses import replace
from datetime import timedelta

import pytest

from elmed.core.refusals import NotNow
from elmed.inventory import catalogue, csv_files, products
from elmed.inventory.csv_import import apply, plan
from elmed.inventory.models import Product
from elmed.inventory.product_fields import of
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.reservations import confirm, free_due, release
from elmed.prescriptions.actions.supply import Supply
from elmed.prescriptions.models import Reservation
from elmed.prescriptions.vocabulary import LATE_REPORT
from tests import factories as f
from tests.cast import NOW
from tests.inventory.conftest import AMOXICILLIN, PLASTERS, refused
from tests.prescriptions.shop import checked, reserved, shop

DAY = timedelta(days=1)


def test_found_in_whatever_case_in_one_statement(cast, make, amoxicillin, django_assert_num_queries):
    make(replace(PLASTERS, sku="Ümlaut-1"))
    retired = products.retire(cast.actor("owner"), make(PLASTERS).pk, now=NOW)
    make(replace(AMOXICILLIN, name="Theirs"), who="other_pharmacist")
    technician = cast.actor("technician")
    with django_assert_num_queries(1):
        found = catalogue.by_sku(
            technician, ["amox-500", "AMOX-500", "Plast-1", "Ümlaut-1", "NONE", *map(str, range(200))]
        )
    assert {sku: row.name for sku, row in found.items()} == {
        "amox-500": amoxicillin.name, "plast-1": "Plasters", "ümlaut-1": "Plasters",
    }  # fmt: skip
    assert found["amox-500"] == amoxicillin
    assert found["plast-1"] == retired
    assert set(catalogue.by_sku(technician, ["amox-500", "plast-1"], active_only=True)) == {"amox-500"}
    with django_assert_num_queries(0):
        assert catalogue.by_sku(technician, []) == {}


@pytest.fixture
def key(cast):
    return shop(cast)


@pytest.fixture
def rx(cast):
    return f.verified(cast)


@pytest.fixture
def ordered(cast, key, rx, amoxicillin) -> Reservation:
    """A pack of amoxicillin in somebody's order."""
    row = reserved(key, rx, ("amox-500", 1))
    confirm(key, row.pk, external_reference="1042", now=NOW)
    return row


def changing(cast, product, now=NOW, **words):
    return lambda: products.change(cast.actor("pharmacist"), product.pk, replace(AMOXICILLIN, **words), now=now)


OTHER = [{"pack_unit": "tablet"}, {"pack_size_milli": 28000}, {"sku": "AMOX-NEW"}]


@pytest.mark.parametrize("words", OTHER)
def test_what_an_order_waits_for_keeps_its_pack_and_sku(cast, key, ordered, amoxicillin, words):
    answer = refused(NotNow, changing(cast, amoxicillin, **words), "product_on_order")
    assert answer.extra["sku"] == "AMOX-500"
    changing(
        cast, amoxicillin, price_milli=1, sku="Amox-500"
    )()  # all else may change, and the same SKU in another case
    release(key, ordered.pk, now=NOW)
    changing(cast, amoxicillin, **words)()


@pytest.mark.parametrize("words", OTHER)
def test_an_order_that_was_dispensed_waits_no_more(cast, key, rx, ordered, amoxicillin, words):
    dispense(key, rx.pk, Supply(reservation_id=ordered.pk), source="api", now=NOW)
    if "sku" in words:  # its stock moved: the pack is fixed for that reason
        changing(cast, amoxicillin, **words)()
    else:
        refused(NotNow, changing(cast, amoxicillin, **words), "pack_size_fixed")


def test_while_a_late_report_may_still_come(cast, key, ordered, amoxicillin):
    after = NOW + 14 * DAY
    assert free_due(after, world_id=1) == 1
    within, over = after + LATE_REPORT, after + LATE_REPORT + timedelta(seconds=1)
    refused(NotNow, changing(cast, amoxicillin, within, pack_unit="tablet"), "product_on_order")
    changing(cast, amoxicillin, over, pack_unit="tablet")()


def test_a_basket_that_was_never_ordered_holds_nothing(cast, key, rx, amoxicillin):
    reserved(key, rx, ("AMOX-500", 1))
    refused(NotNow, changing(cast, amoxicillin, pack_unit="tablet"), "product_on_order")
    later = NOW + timedelta(minutes=15)
    free_due(later, world_id=1)
    changing(cast, amoxicillin, later, pack_unit="tablet")()


def test_another_pharmacys_order_is_none_of_mine(cast, make, ordered):
    theirs = make(AMOXICILLIN, who="other_pharmacist")
    products.change(cast.actor("other_pharmacist"), theirs.pk, replace(AMOXICILLIN, sku="NEW"), now=NOW)
    assert Product.objects.get(pk=theirs.pk).sku == "NEW"


def test_nor_does_a_file_change_it(cast, key, ordered, amoxicillin):
    owner = cast.actor("owner")
    table = csv_files.read(b"sku,name,pack_size,pack_unit\namox-500,Amoxicillin,28,capsule\n")
    planned = plan(owner, table, now=NOW)
    assert [row.errors for row in planned.rows] == [
        ["pack_size: an order of your shop waits for it. Retire it, and make a new product."]
    ]
    before = of(Product.objects.get(pk=amoxicillin.pk))
    assert not planned.can_be_applied
    release(key, ordered.pk, now=NOW)
    planned = plan(owner, table, now=NOW)
    apply(owner, table, seen=planned.fingerprint, now=NOW)
    assert of(Product.objects.get(pk=amoxicillin.pk)) == replace(
        before, sku="amox-500", name="Amoxicillin", pack_size_milli=28000
    )


def test_a_check_reads_a_sku_in_any_case(cast, key, rx, amoxicillin):
    assert checked(key, rx, ("aMoX-500", 1)).lines[0].ok
    products.retire(cast.actor("owner"), amoxicillin.pk, now=NOW)
    assert not checked(key, rx, ("aMoX-500", 1)).lines[0].ok
