"""A worker's loop: several at once, one receiver that hangs, an end in the middle; nothing is lost."""

import threading
import time

import pytest
from django.db import connection, transaction

from elmed.access import actors
from elmed.core.clock import real_now
from elmed.events.record import record
from elmed.webhooks import client, endpoints, run
from elmed.webhooks.endpoints import MOST, Wanted
from elmed.webhooks.models import Delivery
from elmed.webhooks.shares import Shares
from tests.cast import assemble
from tests.webhooks.receiver import OK, Receiver, plainly, silence
from tests.webhooks.test_shares import in_test, told

THREADS = 8
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def committed_cast(transactional_db):
    """Everybody, committed, so that the workers' connections see them."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite in memory is seen by one thread")
    return assemble()


def happens(cast, times):
    for _ in range(times):
        with transaction.atomic():
            record(actors.of_command(), "account.contact_changed", accounts=[cast.pharmacy.pk], at=real_now())


@pytest.fixture
def working(monkeypatch):
    """Start workers; they are ended at the end."""
    stop, threads = threading.Event(), []

    def start(number=1):
        for _ in range(number):
            one = threading.Thread(target=run.run_forever, args=(stop, THREADS))
            one.start()
            threads.append(one)

    monkeypatch.setattr(run, "PAUSE", 0.05)
    yield start
    stop.set()
    for one in threads:
        one.join()


def soon(true, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("not in time")


def test_three_workers_send_each_once(committed_cast, receiver, working):
    endpoints.make(committed_cast.actor("pharmacist"), Wanted(receiver.url))
    happens(committed_cast, 60)
    working(3)
    soon(lambda: Delivery.objects.filter(state="delivered").count() == 60)
    ids = [one.headers["webhook-id"] for one in receiver.got]
    assert len(ids) == len(set(ids)) == 60


def test_one_that_hangs_keeps_nobody_waiting(committed_cast, receiver, working, monkeypatch):
    monkeypatch.setattr(client, "SECONDS", 4.0)
    slow = Receiver(answers=[silence])
    try:
        for one in (slow, receiver):
            endpoints.make(committed_cast.actor("pharmacist"), Wanted(one.url))
        happens(committed_cast, 30)
        working()
        began = time.monotonic()
        soon(lambda: len(receiver.got) >= 30)
        assert time.monotonic() - began < 4
        assert len(slow.got) == Shares(THREADS).endpoint(slow=False)
    finally:
        slow.close()


def test_twenty_slow_ones_of_a_test_world_keep_no_other_account_waiting(committed_cast, receiver, working):
    go = threading.Event()
    slow = Receiver(answers=[lambda link: go.wait() and link.sendall(OK)])
    try:
        told(in_test(committed_cast, "other_pharmacist"), MOST, times=12, url=slow.url)
        working()
        soon(lambda: len(slow.got) == Shares(THREADS).account)
        told(committed_cast.actor("pharmacist"), 1, url=receiver.url)
        soon(lambda: Delivery.objects.filter(state="delivered").exists())
        assert len(receiver.got) == 1
        assert len(slow.got) == Shares(THREADS).account  # none of these is answered yet
        assert Delivery.objects.get(state="delivered").endpoint.world_id == 1
        go.set()
        soon(lambda: Delivery.objects.filter(state="delivered").count() == MOST * 12 + 1)
    finally:
        go.set()
        slow.close()


def test_one_that_fails_is_tried_by_one_thread(committed_cast, receiver, working):
    receiver.answers = [plainly("500 Oh")]
    endpoints.make(committed_cast.actor("pharmacist"), Wanted(receiver.url))
    happens(committed_cast, 20)
    working()
    soon(lambda: Delivery.objects.filter(attempts__gte=1).count() == 20)
    assert not Delivery.objects.exclude(state="waiting").exists()
