"""Nobody holds all the threads of a worker: what is handed out, and in which order, while receivers hang."""

import threading
from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from elmed.access import actors
from elmed.accounts.models import Account
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.events.record import record
from elmed.webhooks import deliver, endpoints, run
from elmed.webhooks.client import Outcome
from elmed.webhooks.deliver import due_endpoints
from elmed.webhooks.endpoints import MOST, Wanted
from elmed.webhooks.models import Attempt, Delivery, Endpoint
from elmed.webhooks.shares import Shares

TYPE = "account.contact_changed"
URL = "http://127.0.0.1:9/hooks"


def in_test(cast, who):
    """That person's account in its test world."""
    live = cast.actor(who)
    world_id = Account.objects.get(pk=live.acting_account_id).test_world_id
    return replace(live, world_id=world_id, mode=Mode.TEST)


def told(actor, number, times=1, url=URL):
    """That many endpoints of the actor's account and world, and something that happened there so often."""
    made = [endpoints.make(actor, Wanted(url, (TYPE,)))[0].pk for _ in range(number)]
    happens(actor, times)
    return made


def happens(actor, times=1):
    by = replace(actors.of_command(), world_id=actor.world_id, mode=actor.mode)
    for _ in range(times):
        with transaction.atomic():
            record(by, TYPE, accounts=[actor.acting_account_id], at=real_now())


class Hanging:
    """A worker whose deliveries hang until they are let go; none of them touches the database."""

    def __init__(self, threads):
        self.sender, self.started, self._go = run.Sender(threads), [], threading.Event()

    def deliver(self, delivery_id, client):
        self._go.wait()

    def rounds(self):
        """Hand out until there is nothing that may be: the endpoints, one entry for each delivery, in their order."""
        while self.sender.round():
            pass
        self.started = [one.endpoint_id for one in self.sender._busy.values()]
        return self.started

    def close(self):
        self._go.set()
        self.sender.close()


@pytest.fixture
def worker(db, monkeypatch):
    """Start one with so many threads."""
    made = []

    def start(threads=16):
        made.append(Hanging(threads))
        monkeypatch.setattr(run, "deliver", made[-1].deliver)
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_an_account_holds_a_quarter_and_another_is_told_meanwhile(cast, worker):
    flood = told(in_test(cast, "other_pharmacist"), MOST, times=12)
    hanging = worker()
    held = hanging.rounds()
    assert len(held) == 4
    assert set(held) <= set(flood)
    live = told(cast.actor("pharmacist"), 1)
    assert hanging.rounds() == held + live
    assert Delivery.objects.filter(endpoint__in=flood, due_at__lte=real_now()).count() == MOST * 12 - 4  # they wait


def test_the_same_account_has_a_quarter_in_each_of_its_worlds(cast, worker):
    told(in_test(cast, "pharmacist"), MOST)
    told(cast.actor("pharmacist"), MOST)
    assert len(worker().rounds()) == 8


def test_test_worlds_together_hold_half(cast, worker):
    for who in ("doctor", "other_doctor", "other_pharmacist"):
        told(in_test(cast, who), MOST)
    hanging = worker()
    held = hanging.rounds()
    assert len(held) == 8
    live = told(cast.actor("pharmacist"), 1)
    assert hanging.rounds() == held + live


@pytest.mark.parametrize("mark", [{"slow": True}, {"failing_since": "2026-01-01T00:00Z"}])
def test_slow_and_failing_ones_hold_half_each_a_single_thread(cast, worker, mark):
    for who in ("doctor", "other_doctor", "other_pharmacist"):
        told(cast.actor(who), 5, times=3)
    Endpoint.objects.update(**mark)
    hanging = worker()
    held = hanging.rounds()
    assert len(held) == len(set(held)) == 8
    quick = told(cast.actor("pharmacist"), 1)
    assert hanging.rounds() == held + quick


