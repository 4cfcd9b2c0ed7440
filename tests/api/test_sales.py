"""POST /sales and PUT /integrations/woocommerce: what a shop sold over the counter, and how its plugin is."""

from datetime import timedelta

import pytest

from elmed.core.clock import real_now, rfc3339
from elmed.core.models import Mode
from elmed.inventory.models import Kind, Movement, Product, Sale, ShopState
from tests.api import shop
from tests.api.client import Api, refusal

SHOP = "/integrations/woocommerce"
REPORT = {
    "plugin_version": "1.0.0",
    "last_sync_at": "2026-11-22T10:15:00Z",
    "orders_waiting": 3,
    "problems": ["2 products without a SKU"],
}


def order(*lines, reference="1042"):
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines or (("PLASTER", "2"),)]
    return {"external_reference": reference, "lines": wanted}


@pytest.fixture
def plasters(cast):
    return shop.product(cast, shop.PLASTERS)


class TestSales:
    """What left without a prescription."""

    def test_its_stock_leaves(self, webshop, plasters):
        said = webshop.post("/sales", order()).json()
        sale = Sale.objects.get()
        assert said == {
            "id": sale.pk, "external_reference": "1042", "lines": [{"sku": "PLASTER", "quantity": "2"}],
            "created_at": rfc3339(sale.created_at),
        }  # fmt: skip
        assert Movement.objects.get(kind=Kind.SALE).shelf_milli == -2_000
        assert webshop.get(f"/products/{plasters.pk}").json()["stock"] == "8"

    def test_once_a_reference(self, webshop, pharmacy, plasters):
        first = webshop.post("/sales", order()).json()
        before = shop.all_there_is()
        assert pharmacy.post("/sales", order()).json() == first
        assert shop.all_there_is() == before
        for other in (order(("PLASTER", "3")), order(("PLASTER", "2"), ("PLASTER", "2"))):
            assert refusal(webshop.post("/sales", other), 409, "external_reference_used")["sale_id"] == first["id"]
        assert shop.all_there_is() == before
        assert webshop.post("/sales", order(reference="1043")).json()["id"] != first["id"]

    def test_with_an_idempotency_key(self, webshop, plasters):
        send = {"Idempotency-Key": "sale-1042"}
        first, again = (webshop.post("/sales", order(), headers=send) for _ in range(2))
        assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
        refusal(webshop.post("/sales", order(("PLASTER", "3")), headers=send), 422, "idempotency_key_reused")
        assert Sale.objects.count() == 1

    def test_more_than_there_is_goes_below_zero(self, webshop, plasters):
        assert webshop.post("/sales", order(("PLASTER", "12.5"))).status_code == 200
        assert webshop.get(f"/products/{plasters.pk}").json()["stock"] == "-2.5"

    def test_what_cannot_be_sold_so(self, cast, webshop, plasters):
        shop.product(cast)
        shop.product(cast, shop.PLASTERS, by="other_pharmacist", sku="THEIRS")
        before = shop.all_there_is()
        no = refusal(
            webshop.post("/sales", order(("PLASTER", "1"), ("AMOX-7", "1"), ("THEIRS", "1"))), 422, "validation_failed"
        )
        assert [(error["pointer"], error["code"]) for error in no["errors"]] == [
            ("/lines/1/sku", "requires_prescription"), ("/lines/2/sku", "unknown_sku"),
        ]  # fmt: skip
        assert shop.all_there_is() == before, "all of its lines or none"

    @pytest.mark.parametrize(
        "body,pointer,code",
        [
            (order() | {"external_reference": ""}, "/external_reference", "too_short"), (order() | {"external_reference": 7}, "/external_reference", "string_type"),
            (order() | {"lines": []}, "/lines", "too_short"), (order() | {"lines": [{"sku": "PLASTER", "quantity": "1"}] * 201}, "/lines", "too_long"),
            (order(("PLASTER", "0")), "/lines/0/quantity", "invalid_value"), (order(("PLASTER", "-1")), "/lines/0/quantity", "invalid_value"),
            (order(("PLASTER", 1)), "/lines/0/quantity", "string_type"), (order() | {"customer": "Cara"}, "/customer", "unknown_field"),
        ],
    )  # fmt: skip
    def test_wrong_fields(self, webshop, plasters, body, pointer, code):
        before = shop.all_there_is()
        no = refusal(webshop.post("/sales", body), 422, "validation_failed")
        assert [(error["pointer"], error["code"]) for error in no["errors"]] == [(pointer, code)]
        assert shop.all_there_is() == before

    def test_worlds_are_apart(self, cast, make_key, webshop, plasters):
        test = Api(make_key("pharmacist", "shop", mode=Mode.TEST)[1])
        before = shop.all_there_is()
        refusal(test.post("/sales", order()), 422, "validation_failed")
        assert shop.all_there_is() == before
        cast.pharmacy.refresh_from_db()
        synthetic = shop.product(cast, shop.PLASTERS, sku="T")
        Product.objects.filter(pk=synthetic.pk).update(world_id=cast.pharmacy.test_world_id)
        assert test.post("/sales", order(("T", "1"))).status_code == 200
        assert webshop.post("/sales", order()).status_code == 200, "the same reference, in the other world"


