"""Writes and what refuses them, against a real ELMED."""

import asyncio
import threading
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from elmed_client import (
    NO_RETRIES,
    AuthenticationError,
    CheckLine,
    ChecksLockedError,
    Client,
    ConflictError,
    DispenseLine,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionFailedError,
    RateLimitedError,
    ReverseLine,
    SaleLine,
)
from elmed_client.models import Prescription, PrescriptionState


def test_a_hand_over_and_back(client, verified):
    elmed, before = client(), verified()
    line = before.medications[0]
    tried = elmed.prescriptions.dispense(before.id, dry_run=True)
    assert tried.prescription.status != "verified"
    assert elmed.prescriptions.get(before.id) == before
    done = elmed.prescriptions.dispense(
        before.id,
        lines=[DispenseLine(medication_id=line.id, quantity=1)],
        external_reference=f"order-{before.id}",
        handed_over_at=datetime.now(timezone.utc) - timedelta(seconds=1),
        if_match=before,
    )
    assert isinstance(done.prescription, Prescription)
    assert (done.dispense.lines[0].quantity, done.dispense.external_reference) == (Decimal(1), f"order-{before.id}")
    assert elmed.dispenses.get(done.dispense.id) == done.dispense
    back = elmed.dispenses.reverse(
        done.dispense.id,
        reason_code="recorded_in_error",
        lines=[ReverseLine(medication_id=line.id, quantity="1")],
        if_match=done.prescription,
    )
    assert back.dispense.reversal.reason_code == "recorded_in_error"
    assert elmed.prescriptions.get(before.id).medications[0].quantity_dispensed == line.quantity_dispensed


def test_the_same_key_acts_once(client, verified):
    elmed, one = client(), verified()
    first = elmed.prescriptions.dispense(one.id, idempotency_key=f"once-{one.id}")
    again = elmed.prescriptions.dispense(one.id, idempotency_key=f"once-{one.id}")
    assert again.dispense.id == first.dispense.id
    with pytest.raises(ConflictError) as caught:
        elmed.prescriptions.dispense(one.id)
    assert caught.value.code == "invalid_status"
    assert caught.value.current_status == elmed.prescriptions.get(one.id).status
    assert caught.value.allowed_actions == ("reverse",)
    with pytest.raises(InvalidRequestError, match="idempotency_key_reused"):
        elmed.prescriptions.dispense(one.id, note="another", idempotency_key=f"once-{one.id}")


def test_what_changed_meanwhile_is_not_written_over(client, demo):
    elmed = client()
    known = elmed.prescriptions.get(demo.told["prescriptions"]["verified_two_lines"])
    with pytest.raises(PreconditionFailedError) as caught:
        elmed.prescriptions.dispense(known.id, if_match=known.version + 1)
    assert caught.value.current_version == known.version
    assert elmed.prescriptions.get(known.id) == known


def test_a_body_that_is_wrong_says_where(client, demo):
    with pytest.raises(InvalidRequestError) as caught:
        client().prescriptions.dispense(
            demo.told["prescriptions"]["verified_two_lines"], lines=[DispenseLine(medication_id=1, quantity="-3")]
        )
    assert [one.pointer for one in caught.value.errors] == ["/lines/0/quantity"]


def test_keys_that_may_not(client, demo):
    for name in ("revoked", "expired"):
        with pytest.raises(AuthenticationError, match="invalid_key"):
            client(name).me()
    with pytest.raises(PermissionDeniedError) as caught:
        client("doctor").prescriptions.dispense(demo.told["prescriptions"]["verified_two_lines"])
    assert "rx:dispense" in caught.value.needed_scopes
    with pytest.raises(PermissionDeniedError):
        client("shop").prescriptions.list().first()


def test_a_minute_that_is_used_up(client, demo):
    slow = client("pharmacy_read_only", retries=NO_RETRIES)
    with pytest.raises(RateLimitedError) as caught:
        for _ in range(5):
            slow.me()
    assert 1 <= caught.value.retry_after <= 60
    assert slow.rate_limit.limit == 3 and slow.rate_limit.remaining == 0


def test_patients(client, demo):
    one = client("doctor").patients.get(demo.told["patients"]["related"])
    assert one.id == demo.told["patients"]["related"] and one.allergies.status in (
        "not_recorded",
        "none_known",
        "recorded",
    )
    with pytest.raises(NotFoundError):
        client("doctor").patients.get(demo.told["patients"]["unrelated"])
    expanded = client("pharmacy").prescriptions.get(demo.told["prescriptions"]["verified"], expand="patient")
    assert "allergies" in expanded.raw["patient"] and expanded.patient.allergies is not None


def covered(shop: Client, proof: dict) -> list[CheckLine]:
    """What of the catalogue the shown prescription names."""
    products = [one for one in shop.products.list(limit=100) if one.requires_prescription and (one.stock or 0) >= 1]
    checked = shop.prescriptions.check(**proof, lines=[CheckLine(sku=one.sku, quantity=1) for one in products])
    return [CheckLine(sku=one.sku, quantity=1) for one in checked.lines if one.ok]


def test_a_shop_from_the_check_to_the_parcel(client, demo):
    shop, proof = client("shop"), demo.told["verify"]
    lines = covered(shop, proof)[:1]
    assert lines, "the demo's shown prescription covers a product"
    routed = shop.prescriptions.route(**proof)
    assert routed.status in ("verified", "partially_dispensed")
    with pytest.raises(PreconditionFailedError):
        shop.prescriptions.route(**proof, if_match=routed.version + 1)
    assert shop.prescriptions.route(**proof, if_match=routed) == routed
    first = shop.prescriptions.check(**proof, lines=lines, reserve=True)
    assert first.ok and first.reserved_until > datetime.now(timezone.utc)
    shop.reservations.release(first.reservation_id)
    assert shop.reservations.get(first.reservation_id).state == "freed"
    kept = shop.prescriptions.check(**proof, lines=lines, reserve=True)
    confirmed = shop.reservations.confirm(kept.reservation_id, external_reference="1042")
    assert confirmed.state == "ready"
    done = shop.prescriptions.dispense(
        kept.prescription_id, reservation_id=kept.reservation_id, external_reference="1042"
    )
    assert isinstance(done.prescription, PrescriptionState) and done.prescription.id == kept.prescription_id
    assert shop.reservations.get(kept.reservation_id).state == "used"


