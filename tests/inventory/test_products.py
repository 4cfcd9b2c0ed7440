"""Products: made, changed, retired; what their fields may say; whose they are."""

from dataclasses import replace

import pytest

from elmed.accounts.models import AccountState
from elmed.core.refusals import Invalid, NotAllowed, NotNow, NotVisible
from elmed.events.models import Event
from elmed.inventory import products, receipts
from elmed.inventory.models import Kind, Movement, Product
from elmed.inventory.product_fields import as_text, from_text, of
from elmed.inventory.receipts import Amount
from tests.cast import NOW, key_actor
from tests.inventory.conftest import AMOXICILLIN, PLASTERS, refused


def event(kind):
    return Event.objects.filter(type=kind)


def test_made_with_its_event(cast, make):
    product = make()
    assert (product.pharmacy, product.world_id, product.active, product.stock_milli) == (cast.pharmacy, 1, True, None)
    assert of(product) == AMOXICILLIN
    told = event("product.created").get()
    assert told.data == {"product_ids": [product.pk]}
    assert [row.account_id for row in told.listings.all()] == [cast.pharmacy.pk]


def test_spaces_and_empty_words_are_tidied(make):
    product = make(PLASTERS, sku="  A-1 ", name=" Plasters ", strength="  ", currency="gbp")
    assert (product.sku, product.name, product.strength, product.currency) == ("A-1", "Plasters", None, "GBP")


@pytest.mark.parametrize("who", ["technician", "other_pharmacist", "doctor"])
def test_who_may_not(cast, make, amoxicillin, who):
    actor = cast.actor(who)
    kind, code = (NotVisible, "not_found") if who == "other_pharmacist" else (NotAllowed, "permission_denied")
    refused(kind, lambda: products.change(actor, amoxicillin.pk, PLASTERS, now=NOW), code)
    refused(kind, lambda: products.retire(actor, amoxicillin.pk, now=NOW), code)
    if who != "other_pharmacist":
        refused(NotAllowed, lambda: products.create(actor, PLASTERS, now=NOW), code)


def test_a_suspended_pharmacy_and_a_key_change_nothing(cast, amoxicillin):
    key = key_actor(cast, "pharmacist", "rx:read", "rx:dispense", "shop", "inventory:write")
    refused(NotAllowed, lambda: products.retire(key, amoxicillin.pk, now=NOW), "insufficient_scope")
    cast.pharmacy.state = AccountState.SUSPENDED
    cast.pharmacy.save()
    refused(NotAllowed, lambda: products.create(cast.actor("pharmacist"), PLASTERS, now=NOW), "account_not_active")


@pytest.mark.parametrize(
    ("words", "pointer", "code"),
    [
        ({"sku": " "}, "/sku", "required"),
        ({"sku": "x" * 81}, "/sku", "too_long"),
        ({"sku": "A\u202eB"}, "/sku", "invalid_characters"),
        ({"name": ""}, "/name", "required"),
        ({"name": "a\x00b"}, "/name", "invalid_characters"),
        ({"description": "x" * 5001}, "/description", "too_long"),
        ({"price_milli": -10}, "/price", "out_of_range"),
        ({"currency": "POUND"}, "/currency", "invalid"),
        ({"medication_code": None}, "/medication/code", "required"),
        ({"medication_system": None}, "/medication/system", "required"),
        ({"medication_system": "BNF"}, "/medication/system", "invalid"),
        ({"pack_unit": None}, "/pack_size/unit", "required"),
        ({"pack_size_milli": None}, "/pack_size/value", "required"),
        ({"pack_size_milli": 0}, "/pack_size/value", "out_of_range"),
        ({"low_stock_milli": -1}, "/low_stock", "out_of_range"),
        ({"is_controlled": True, "requires_prescription": False}, "/requires_prescription", "required"),
    ],
)
def test_what_a_product_cannot_say(cast, amoxicillin, words, pointer, code):
    actor, wrong = cast.actor("owner"), replace(AMOXICILLIN, **{"sku": "OTHER"} | words)
    for act in (
        lambda: products.create(actor, wrong, now=NOW),
        lambda: products.change(actor, amoxicillin.pk, wrong, now=NOW),
    ):
        refusal = refused(Invalid, act, code)
        assert [error["pointer"] for error in refusal.errors] == [pointer]


def test_a_sku_is_once_whatever_its_case_and_elsewhere_free(cast, make, amoxicillin, plasters):
    actor = cast.actor("pharmacist")
    refused(NotNow, lambda: products.create(actor, replace(PLASTERS, sku="amox-500"), now=NOW), "sku_taken")
    refused(
        NotNow, lambda: products.change(actor, plasters.pk, replace(PLASTERS, sku="Amox-500"), now=NOW), "sku_taken"
    )
    products.change(actor, amoxicillin.pk, replace(AMOXICILLIN, sku="amox-500"), now=NOW)  # its own, in another case
    make(who="other_pharmacist")
    products.retire(actor, amoxicillin.pk, now=NOW)  # a retired one keeps it
    refused(NotNow, lambda: products.create(actor, AMOXICILLIN, now=NOW), "sku_taken")


def test_changed_once_and_the_same_again_is_nothing(cast, amoxicillin):
    actor, wanted = cast.actor("pharmacist"), replace(AMOXICILLIN, price_milli=3500, low_stock_milli=None)
    products.change(actor, amoxicillin.pk, wanted, now=NOW)
    amoxicillin.refresh_from_db()
    assert (amoxicillin.price_milli, amoxicillin.low_stock_milli) == (3500, None)
    changed_at = amoxicillin.updated_at
    assert event("product.changed").get().data == {"product_ids": [amoxicillin.pk]}
    products.change(actor, amoxicillin.pk, wanted, now=NOW)
    amoxicillin.refresh_from_db()
    assert amoxicillin.updated_at == changed_at
    assert event("product.changed").count() == 1