def test_an_endpoint_leaves_something_to_the_others_of_its_account(cast, worker):
    first, second = told(cast.actor("pharmacist"), 2, times=30)
    assert sorted(worker().rounds()) in ([first] * 3 + [second], [first] + [second] * 3)


def test_who_may_have_nothing_more_crowds_out_nobody(cast, worker):
    """The list that a round looks at is short: those who are full are not in it, however long theirs have waited."""
    many = told(cast.actor("other_pharmacist"), MOST)
    hanging = worker(threads=4)  # looks at 16
    held = hanging.rounds()
    assert len(held) == 1
    assert held[0] in many
    younger = told(cast.actor("pharmacist"), 1)
    assert hanging.rounds() == held + younger


def test_quick_before_slow_live_before_test_then_who_waits_longest(cast, worker):
    late, early = told(cast.actor("pharmacist"), 1), told(cast.actor("doctor"), 1)
    test, slow = told(in_test(cast, "other_doctor"), 1), told(cast.actor("other_pharmacist"), 1)
    Endpoint.objects.filter(pk__in=slow).update(slow=True)
    while run.fan_out(real_now()):
        pass
    now = real_now()
    for number, one in enumerate((slow, test, early, late)):
        Delivery.objects.filter(endpoint__in=one).update(due_at=now.replace(year=2020 + number))
    wanted = early + late + test + slow
    assert [one.endpoint_id for one in due_endpoints(now, 10)] == wanted
    assert worker().rounds() == wanted


def test_a_free_thread_goes_to_who_has_the_fewest(cast):
    for who in ("doctor", "pharmacist"):
        told(cast.actor(who), 1, times=2)
    while run.fan_out(real_now()):
        pass
    first, second = due_endpoints(real_now(), 10)
    assert Shares(16).in_turn([first, second], [first, first, second]) == [second, first]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_few_threads_are_used_all_the_same(cast, worker, threads):
    told(in_test(cast, "pharmacist"), 2)
    hanging = worker(threads)
    assert len(hanging.rounds()) == 1
    told(cast.actor("doctor"), 1)
    assert len(hanging.rounds()) == min(threads, 2)


def test_a_round_is_two_statements_however_many_wait(cast, worker):
    counts = []
    hanging = worker()
    for who in ("doctor", "other_pharmacist"):
        told(in_test(cast, who), MOST, times=3)
        hanging.rounds()
        with CaptureQueriesContext(connection) as seen:
            assert not hanging.sender.round()
        counts.append(len(seen))
    assert counts == [2, 2]


class Took:
    """A receiver that answers after so long."""

    def __init__(self, milliseconds, error=""):
        self.outcome = Outcome(None if error else 204, error, milliseconds)

    def post(self, url, body, headers):
        return self.outcome


def test_how_long_its_last_try_took_makes_it_slow_and_quick_again(cast):
    told(cast.actor("pharmacist"), 1)
    run.fan_out(real_now())
    row = Delivery.objects.get()
    for milliseconds, error, slow in (
        (3_000, "", False), (13_000, "", True), (3_001, "", True), (40, "connection", False), (15_000, "timeout", True), (40, "", False),
    ):  # fmt: skip
        Delivery.objects.update(state="waiting")
        deliver.deliver(row.pk, Took(milliseconds, error))
        endpoint = Endpoint.objects.get()
        assert (endpoint.slow, endpoint.failing_since is not None) == (slow, bool(error))
        assert Attempt.objects.latest("pk").milliseconds == milliseconds
    assert endpoint.version == 1


def test_the_first_failure_stays_the_first(cast):
    told(cast.actor("pharmacist"), 1)
    run.fan_out(real_now())
    row = Delivery.objects.get()
    deliver.deliver(row.pk, Took(40, "connection"))
    first = Endpoint.objects.get().failing_since
    deliver.deliver(row.pk, Took(15_000, "timeout"))
    assert (Endpoint.objects.get().failing_since, Endpoint.objects.get().slow) == (first, True)
