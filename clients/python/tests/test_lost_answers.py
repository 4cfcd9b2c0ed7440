"""A real ELMED whose answers get lost on the way: what was done is done once, and what is not known is said."""

import asyncio

import httpx
import pytest

from elmed_client import AsyncClient, Client, ConnectionFailedError, DispenseLine, SaleLine


class Lossy(httpx.BaseTransport):
    """Hands every request on, and loses the first answers to those that write."""

    def __init__(self, lost):
        self.inner, self.lost, self.sent = httpx.HTTPTransport(), lost, 0

    def handle_request(self, request):
        response = self.inner.handle_request(request)
        if request.method == "GET":
            return response
        self.sent += 1
        if self.sent > self.lost:
            return response
        response.read()
        response.close()
        raise httpx.ReadError("lost", request=request)


class AsyncLossy(httpx.AsyncBaseTransport):
    """The same for asyncio."""

    def __init__(self, lost):
        self.inner, self.lost, self.sent = httpx.AsyncHTTPTransport(), lost, 0

    async def handle_async_request(self, request):
        response = await self.inner.handle_async_request(request)
        self.sent += request.method != "GET"
        if request.method == "GET" or self.sent > self.lost:
            return response
        await response.aread()
        await response.aclose()
        raise httpx.ReadError("lost", request=request)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr("elmed_client.core._backoff", lambda config, attempt: 0.0)


def test_a_hand_over_whose_answer_was_lost_twice_is_recorded_once(demo, client, verified):
    one, way = verified(), Lossy(2)
    line = DispenseLine(medication_id=one.medications[0].id, quantity=1)
    with Client(demo.key("pharmacy"), url=demo.url, transport=way) as elmed:
        done = elmed.prescriptions.dispense(one.id, lines=[line], if_match=one)
    assert way.sent == 3
    after = client().prescriptions.get(one.id)
    assert [made.id for made in after.dispenses] == [done.dispense.id] and after.version == one.version + 1


def test_to_asyncio_too(demo, client, verified):
    one, way = verified(), AsyncLossy(1)

    async def dispense():
        async with AsyncClient(demo.key("pharmacy"), url=demo.url, transport=way) as elmed:
            return await elmed.prescriptions.dispense(one.id)

    done = asyncio.run(dispense())
    assert way.sent == 2
    assert [made.id for made in client().prescriptions.get(one.id).dispenses] == [done.dispense.id]


def test_a_sale_leaves_the_shelf_once(demo, client):
    shop, way = client("shop"), Lossy(3)
    product = next(one for one in shop.products.list() if not one.requires_prescription and (one.stock or 0) >= 3)
    with Client(demo.key("shop"), url=demo.url, transport=way) as elmed:
        elmed.sales.record(external_reference="lost-answers", lines=[SaleLine(sku=product.sku, quantity=1)])
    assert shop.products.get(product.id).stock == product.stock - 1


def test_a_write_without_a_key_is_sent_once_and_its_fate_is_not_guessed(demo, client):
    """The address is removed, and the program learns that nobody knows."""
    hooks = client("pharmacy_webhooks").webhook_endpoints
    made, way = hooks.create(url="http://127.0.0.1:9/lost"), Lossy(1)
    with (
        Client(demo.key("pharmacy_webhooks"), url=demo.url, transport=way) as elmed,
        pytest.raises(ConnectionFailedError),
    ):
        elmed.webhook_endpoints.delete(made.id)
    assert way.sent == 1
    assert made.id not in {one.id for one in hooks.list()}
