"""From an event to the receiver: signed, tried again by the schedule, never lost, switched off in the end."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from standardwebhooks import Webhook, WebhookVerificationError

from elmed.access import actors
from elmed.accounts.models import Account
from elmed.core.clock import real_now
from elmed.core.models import Mode, World
from elmed.events.models import Event, EventListing
from elmed.events.record import record
from elmed.notifications.models import Mail
from elmed.webhooks import deliver, endpoints, schedule, sealed
from elmed.webhooks.client import Client, Outcome
from elmed.webhooks.deliver import due_endpoints, take
from elmed.webhooks.endpoints import Wanted
from elmed.webhooks.fan_out import fan_out
from elmed.webhooks.models import Attempt, Delivery, Endpoint, Why
from tests import factories as f
from tests.webhooks.receiver import plainly


def send_all(now=None):
    """One round of a worker, in this thread: what is due now is tried once. Returns the outcomes."""
    now = now or real_now()
    while fan_out(now):
        pass
    client = Client()
    taken = [pk for one in due_endpoints(now, 100) for pk in take(one.endpoint_id, now, 100)]
    return [deliver.deliver(pk, client) for pk in taken]


def verified_message(received, secret):
    """The oracle's verdict: the payload, or an exception."""
    return Webhook(secret).verify(received.body, received.headers)


def test_an_event_arrives_signed_and_thin(cast, told, receiver):
    rx = f.verified(cast)
    outcomes = send_all()
    assert all(one.delivered for one in outcomes)
    assert len(outcomes) == len(receiver.got) == 2  # routed with the signature, verified
    payload = verified_message(receiver.got[-1], told[1])
    event = Event.objects.get(type="prescription.verified", prescription_id=rx.pk)
    listing = EventListing.objects.get(event=event, account=cast.pharmacy)
    assert payload.keys() == {"type", "timestamp", "data"}
    assert payload["data"] == {
        "id": event.pk, "sequence": listing.sequence, "type": "prescription.verified", "created_at": payload["timestamp"],
        "mode": "live", "prescription_id": rx.pk, "version": event.version,
    }  # fmt: skip
    assert receiver.got[-1].headers["webhook-id"] == f"evt_{event.pk}"
    text = receiver.got[-1].body.decode().lower()
    assert not any(word in text for word in ("amoxicillin", "kowalska", "marta"))


def test_changed_on_the_way_is_noticed(cast, told, receiver):
    f.verified(cast)
    send_all()
    one = receiver.got[0]
    one.body = one.body.replace(b"live", b"test")
    with pytest.raises(WebhookVerificationError):
        verified_message(one, told[1])


def test_what_happened_before_it_was_made_is_not_told(cast, receiver):
    f.verified(cast)
    endpoints.make(cast.actor("pharmacist"), Wanted(receiver.url))
    assert [one for one in send_all() if one] == []


def test_each_event_is_told_once_and_nothing_is_left_out(cast, told, receiver):
    before = EventListing.objects.filter(account=cast.pharmacy).count()
    for _ in range(3):
        f.dispensed(cast)
    send_all()
    send_all()
    sequences = [json.loads(one.body)["data"]["sequence"] for one in receiver.got]
    assert sorted(sequences) == list(range(before + 1, EventListing.objects.filter(account=cast.pharmacy).count() + 1))


def test_only_the_types_that_are_wanted(cast, receiver):
    endpoints.make(cast.actor("pharmacist"), Wanted(receiver.url, ("prescription.dispensed",)))
    f.dispensed(cast)
    send_all()
    assert [json.loads(one.body)["type"] for one in receiver.got] == ["prescription.dispensed"]


def test_another_account_and_another_world_hear_nothing(cast, receiver):
    endpoints.make(cast.actor("other_pharmacist"), Wanted(receiver.url))
    world = World.objects.create(mode=Mode.TEST)
    Account.objects.filter(pk=cast.pharmacy.pk).update(test_world=world)
    in_test = replace(cast.actor("pharmacist"), world_id=world.pk, mode=Mode.TEST)
    endpoints.make(in_test, Wanted(receiver.url, ("prescription.verified",)))
    f.verified(cast)
    assert send_all() == []
    with transaction.atomic():
        record(in_test, "prescription.verified", accounts=[cast.pharmacy.pk], at=real_now())
    send_all()
    assert [json.loads(one.body)["data"]["mode"] for one in receiver.got] == ["test"]


