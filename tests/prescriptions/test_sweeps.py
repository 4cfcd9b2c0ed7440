"""What staff order for all of an account's prescriptions: each once, nothing half done, from where it ended; fraud at once."""

import threading

import pytest
from django.db import connection, connections

from elmed.accounts.actions import change_state
from elmed.accounts.models import AccountState
from elmed.core.refusals import NotAllowed, NotNow
from elmed.events.models import Event
from elmed.prescriptions.actions import sweeps
from elmed.prescriptions.actions.check import Asked, check
from elmed.prescriptions.actions.fraud import suspend_for_fraud
from elmed.prescriptions.actions.hold import resume
from elmed.prescriptions.actions.issue import issue
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.actions.transfer import release_all
from elmed.prescriptions.models import Hold, Prescription, Sweep
from elmed.prescriptions.vocabulary import Status
from tests import factories as f
from tests.cast import NOW

WHY = "It closed"


def suspend(cast, account, why="Gone"):
    return change_state(cast.actor("staff"), account.pk, AccountState.SUSPENDED, reason=why, now=NOW)


def fraud(cast):
    return suspend_for_fraud(cast.actor("staff"), cast.doctor.pk, reason="Forged identity", now=NOW)


def statuses():
    return dict(Prescription.objects.order_by("pk").values_list("pk", "status"))


def test_it_goes_on_where_it_ended(cast):
    rows = [f.verified(cast) for _ in range(5)]
    suspend(cast, cast.pharmacy)
    order = release_all(cast.actor("staff"), cast.pharmacy.pk, reason=WHY, now=NOW)
    assert sweeps._step(order.pk, rows[0].pk) and sweeps._step(order.pk, rows[1].pk)
    assert list(statuses().values()) == [Status.ISSUED] * 2 + [Status.VERIFIED] * 3
    order.refresh_from_db()
    assert (order.total, order.done, order.left, order.last_id, order.finished_at) == (5, 2, 0, rows[1].pk, None)
    assert sweeps.advance(order.pk, seconds=60) == 3
    order.refresh_from_db()
    assert (order.done, order.left, order.ended_as) == (5, 0, "done") and order.finished_at
    assert sweeps.advance(order.pk, seconds=60) == 0  # once more is nothing
    assert Event.objects.filter(type="prescription.transferred").count() == 5
    event = Event.objects.filter(type="prescription.transferred").first()
    assert event.actor_person_id == cast.people["staff"].pk  # in the name of who ordered it


def test_what_fails_leaves_neither_half_nor_a_count(cast, monkeypatch):
    rows = [f.verified(cast) for _ in range(3)]
    suspend(cast, cast.pharmacy)
    order = release_all(cast.actor("staff"), cast.pharmacy.pk, reason=WHY, now=NOW)
    real = Sweep.save

    def dies(self, *args, **kwargs):
        if self.last_id == rows[1].pk:
            raise KeyboardInterrupt  # the worker is killed between the act and its count
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Sweep, "save", dies)
    with pytest.raises(KeyboardInterrupt):
        sweeps.advance(order.pk, seconds=60)
    monkeypatch.undo()
    order.refresh_from_db()
    assert (order.done, order.last_id) == (1, rows[0].pk)
    assert list(statuses().values()) == [Status.ISSUED, Status.VERIFIED, Status.VERIFIED]
    assert sweeps.advance_all(60) == 2
    assert set(statuses().values()) == {Status.ISSUED}


def test_one_that_cannot_be_done_keeps_no_other_from_its_turn(cast, monkeypatch):
    rows = [f.verified(cast) for _ in range(3)]
    suspend(cast, cast.pharmacy)
    order = release_all(cast.actor("staff"), cast.pharmacy.pk, reason=WHY, now=NOW)
    real = sweeps.transfer

    def breaks(actor, number, **words):
        if number == rows[1].pk:
            raise RuntimeError("a broken row")
        return real(actor, number, **words)

    monkeypatch.setattr(sweeps, "transfer", breaks)
    assert sweeps.advance(order.pk, seconds=60) == 3
    order.refresh_from_db()
    assert (order.done, order.left, order.ended_as) == (2, 1, "done")
    assert list(statuses().values()) == [Status.ISSUED, Status.VERIFIED, Status.ISSUED]
    assert [row.pk for row in sweeps.staying(cast.actor("staff"), order)] == [rows[1].pk]