def test_the_pack_is_fixed_once_stock_has_moved(cast, amoxicillin):
    actor, other_pack = cast.actor("pharmacist"), replace(AMOXICILLIN, pack_size_milli=28000)
    products.change(actor, amoxicillin.pk, other_pack, now=NOW)
    receipts.receive(actor, amoxicillin.pk, Amount(2000), now=NOW)
    refused(NotNow, lambda: products.change(actor, amoxicillin.pk, AMOXICILLIN, now=NOW), "pack_size_fixed")
    unit = replace(other_pack, pack_unit="tablet")
    refused(NotNow, lambda: products.change(actor, amoxicillin.pk, unit, now=NOW), "pack_size_fixed")
    products.change(actor, amoxicillin.pk, replace(other_pack, price_milli=1), now=NOW)  # all else may change


def test_a_change_does_not_touch_the_stock(cast, amoxicillin):
    actor = cast.actor("pharmacist")
    receipts.receive(actor, amoxicillin.pk, Amount(2000), now=NOW)
    products.change(actor, amoxicillin.pk, replace(AMOXICILLIN, name="Amoxicillin"), now=NOW)
    amoxicillin.refresh_from_db()
    assert amoxicillin.stock_milli == 42000


def test_retired_and_restored(cast, amoxicillin):
    actor = cast.actor("owner")
    for _ in range(2):
        products.retire(actor, amoxicillin.pk, now=NOW)
    assert not Product.objects.get(pk=amoxicillin.pk).active
    for _ in range(2):
        products.restore(actor, amoxicillin.pk, now=NOW)
    assert Product.objects.get(pk=amoxicillin.pk).active
    assert (event("product.retired").count(), event("product.changed").count()) == (1, 1)


def test_the_counted_stock_is_a_correction(cast, amoxicillin):
    key = key_actor(cast, "pharmacist", "inventory:write")
    product = products.set_stock(key, amoxicillin.pk, 12000, now=NOW)
    assert product.stock_milli == 12 * 21000
    moved = Movement.objects.get()
    assert (moved.kind, moved.shelf_milli, moved.key_id) == (Kind.CORRECTION, 252000, key.key_id)
    products.set_stock(key, amoxicillin.pk, 12000, now=NOW)
    assert Movement.objects.count() == 1
    assert products.set_stock(key, amoxicillin.pk, 0, now=NOW).stock_milli == 0


def test_the_number_that_is_shown_changes_nothing(cast, amoxicillin):
    actor = cast.actor("pharmacist")
    receipts.receive(actor, amoxicillin.pk, Amount(units_milli=10000), now=NOW)  # 10 of 21: shown as 0.476
    assert products.set_stock(actor, amoxicillin.pk, 476, now=NOW).stock_milli == 10000
    assert Movement.objects.count() == 1


def test_a_count_of_nothing_is_known_from_then_on(cast, plasters):
    assert products.set_stock(cast.actor("technician"), plasters.pk, 0, now=NOW).stock_milli == 0
    assert Movement.objects.count() == 0


def test_who_may_not_set_the_stock(cast, amoxicillin):
    shop = key_actor(cast, "pharmacist", "shop")
    refused(NotAllowed, lambda: products.set_stock(shop, amoxicillin.pk, 1000, now=NOW), "insufficient_scope")
    other = key_actor(cast, "other_pharmacist", "inventory:write")
    refused(NotVisible, lambda: products.set_stock(other, amoxicillin.pk, 1000, now=NOW), "not_found")


@pytest.mark.parametrize("fields", [AMOXICILLIN, PLASTERS, replace(PLASTERS, currency="JPY", price_milli=5000)])
def test_words_read_back_to_the_same(fields):
    assert from_text(as_text(fields)) == fields


@pytest.mark.parametrize(
    ("typed", "milli"), [("3.2", 3200), ("3,20", 3200), ("03.20", 3200), ("0", 0), ("0,5", 500), ("1200", 1200000)]
)
def test_prices_as_people_type_them(typed, milli):
    assert from_text(as_text(PLASTERS) | {"price": typed}).price_milli == milli


@pytest.mark.parametrize(
    ("words", "pointer"),
    [
        ({"price": "1,200"}, "/price"), ({"price": "1.234"}, "/price"), ({"price": "-1"}, "/price"),
        ({"price": "£3"}, "/price"), ({"pack_size": "0"}, "/pack_size/value"), ({"pack_size": "1e3"}, "/pack_size/value"),
        ({"low_stock": "few"}, "/low_stock"), ({"is_controlled": "maybe"}, "/is_controlled"),
        ({"is_controlled": "yes", "requires_prescription": "no"}, "/requires_prescription"),
    ],
)  # fmt: skip
def test_words_that_cannot_be_read(words, pointer):
    with pytest.raises(Invalid) as caught:
        from_text(as_text(AMOXICILLIN) | words)
    assert pointer in {error["pointer"] for error in caught.value.errors}


def test_controlled_means_on_prescription_where_nothing_else_is_said():
    fields = from_text(as_text(AMOXICILLIN) | {"is_controlled": "yes", "requires_prescription": ""})
    assert fields.requires_prescription
