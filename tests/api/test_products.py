"""GET /products, GET /products/{id}, PATCH /products/{id}/stock: the catalogue as a shop syncs it."""

import io
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from elmed.access import keys
from elmed.api.cursors import SETTLED
from elmed.core.clock import real_now, rfc3339
from elmed.core.models import Mode
from elmed.events.models import AccessRecord
from elmed.inventory import images
from elmed.inventory.models import Kind, Movement, Product
from elmed.inventory.products import retire, set_image
from tests.api import shop
from tests.api.client import Api, refusal
from tests.cast import NOW


def ids(answer):
    assert answer.status_code == 200, answer.json()
    return [item["id"] for item in answer.json()["data"]]


def all_pages(api, query, limit):
    """Every page's ids, following the cursor to its end."""
    found, cursor = [], None
    for _ in range(50):
        answer = api.get(f"/products?{query}&limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        found.append(ids(answer))
        cursor = answer.json()["next_cursor"]
        assert answer.json()["has_more"] == (cursor is not None)
        if cursor is None:
            return found
    raise AssertionError("the cursor never ends")


@pytest.fixture
def seven(cast):
    """The ids of seven products of the first pharmacy, oldest first; the other pharmacy has one too."""
    shop.product(cast, shop.PLASTERS, by="other_pharmacist")
    return [shop.product(cast, shop.PLASTERS, sku=f"P-{number}").pk for number in range(7)]


def test_a_product_in_full(cast, webshop):
    made = shop.product(cast, description="In blisters <b>")
    said = webshop.get(f"/products/{made.pk}").json()
    assert said == {
        "id": made.pk, "sku": "AMOX-7", "name": "Amoxicillin 500 mg capsules", "description": "In blisters <b>",
        "price": "4.20", "currency": "EUR", "stock": "10", "pack_size": {"value": "7", "unit": "capsule"},
        "medication": {"code": "J01CA04", "system": "ATC", "strength": "500 mg", "form": "capsule", "route": "oral"},
        "requires_prescription": True, "is_controlled": False, "image_url": None, "active": True,
        "updated_at": rfc3339(Product.objects.get(pk=made.pk).updated_at), "version": 2,
    }  # fmt: skip
    assert webshop.get("/products").json()["data"] == [said]
    assert not AccessRecord.objects.exists(), "goods are nobody's data"


def test_a_bare_product(cast, webshop):
    """No price is not free, and no stock on record is not none left."""
    made = shop.product(cast, shop.PLASTERS, price_milli=None, packs=None)
    said = webshop.get(f"/products/{made.pk}").json()
    assert {said[name] for name in ("price", "stock", "pack_size", "medication", "image_url")} == {None}


@pytest.mark.parametrize("milli,text", [(0, "0"), (84_000, "12"), (-7_000, "-1"), (17_500, "2.5"), (-3_500, "-0.5")])
def test_stock_is_told_in_packs(cast, webshop, milli, text):
    made = shop.product(cast)
    Product.objects.filter(pk=made.pk).update(stock_milli=milli)
    assert webshop.get(f"/products/{made.pk}").json()["stock"] == text


def test_money_has_its_currency_s_decimals(cast, webshop):
    for sku, currency, milli, text in (
        ("A", "JPY", 1_200_000, "1200"),
        ("B", "KWD", 1_234, "1.234"),
        ("C", "EUR", 0, "0.00"),
    ):
        made = shop.product(cast, shop.PLASTERS, sku=sku, currency=currency, price_milli=milli)
        said = webshop.get(f"/products/{made.pk}").json()
        assert (said["price"], said["currency"]) == (text, currency)


def test_its_picture_has_an_address_that_needs_no_key(cast, client, webshop):
    made, picture = shop.product(cast), io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    picture.seek(0)
    set_image(cast.actor("pharmacist"), made.pk, images.store(cast.actor("pharmacist"), picture, now=NOW), now=NOW)
    address = webshop.get(f"/products/{made.pk}").json()["image_url"]
    assert address.startswith(f"{settings.BASE_URL}/images/")
    served = client.get(address.removeprefix(settings.BASE_URL))
    assert (served.status_code, served["Content-Type"]) == (200, "image/png")
    assert "immutable" in served["Cache-Control"]


def test_newest_first_retired_ones_too_and_own_only(cast, webshop, other_pharmacy, seven):
    retire(cast.actor("pharmacist"), seven[2], now=NOW)
    found = webshop.get("/products")
    assert ids(found) == seven[::-1]
    assert [item["active"] for item in found.json()["data"]] == [True] * 4 + [False] + [True] * 2
    assert len(ids(other_pharmacy.get("/products"))) == 1


@pytest.mark.parametrize("limit", [1, 3, 6, 7, 8, 100])
def test_a_cursor_shows_everything_once(webshop, seven, limit):
    found = all_pages(webshop, "", limit)
    assert [pk for page in found for pk in page] == seven[::-1]
    assert all(len(page) == limit for page in found[:-1])


def test_what_comes_while_paging_disturbs_nothing(cast, webshop, seven):
    first = webshop.get("/products?limit=3").json()
    shop.product(cast, shop.PLASTERS, sku="NEW")
    rest = ids(webshop.get(f"/products?limit=100&cursor={first['next_cursor']}"))
    assert [item["id"] for item in first["data"]] + rest == seven[::-1]


def test_a_cursor_is_of_one_list(webshop, pharmacy, other_pharmacy, seven):
    cursor = webshop.get("/products?limit=3").json()["next_cursor"]
    assert len(ids(webshop.get(f"/products?cursor={cursor}"))) == 4
    for api, path in (
        (other_pharmacy, f"/products?cursor={cursor}"), (webshop, f"/products?cursor={cursor}&sku=P-1"),
        (webshop, f"/products?cursor={cursor[:-1]}x"), (pharmacy, f"/prescriptions?cursor={cursor}"), (webshop, "/products?cursor="),
    ):  # fmt: skip
        refusal(api.get(path), 400, "invalid_cursor")


def test_by_sku_whatever_its_case(webshop, other_pharmacy, seven):
    for sku in ("P-3", "p-3"):
        assert ids(webshop.get(f"/products?sku={sku}")) == [seven[3]]
        assert ids(other_pharmacy.get(f"/products?sku={sku}")) == []
    for nothing in ("P-", "P-33", "%25", "_-3", "", "'%20OR%201=1"):
        assert ids(webshop.get(f"/products?sku={nothing}")) == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "page=2", "updated_since=yesterday", "sku=a&sku=b", "sku=%FF", "sku=a%00"],
)
def test_wrong_parameters(webshop, query):
    refusal(webshop.get(f"/products?{query}"), 400, "invalid_parameter")