def test_a_pharmacy_that_acts_again_keeps_the_rest(cast):
    rows = [f.verified(cast) for _ in range(3)]
    suspend(cast, cast.pharmacy)
    order = release_all(cast.actor("staff"), cast.pharmacy.pk, reason=WHY, now=NOW)
    sweeps._step(order.pk, rows[0].pk)
    change_state(cast.actor("staff"), cast.pharmacy.pk, AccountState.VERIFIED, now=NOW)
    assert sweeps.advance_all(60) == 0
    order.refresh_from_db()
    assert (order.done, order.ended_as) == (1, "active_again")
    assert list(statuses().values()) == [Status.ISSUED, Status.VERIFIED, Status.VERIFIED]


def test_nobody_else_orders_one(cast):
    rx = f.verified(cast)
    suspend(cast, cast.pharmacy)
    for who in ("doctor", "patient"):
        with pytest.raises(NotAllowed):
            release_all(cast.actor(who), cast.pharmacy.pk, reason=WHY, now=NOW)
    assert not Sweep.objects.exists() and statuses() == {rx.pk: Status.VERIFIED}


def test_fraud_holds_from_its_moment_on_whatever_the_sweep_has_come_to(cast):
    rx, other = f.verified(cast), f.pending_review(cast)
    order = fraud(cast)
    assert set(statuses().values()) == {Status.VERIFIED, Status.PENDING_REVIEW}  # nothing is done yet …
    with pytest.raises(NotNow) as no:
        f.supply(cast, rx)
    assert no.value.extra["current_status"] == Status.ON_HOLD
    assert statuses()[rx.pk] == Status.ON_HOLD  # … but what somebody asks for is, and stays so
    with pytest.raises(NotNow):
        route(cast.actor("patient"), other.pk, pharmacy_id=cast.other_pharmacy.pk, now=NOW)
    assert statuses()[other.pk] == Status.ON_HOLD
    hold = Hold.objects.get(prescription=rx)
    assert (hold.kind, hold.reason, hold.placed_by_id) == ("fraud", "Forged identity", cast.people["staff"].pk)
    assert sweeps.advance(order.pk, seconds=60) == 2
    order.refresh_from_db()
    assert (order.done, order.left) == (2, 0) and Hold.objects.count() == 2


def test_a_shop_is_told_no_before_the_sweep_comes(cast):
    rx = f.verified(cast)
    fraud(cast)
    found = check(cast.actor("owner"), rx.pk, [Asked("X", 1)], reserve=False, now=NOW)
    assert [line.ok for line in found.lines] == [False]
    assert statuses()[rx.pk] == Status.ON_HOLD


def test_what_staff_resume_meanwhile_stays_resumed(cast):
    rx, waiting = f.verified(cast), f.verified(cast)
    order = fraud(cast)
    with pytest.raises(NotNow):
        f.supply(cast, rx)
    resume(cast.actor("staff"), rx.pk, now=NOW)
    assert f.supply(cast, rx)
    sweeps.advance(order.pk, seconds=60)
    assert statuses() == {rx.pk: Status.DISPENSED, waiting.pk: Status.ON_HOLD}


def test_a_doctor_who_acts_again_is_not_held_any_more(cast):
    rx = f.verified(cast)
    order = fraud(cast)
    change_state(cast.actor("staff"), cast.doctor.pk, AccountState.VERIFIED, now=NOW)
    assert f.supply(cast, rx)
    draft = f.draft(cast)
    issue(cast.actor("doctor"), draft.pk, now=NOW)
    sweeps.advance_all(60)
    order.refresh_from_db()
    assert order.ended_as in ("active_again", "done") and order.done == 0
    assert statuses() == {rx.pk: Status.DISPENSED, draft.pk: Status.ISSUED}
    again = fraud(cast)
    assert sweeps.advance(again.pk, seconds=60) == 1
    assert statuses()[draft.pk] == Status.ON_HOLD


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite writes one at a time")
def test_two_workers_do_each_once(cast):
    rows = [f.verified(cast) for _ in range(12)]
    suspend(cast, cast.pharmacy)
    order = release_all(cast.actor("staff"), cast.pharmacy.pk, reason=WHY, now=NOW)
    wrong = []

    def work():
        try:
            for _ in range(40):
                sweeps.advance(order.pk, seconds=60)
        except Exception as error:
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    order.refresh_from_db()
    assert (order.done, order.left, order.ended_as) == (12, 0, "done")
    assert Event.objects.filter(type="prescription.transferred").count() == len(rows)