class TestReport:
    """What the plugin says of itself."""

    def test_it_is_kept_and_said_again(self, webshop, cast):
        began = real_now()
        said = webshop.call("PUT", SHOP, REPORT).json()
        row = ShopState.objects.get()
        assert said == REPORT | {"last_sync_at": "2026-11-22T10:15:00.000000Z", "updated_at": rfc3339(row.updated_at)}
        assert (row.pharmacy_id, row.plugin_version, row.orders_waiting) == (cast.pharmacy.pk, "1.0.0", 3)
        assert began <= row.updated_at < began + timedelta(minutes=1)

    def test_the_newest_word_counts(self, webshop):
        webshop.call("PUT", SHOP, REPORT)
        said = webshop.call("PUT", SHOP, REPORT | {"last_sync_at": None, "problems": 12, "orders_waiting": 0}).json()
        assert (said["last_sync_at"], said["problems"], said["orders_waiting"]) == (None, 12, 0)
        assert ShopState.objects.count() == 1

    def test_each_pharmacy_and_each_world_has_its_own(self, make_key, webshop, other_pharmacy):
        test = Api(make_key("pharmacist", "shop", mode=Mode.TEST)[1])
        for number, api in enumerate((webshop, other_pharmacy, test)):
            assert api.call("PUT", SHOP, REPORT | {"orders_waiting": number}).status_code == 200
        assert sorted(ShopState.objects.values_list("orders_waiting", flat=True)) == [0, 1, 2]

    @pytest.mark.parametrize(
        "field,value,code",
        [
            ("plugin_version", "", "too_short"), ("plugin_version", "x" * 41, "too_long"), ("plugin_version", 1, "string_type"),
            ("last_sync_at", "yesterday", "invalid_value"), ("last_sync_at", 1, "invalid_value"), ("orders_waiting", -1, "greater_than_equal"),
            ("orders_waiting", "3", "int_type"), ("orders_waiting", 10**9, "less_than_equal"), ("patient", "Cara Dean", "unknown_field"),
        ],
    )  # fmt: skip
    def test_wrong_fields(self, webshop, field, value, code):
        no = refusal(webshop.call("PUT", SHOP, REPORT | {field: value}), 422, "validation_failed")
        assert [(error["pointer"], error["code"]) for error in no["errors"]] == [(f"/{field}", code)]
        assert not ShopState.objects.exists()

    @pytest.mark.parametrize(
        "problems,pointer,code",
        [
            (["x"] * 51, "", "too_long"), (["ok", "x" * 301], "/1", "too_long"), ([""], "/0", "too_short"), ([1], "/0", "string_type"),
            (["a\x00"], "/0", "invalid_value"), (-1, "", "invalid_value"), (10**9, "", "invalid_value"), (1.5, "", "list_type"),
            (None, "", "list_type"), ("none", "", "list_type"), ({"a": 1}, "", "list_type"), (True, "", "list_type"),
        ],
    )  # fmt: skip
    def test_wrong_problems(self, webshop, problems, pointer, code):
        no = refusal(webshop.call("PUT", SHOP, REPORT | {"problems": problems}), 422, "validation_failed")
        assert [(error["pointer"], error["code"]) for error in no["errors"]] == [(f"/problems{pointer}", code)]
        assert not ShopState.objects.exists()

    @pytest.mark.parametrize("missing", list(REPORT))
    def test_everything_is_said_each_time(self, webshop, missing):
        body = {name: value for name, value in REPORT.items() if name != missing}
        no = refusal(webshop.call("PUT", SHOP, body), 422, "validation_failed")
        assert [(error["pointer"], error["code"]) for error in no["errors"]] == [(f"/{missing}", "required")]
        assert not ShopState.objects.exists()

    def test_other_methods(self, webshop):
        for method in ("GET", "POST", "PATCH", "DELETE"):
            answer = webshop.call(method, SHOP)
            assert (answer.status_code, answer["Allow"]) == (405, "OPTIONS, PUT")