class TestPolling:
    """`updated_since`: inclusive, oldest change first, nothing younger than two seconds."""

    def test_oldest_change_first_page_by_page(self, webshop, seven):
        start = real_now() - timedelta(hours=1)
        order = [seven[index] for index in (3, 0, 6, 1, 5, 2, 4)]
        for number, pk in enumerate(order):
            Product.objects.filter(pk=pk).update(
                updated_at=start + timedelta(minutes=number // 3)
            )  # three at one moment
        inside = [*sorted(order[:3]), *sorted(order[3:6]), order[6]]
        for limit in (1, 2, 3, 7):
            found = all_pages(webshop, f"updated_since={rfc3339(start)}", limit)
            assert [pk for page in found for pk in page] == inside
        assert ids(webshop.get(f"/products?updated_since={rfc3339(start + timedelta(minutes=2))}")) == order[6:]
        assert (
            ids(webshop.get(f"/products?updated_since={rfc3339(start + timedelta(minutes=2, microseconds=1))}")) == []
        )

    def test_nothing_younger_than_two_seconds(self, cast, webshop):
        made = shop.product(cast)
        address = f"/products?updated_since={rfc3339(NOW)}"
        assert ids(webshop.get(address)) == []
        Product.objects.filter(pk=made.pk).update(updated_at=real_now() - SETTLED)
        assert ids(webshop.get(address)) == [made.pk]

    def test_a_sale_is_a_change(self, cast, webshop):
        made = shop.product(cast, shop.PLASTERS)
        Product.objects.filter(pk=made.pk).update(updated_at=NOW)
        webshop.post("/sales", {"external_reference": "1", "lines": [{"sku": "PLASTER", "quantity": "1"}]})
        assert Product.objects.get(pk=made.pk).updated_at > NOW + timedelta(hours=1)


class TestCountedStock:
    """PATCH /products/{id}/stock."""

    @pytest.fixture
    def till(self, make_key):
        return Api(make_key("pharmacist", "inventory:write")[1])

    def count(self, api, made, body):
        return api.call("PATCH", f"/products/{made.pk}/stock", body)

    @pytest.mark.parametrize("quantity,units", [("12", 84_000), ("0", 0), ("2.5", 17_500)])
    def test_the_difference_is_a_correction(self, cast, till, quantity, units):
        made = shop.product(cast)
        answer = self.count(till, made, {"quantity": quantity})
        assert (answer.status_code, answer.json()["stock"]) == (200, quantity)
        moved = Movement.objects.filter(product=made).latest("pk")
        assert (moved.kind, moved.shelf_milli, moved.key.name) == (Kind.CORRECTION, units - 70_000, "pharmacist's")
        before = shop.all_there_is()
        assert self.count(till, made, {"quantity": quantity}).status_code == 200
        assert shop.all_there_is() == before, "counted again, nothing moves"

    def test_the_first_count_of_what_had_none(self, cast, till):
        made = shop.product(cast, packs=None)
        assert self.count(till, made, {"quantity": "0"}).json()["stock"] == "0"

    @pytest.mark.parametrize(
        "body,pointer,code",
        [
            ({"quantity": "-1"}, "/quantity", "invalid_value"), ({"quantity": "00"}, "/quantity", "invalid_value"),
            ({"quantity": "1.0"}, "/quantity", "invalid_value"), ({"quantity": 12}, "/quantity", "string_type"),
            ({"quantity": "1000001"}, "/quantity", "invalid_value"), ({"quantity": None}, "/quantity", "string_type"),
            ({}, "/quantity", "required"), (None, "/quantity", "required"), ([], "", "object_type"),
            ({"quantity": "1", "sku": "X"}, "/sku", "unknown_field"),
        ],
    )  # fmt: skip
    def test_what_is_no_count(self, cast, till, body, pointer, code):
        made = shop.product(cast)
        before = shop.all_there_is()
        no = refusal(self.count(till, made, body), 422, "validation_failed")
        assert [(error["pointer"], error["code"]) for error in no["errors"]] == [(pointer, code)]
        assert shop.all_there_is() == before

    def test_404_wins_over_the_body(self, cast, till):
        made = shop.product(cast, by="other_pharmacist")
        before = shop.all_there_is()
        refusal(self.count(till, made, {"quantity": 1}), 404, "not_found")
        assert shop.all_there_is() == before

    def test_other_methods(self, cast, till):
        made = shop.product(cast)
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            answer = till.call(method, f"/products/{made.pk}/stock")
            assert (answer.status_code, answer["Allow"]) == (405, "OPTIONS, PATCH")


def test_worlds_are_apart(cast, webshop, make_key):
    test = Api(make_key("pharmacist", "shop", "inventory:write", mode=Mode.TEST)[1])
    cast.pharmacy.refresh_from_db()
    live, synthetic = shop.product(cast), shop.product(cast, shop.PLASTERS)
    Product.objects.filter(pk=synthetic.pk).update(world_id=cast.pharmacy.test_world_id)
    assert (ids(webshop.get("/products")), ids(test.get("/products"))) == ([live.pk], [synthetic.pk])
    refusal(webshop.get(f"/products/{synthetic.pk}"), 404, "not_found")
    refusal(test.get(f"/products/{live.pk}"), 404, "not_found")
    before = shop.all_there_is()
    refusal(test.call("PATCH", f"/products/{live.pk}/stock", {"quantity": "1"}), 404, "not_found")
    assert shop.all_there_is() == before


def test_a_sync_of_5000_is_cheap(cast, webshop):
    """Fifty pages of a hundred: one statement each for the products, whatever their number, and all of it in seconds."""
    first = shop.product(cast)
    values = {field.attname: getattr(first, field.attname) for field in Product._meta.fields if field.attname != "id"}
    Product.objects.bulk_create(Product(**values | {"sku": f"AMOX-{number}"}) for number in range(100, 5099))
    key = cast.actor("staff")
    keys.set_limit(key, webshop_key_id(webshop), requests_per_minute=10_000)
    began = time.monotonic()
    with CaptureQueriesContext(connection) as statements:
        found = all_pages(webshop, "", 100)
    assert time.monotonic() - began < 15
    assert (len(found), len({pk for page in found for pk in page})) == (50, 5000)
    of_products = [one["sql"] for one in statements if "inventory_product" in one["sql"]]
    assert len(of_products) == 50


def webshop_key_id(api):
    """The id of the key that it uses."""
    return api.get("/me").json()["key"]["id"]