def test_wrong_proofs_lock(client):
    shop = client("shop")
    wrong = {"reference": "AAAA-AAAA-AAAA", "date_of_birth": "1961-02-03", "lines": [CheckLine(sku="A", quantity=1)]}
    for _ in range(5):
        with pytest.raises(NotFoundError, match="no_matching_prescription"):
            shop.prescriptions.check(**wrong)
    began = time.monotonic()
    with pytest.raises(ChecksLockedError, match="reference_locked") as caught:
        shop.prescriptions.check(**wrong)
    assert datetime.fromisoformat(caught.value.until.replace("Z", "+00:00")) > datetime.now(timezone.utc)
    assert time.monotonic() - began < 5, "nothing was waited for"


def test_products_and_sales(client):
    shop = client("shop")
    product = next(one for one in shop.products.list() if not one.requires_prescription and (one.stock or 0) >= 2)
    assert shop.products.get(product.id) == product
    sale = shop.sales.record(external_reference="over-the-counter", lines=[SaleLine(sku=product.sku, quantity=2)])
    assert sale.lines[0].quantity == 2
    assert shop.products.get(product.id).stock == product.stock - 2
    assert [one.id for one in shop.products.list(sku=product.sku)] == [product.id]
    with pytest.raises(PermissionDeniedError):
        shop.products.count_stock(product.id, 5)


def test_the_shops_word(client):
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    said = client("shop").integrations.report_woocommerce(
        plugin_version="1.0", last_sync_at=at, orders_waiting=2, problems=["slow"]
    )
    assert (said.last_sync_at, said.problems) == (at, ("slow",))
    assert client("shop").integrations.report_woocommerce(
        plugin_version="1.0", last_sync_at=None, orders_waiting=0, problems=3, dry_run=True
    ).problems == 3  # fmt: skip


def test_meta(client):
    machine = client().meta.state_machine()
    assert "verified" in {one.status for one in machine.statuses}
    dispense = next(one for one in machine.acts if one.act == "dispense")
    assert dispense.by_api and "verified" in dispense.from_
    types = {one.type: one for one in client().meta.event_types()}
    assert "rx:read" in types["prescription.verified"].scopes


def test_a_leaked_key_is_harmless_afterwards(client, demo):
    secret = demo.key("to_be_leaked")
    tested = Client(secret, url=demo.url)
    client().keys.report_leak(secret, dry_run=True)
    assert tested.me().mode == "test"
    client().keys.report_leak(secret)
    with pytest.raises(AuthenticationError):
        tested.me()


def test_webhook_endpoints(client):
    hooks = client("pharmacy_webhooks").webhook_endpoints
    made = hooks.create(url="http://127.0.0.1:9/elmed", event_types=["prescription.verified"], description="Till")
    assert made.secret.startswith("whsec_") and made.secret not in repr(made)
    assert made.id in {one.id for one in hooks.list()}
    assert hooks.change(made.id, description="Counter", if_match=made).description == "Counter"
    with pytest.raises(PreconditionFailedError):
        hooks.change(made.id, description="Shelf", if_match=made)
    rolled = hooks.roll_secret(made.id)
    assert rolled.secret != made.secret and rolled.old_secret_until is not None
    delivery = hooks.test(made.id)
    assert delivery.type == "webhook.test"
    assert hooks.delivery(made.id, delivery.id).webhook_id == delivery.webhook_id
    assert hooks.resend_delivery(made.id, delivery.id).resent == 1
    assert [one.id for one in hooks.deliveries(made.id)] == [delivery.id]
    assert hooks.resend(made.id, since=datetime.now(timezone.utc) - timedelta(days=1)).waiting >= 0
    hooks.delete(made.id, dry_run=True)
    hooks.delete(made.id)
    with pytest.raises(NotFoundError):
        hooks.get(made.id)
    with pytest.raises(InvalidRequestError) as caught:
        hooks.create(url="https://192.168.1.1/")
    assert [one.pointer for one in caught.value.errors] == ["/url"]


def test_events_come_to_asyncio_as_they_happen(async_client, verified):
    one = verified()

    async def hear():
        async with async_client() as elmed:
            follower = elmed.events.follow(after=await elmed.events.newest())
            waiting = asyncio.create_task(first(follower))
            await asyncio.sleep(0.5)
            await elmed.prescriptions.dispense(one.id, if_match=one)
            return await asyncio.wait_for(waiting, 30)

    async def first(follower):
        return await anext(event async for event in follower if event.prescription_id == one.id)

    assert asyncio.run(hear()).type == "prescription.dispensed"


def test_events_come_as_they_happen(client, verified):
    elmed = client()
    newest = elmed.events.newest()
    page = elmed.events.list(after=newest - 3, limit=2)
    assert [one.sequence for one in page.data] == [newest - 2, newest - 1] and page.has_more
    one = verified()
    follower = elmed.events.follow(after=newest)
    threading.Timer(0.5, lambda: client().prescriptions.dispense(one.id)).start()
    for event in follower:
        if event.prescription_id == one.id:
            break
    assert event.type == "prescription.dispensed"
    assert follower.cursor == event.sequence - 1  # dealt with only when the next one is asked for
