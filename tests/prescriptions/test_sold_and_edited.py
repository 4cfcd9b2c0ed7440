"""A product is edited while a shop sells it: what was reserved stays sold, and the edit waits or sees the order."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from elmed.core.refusals import NotNow
from elmed.inventory import csv_files, csv_import, products
from elmed.inventory.links import link, unlink
from elmed.inventory.models import Movement, Product
from elmed.prescriptions.actions.check import Reason
from elmed.prescriptions.actions.dispense import dispense
from elmed.prescriptions.actions.reservations import confirm, free_due
from elmed.prescriptions.actions.supply import Supply, SupplyLine
from elmed.prescriptions.models import Reservation
from elmed.prescriptions.vocabulary import Status
from tests import factories as f
from tests.cast import NOW, assemble
from tests.prescriptions.attempts import refused
from tests.prescriptions.shop import AMOXICILLIN, checked, product, reasons, reserved, shop
from tests.prescriptions.test_lock_order import meet

MINUTE = timedelta(minutes=1)
STRICT = replace(f.AMOXICILLIN, substitution_allowed=False, substitution_reason="Reaction to another brand")
OTHER_UNIT = replace(AMOXICILLIN, pack_size_milli=100_000, pack_unit="ml")
OTHER_SIZE = replace(AMOXICILLIN, pack_size_milli=30_000)
OTHER_MEDICINE = replace(AMOXICILLIN, name="Something else", medication_code="C09AA05", strength="5 mg")


@pytest.fixture
def raced(transactional_db):
    """Everybody, committed, so that other connections see them."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time: there is nothing to race")
    return assemble()


def edit(cast, goods, fields):
    return products.change(cast.actor("owner"), goods.pk, fields, now=NOW)


def sent(cast, key, row, *, now=NOW):
    """The order is completed."""
    made = dispense(key, row.prescription_id, Supply(reservation_id=row.pk), source="api", now=now)
    assert made.prescription.status == Status.DISPENSED
    return made


@pytest.mark.parametrize("fields", [OTHER_MEDICINE, "retired"], ids=["another medicine", "retired"])
def test_a_paid_order_does_not_stick_on_what_was_changed_after_it(cast, fields):
    goods, key = product(cast), shop(cast)
    row = reserved(key, f.verified(cast, lines=(STRICT,)))
    confirm(key, row.pk, external_reference="1042", now=NOW)
    if fields == "retired":
        products.retire(cast.actor("owner"), goods.pk, now=NOW)
    else:
        edit(cast, goods, fields)
    sent(cast, key, row)
    assert Product.objects.get().stock_milli == -21_000


def test_nor_on_a_link_that_was_taken_away(cast):
    goods, key = product(cast, OTHER_MEDICINE), shop(cast)
    rx, pharmacist = f.verified(cast, lines=(STRICT,)), cast.actor("pharmacist")
    link(pharmacist, goods.pk, f.first_line(rx), now=NOW)
    row = reserved(key, rx)
    unlink(pharmacist, goods.pk, f.first_line(rx), now=NOW)
    sent(cast, key, row)


@pytest.mark.parametrize("fields", [OTHER_UNIT, OTHER_SIZE], ids=["unit", "size"])
def test_nor_on_a_pack_that_became_another_while_the_shopper_was_paying(cast, fields):
    """The 15 minutes ran out, the product was free to change, and then the payment came through after all."""
    goods, key, late = product(cast), shop(cast), NOW + 16 * MINUTE
    row = reserved(key, f.verified(cast))
    assert free_due(late, world_id=1) == 1
    products.change(cast.actor("owner"), goods.pk, fields, now=late)
    confirm(key, row.pk, external_reference="1042", now=late + MINUTE)
    made = sent(cast, key, row, now=late + 2 * MINUTE)
    assert [(line.product_sku, line.quantity_milli) for line in made.lines.all()] == [("AMOX-21", 21_000)]
    taken = list(Movement.objects.values_list("shelf_milli", flat=True))
    assert taken == ([] if fields is OTHER_UNIT else [-21_000])  # capsules are not ml: nothing could be counted


def test_what_no_order_sold_is_still_refused_in_another_unit(cast):
    """The word of the order is about its own reservation, and no other supply of the same prescription."""
    goods, key, late = product(cast), shop(cast), NOW + 16 * MINUTE
    rx = f.verified(cast)
    reserved(key, rx)
    free_due(late, world_id=1)
    products.change(cast.actor("owner"), goods.pk, OTHER_UNIT, now=late)
    what = Supply(lines=(SupplyLine(f.first_line(rx), 21_000, product_sku="AMOX-21"),))
    with refused("unit_mismatch"):
        dispense(cast.actor("pharmacist"), rx.pk, what, source="portal", now=late)


@pytest.mark.parametrize("fields", [OTHER_UNIT, OTHER_SIZE, replace(AMOXICILLIN, sku="AMOX-22")])
def test_an_edit_that_comes_second_waits_and_finds_the_order(raced, fields):
    goods, key, rx, codes = product(raced), shop(raced), f.verified(raced), []

    def edited():
        with pytest.raises(NotNow) as no:
            edit(raced, goods, fields)
        codes.append(no.value.code)

    wrong = meet(lambda: reserved(key, rx), edited)
    assert (wrong, codes) == ([], ["product_on_order"])
    sent(raced, key, Reservation.objects.get())
    assert Product.objects.get().stock_milli == -21_000


def test_a_file_that_comes_second_finds_the_order_too(raced):
    goods, key, rx, codes = product(raced), shop(raced), f.verified(raced), []
    owner = raced.actor("owner")
    table = csv_files.read(b"sku,pack_size,pack_unit\nAMOX-21,100,ml\n")
    seen = csv_import.plan(owner, table, now=NOW).fingerprint

    def imported():
        with pytest.raises(NotNow) as no:
            csv_import.apply(owner, table, seen=seen, now=NOW)
        codes.append(no.value.code)

    assert meet(lambda: reserved(key, rx), imported) == []
    assert codes == ["changed_meanwhile"]
    goods.refresh_from_db()
    assert goods.pack_unit == "capsule"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [(OTHER_UNIT, Reason.UNIT_MISMATCH), (OTHER_SIZE, Reason.TOO_MUCH), (OTHER_MEDICINE, Reason.NOT_COVERED)],
)
def test_an_order_that_comes_second_is_answered_by_the_product_as_it_is_then(raced, fields, reason):
    goods, key, rx, found = product(raced), shop(raced), f.verified(raced), []
    wrong = meet(lambda: edit(raced, goods, fields), lambda: found.append(checked(key, rx, reserve=True)))
    assert wrong == []
    assert reasons(found[0]) == [reason.value]
    assert Reservation.objects.count() == 0


def test_a_product_retired_in_that_moment_is_not_sold(raced):
    goods, key, rx, found = product(raced), shop(raced), f.verified(raced), []
    meet(
        lambda: products.retire(raced.actor("owner"), goods.pk, now=NOW),
        lambda: found.append(checked(key, rx, reserve=True)),
    )
    assert reasons(found[0]) == [Reason.NOT_COVERED.value]


def test_a_check_that_keeps_nothing_waits_for_nobody(raced):
    goods, key, rx, found = product(raced), shop(raced), f.verified(raced), []
    assert meet(lambda: edit(raced, goods, OTHER_UNIT), lambda: found.append(checked(key, rx))) == []
    assert reasons(found[0]) == [None]  # as it was: the edit is not committed yet