def failing(cast, told, receiver, status="500 Oh"):
    receiver.answers = [plainly(status)]
    with transaction.atomic():
        record(actors.of_command(), "account.contact_changed", accounts=[cast.pharmacy.pk], at=real_now())
    send_all()
    return Delivery.objects.get()


def again(delivery):
    """The moment of its next try is now."""
    Delivery.objects.filter(pk=delivery.pk).update(due_at=real_now() - timedelta(seconds=1))
    send_all()
    delivery.refresh_from_db()


def test_it_is_tried_again_by_the_schedule_and_then_given_up(cast, told, receiver):
    row = failing(cast, told, receiver)
    for number, wait in enumerate(schedule.RETRY_SCHEDULE, start=1):
        assert (row.state, row.attempts) == ("waiting", number)
        assert wait <= row.due_at - real_now() + timedelta(seconds=2)
        assert row.due_at - real_now() <= wait * (1 + schedule.JITTER)
        again(row)
    assert (row.state, row.attempts) == ("failed", 10)
    assert row.done_at
    tries = list(Attempt.objects.order_by("pk").values_list("status", "error"))
    assert tries == [(500, "status")] * 10
    assert len({one.headers["webhook-id"] for one in receiver.got}) == 1
    assert send_all() == []


def test_about_three_days_in_all():
    whole = sum(schedule.RETRY_SCHEDULE, timedelta())
    assert timedelta(days=3) <= whole <= timedelta(days=3.5)
    assert schedule.RETRY_SCHEDULE[0] == timedelta(seconds=5)


def test_retry_after_makes_it_later_never_sooner():
    assert schedule.next_wait(1, 3600) == timedelta(hours=1)
    assert schedule.next_wait(1, 10**9) == timedelta(hours=24)
    assert (schedule.next_wait(3, 1) or timedelta()) >= timedelta(minutes=30)
    assert schedule.next_wait(10, 1) is None


def test_a_success_after_failures_clears_them(cast, told, receiver):
    row = failing(cast, told, receiver)
    assert Endpoint.objects.get().failing_since
    receiver.answers = [plainly("200 OK")]
    again(row)
    assert (row.state, Endpoint.objects.get().failing_since) == ("delivered", None)


def test_410_switches_it_off_and_its_owner_is_told(cast, told, receiver):
    row = failing(cast, told, receiver, "410 Gone")
    endpoint = Endpoint.objects.get()
    row.refresh_from_db()
    assert (endpoint.off, row.state) == ("gone", "failed")
    mails = Mail.objects.filter(template="webhook_paused")  # who made it, and the owner
    assert {mail.context["host"] for mail in mails} == {"127.0.0.1"}
    assert mails.count() == 2
    assert Event.objects.filter(type="webhook.paused").count() == 1
    f.verified(cast)
    assert send_all() == []


def test_five_days_without_a_success_switch_it_off(cast, told, receiver):
    row = failing(cast, told, receiver)
    Endpoint.objects.update(failing_since=real_now() - timedelta(days=4, hours=23))
    again(row)
    assert Endpoint.objects.get().off == ""
    Endpoint.objects.update(failing_since=real_now() - timedelta(days=5, minutes=1))
    again(row)
    assert Endpoint.objects.get().off == "failing"
    assert Mail.objects.filter(template="webhook_paused").exists()


def test_the_mail_of_a_test_worlds_endpoint_is_not_written(cast, receiver):
    world = World.objects.create(mode=Mode.TEST)
    Account.objects.filter(pk=cast.pharmacy.pk).update(test_world=world)
    in_test = replace(cast.actor("pharmacist"), world_id=world.pk, mode=Mode.TEST)
    endpoints.make(in_test, Wanted(receiver.url))
    receiver.answers = [plainly("410 Gone")]
    with transaction.atomic():
        record(in_test, "account.contact_changed", accounts=[cast.pharmacy.pk], at=real_now())
    send_all()
    assert Endpoint.objects.get().off == "gone"
    assert not Mail.objects.filter(template="webhook_paused").exists()


def test_after_a_roll_both_secrets_sign_for_a_day(cast, told, receiver):
    endpoint, new = endpoints.roll(cast.actor("pharmacist"), told[0].pk)
    send_all()
    for secret in (told[1], new):
        verified_message(receiver.got[-1], secret)
    Endpoint.objects.update(old_until=real_now() - timedelta(seconds=1))
    f.verified(cast)
    send_all()
    verified_message(receiver.got[-1], new)
    with pytest.raises(WebhookVerificationError):
        verified_message(receiver.got[-1], told[1])
    assert endpoint.pk == told[0].pk


def test_a_lease_keeps_others_away_and_ends_by_itself(cast, told, receiver):
    f.verified(cast)
    now = real_now()
    while fan_out(now):
        pass
    taken = take(told[0].pk, now, 100)
    assert taken
    assert take(told[0].pk, now, 100) == []
    assert due_endpoints(now, 10) == []
    later = now + deliver.LEASE
    assert sorted(take(told[0].pk, later, 100)) == sorted(taken)  # that worker died: sent again
    assert receiver.got == []


def test_delivered_by_another_worker_meanwhile_it_stays_delivered(cast, told, receiver, monkeypatch):
    f.verified(cast)
    now = real_now()
    while fan_out(now):
        pass
    pk = take(told[0].pk, now, 1)[0]

    class Late(Client):
        def post(self, url, body, headers):
            Delivery.objects.filter(pk=pk).update(state="delivered", done_at=real_now())
            return Outcome(500, "status", 3)

    deliver.deliver(pk, Late())
    assert Delivery.objects.get(pk=pk).state == "delivered"


def test_the_log_is_forgotten_after_thirty_days_but_not_what_waits(cast, told, receiver):
    f.verified(cast)
    send_all()
    delivered = Delivery.objects.count()
    receiver.answers = [plainly("500 Oh")]
    f.verified(cast, answers={"duplicate:1": "Known"})
    send_all()
    Delivery.objects.update(created_at=real_now() - timedelta(days=31))
    assert deliver.purge(real_now()) == delivered
    assert set(Delivery.objects.values_list("state", flat=True)) == {"waiting"}


def test_a_suspended_account_is_told_nothing(cast, told, receiver):
    f.verified(cast)
    Account.objects.filter(pk=cast.pharmacy.pk).update(state="suspended")
    assert send_all() == []
    Account.objects.filter(pk=cast.pharmacy.pk).update(state="verified")
    assert len(send_all()) == 2  # nothing is lost


def test_what_cannot_be_sent_is_a_try_that_failed(cast, told, receiver):
    Endpoint.objects.update(secret=b"fernet:unreadable")
    row = failing(cast, told, receiver)
    assert (row.attempts, row.tries.get().error, receiver.got) == (1, "internal", [])


def test_a_late_410_of_the_address_before_switches_nothing_off(cast, told, receiver):
    seen = Endpoint.objects.get()
    Endpoint.objects.update(url="https://8.8.8.8/new")
    assert not endpoints.pause(seen, Why.GONE, actor=actors.clock(), now=real_now())
    assert Endpoint.objects.get().off == ""


def test_one_that_answered_meanwhile_is_not_paused_for_old_failures(cast, told, receiver):
    Endpoint.objects.update(failing_since=real_now() - timedelta(days=6))
    seen = Endpoint.objects.get()
    Endpoint.objects.update(failing_since=None)
    assert not endpoints.pause(seen, Why.FAILING, actor=actors.clock(), now=real_now())


def test_rolled_twice_what_receivers_hold_signs_on(cast, told, receiver):
    for _ in range(2):
        newest = endpoints.roll(cast.actor("pharmacist"), told[0].pk)[1]
    f.verified(cast)
    send_all()
    for secret in (told[1], newest):
        verified_message(receiver.got[-1], secret)


def test_secrets_go_over_to_a_new_key(cast, told, receiver):
    before = bytes(Endpoint.objects.get().secret)
    assert sealed.encrypt_all() == 1
    assert sealed.count_unreadable() == 0
    assert bytes(Endpoint.objects.get().secret) != before
    f.verified(cast)
    send_all()
    verified_message(receiver.got[-1], told[1])
