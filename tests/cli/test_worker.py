"""The periodic work: each period once, whatever the number of workers; failures keep nobody else from its turn."""

from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.db import connection, transaction

from elmed.access import keys
from elmed.access.models import ApiKey
from elmed.accounts.models import Account, Membership, Person
from elmed.api.models import IdempotencyRecord
from elmed.core.clock import real_now
from elmed.core.models import World
from elmed.events.models import Event, EventListing
from elmed.inventory import products, receipts
from elmed.inventory.models import Batch, ProductImage
from elmed.jobs import worker
from elmed.jobs.models import PeriodicRun
from elmed.jobs.periodic import PERIODIC, Periodic
from elmed.notifications.models import Mail
from elmed.patients import identity
from elmed.patients.models import Patient
from elmed.prescriptions.actions.cancel import request_cancel
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.actions.transfer import release_all
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription, ProofTries
from elmed.request_log.models import LoggedRequest
from elmed.webhooks import endpoints, resend
from elmed.webhooks.endpoints import Wanted
from elmed.webhooks.models import Delivery
from tests import factories
from tests.inventory.conftest import PLASTERS
from tests.prescriptions import shop

MINUTE = timedelta(minutes=1)


def counting(name="count", every=MINUTE):
    runs = []
    return Periodic(name, every, lambda now: runs.append(now) or 1), runs


def test_each_period_runs_once(db):
    work, runs = counting()
    start = real_now()
    for seconds in (0, 5, 59, 60, 61, 125):
        worker.run_due(start + timedelta(seconds=seconds), (work,))
    assert [round((at - start).total_seconds()) for at in runs] == [0, 60, 125]


def test_work_in_other_hands_is_left_alone_until_its_lease_ends(db):
    work, runs = counting()
    start = real_now()
    assert worker.take(work, start)
    worker.run_due(start + 2 * MINUTE, (work,))
    assert runs == []
    worker.run_due(start + worker.LEASE, (work,))
    assert len(runs) == 1


def test_a_failure_is_noted_and_the_rest_runs(db):
    def fail(_now):
        raise ValueError("no")

    good, runs = counting("good")
    now = real_now()
    done = worker.run_due(now, (Periodic("bad", MINUTE, fail), good))
    assert done == {"good": 1}
    assert len(runs) == 1
    bad = PeriodicRun.objects.get(name="bad")
    assert bad.failed_at is not None
    assert bad.leased_until is None
    assert PeriodicRun.objects.get(name="good").failed_at is None


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_is_skipped_on_postgresql():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is nothing to skip")
    import threading

    work, _ = counting()
    now = real_now()
    PeriodicRun.objects.create(name=work.name, due_at=now)
    taken = []

    def other():
        taken.append(worker.take(work, now))
        connection.close()

    with transaction.atomic():
        PeriodicRun.objects.select_for_update().get(name=work.name)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
        assert not thread.is_alive(), "it waited for the lock"
    assert taken == [False]


def last_evening():
    """Twenty past six, when the doctors are told what was signed."""
    here = real_now().astimezone(jurisdiction().zone)
    evening = here.replace(hour=18, minute=20)
    return evening if evening <= here else evening - timedelta(days=1)


def test_the_list_does_what_it_says(cast):
    now = last_evening()
    overdue = factories.verified(cast, now=now - timedelta(days=300))
    unanswered = factories.verified(cast, now=now - timedelta(days=3))
    request_cancel(cast.actor("doctor"), unanswered.pk, reason="Mistake", now=now - timedelta(hours=25))
    young = factories.verified(cast, now=now - timedelta(days=3), answers={"duplicate:1": "Known"})
    request_cancel(cast.actor("doctor"), young.pk, reason="Mistake", now=now - timedelta(hours=23))
    Account.objects.filter(pk=cast.other_doctor.pk).update(licence_expires_on=(now - timedelta(days=2)).date())
    old, new = (
        IdempotencyRecord.objects.create(
            account=cast.pharmacy, world_id=1, method="POST", path="/x", key=key, body_digest=b"", created_at=at
        )
        for key, at in (("old", now - timedelta(hours=25)), ("new", now - timedelta(hours=23)))
    )
    Session.objects.create(session_key="over", session_data="", expire_date=now - MINUTE)
    Session.objects.create(session_key="valid", session_data="", expire_date=now + MINUTE)

    product = products.create(cast.actor("owner"), PLASTERS, now=now - timedelta(days=9))
    words = {"batch_number": "B1", "expiry_date": (now - timedelta(days=2)).date(), "now": now - timedelta(days=9)}
    receipts.receive(cast.actor("technician"), product.pk, receipts.Amount(3000), **words)

    shop.product(cast)
    kept = factories.verified(cast, now=now - timedelta(hours=1), answers={"duplicate:1": "Known"})
    reserved = shop.reserved(shop.shop(cast), kept, now=now - timedelta(minutes=16))
    for wrong, began in ((1, now - timedelta(hours=25)), (2, now)):
        ProofTries.objects.create(
            account=cast.pharmacy, world_id=1, reference_digest=str(wrong), wrong=wrong, window_began_at=began
        )
    ProductImage.objects.create(
        sha256="0" * 64, content_type="image/png", width=1, height=1, data=b"x", created_at=now,
        unused_since=now - timedelta(days=2),
    )  # fmt: skip
    for sent_at, created_at in ((None, now), (now - timedelta(days=91), now - timedelta(days=91))):
        Mail.objects.create(
            to="ann@example.org", template="checks_paused", created_at=created_at, due_at=created_at, sent_at=sent_at
        )

    Account.objects.filter(pk=cast.doctor.pk).update(licence_expires_on=(now + timedelta(days=20)).date())
    person = Person.objects.create(email="never@example.org", name="Never Confirmed")
    EmailAddress.objects.create(user=person, email=person.email, verified=False, primary=True)
    forgotten = Account.objects.create(kind="doctor", name="Never Confirmed", licence_number="N1", world_id=1)
    Membership.objects.create(account=forgotten, person=person, role="prescriber")
    Account.objects.filter(pk=forgotten.pk).update(created_at=now - timedelta(days=8))
    key, _ = keys.create(
        cast.actor("doctor"), name="Robot", scopes=["rx:read"], expires_at=real_now() + timedelta(days=9)
    )
    ApiKey.objects.filter(pk=key.pk).update(created_at=now - timedelta(days=60))
    stranded = factories.issued(cast, now=now - timedelta(hours=2), answers={"duplicate:1": "Known"})
    route(cast.actor("doctor"), stranded.pk, pharmacy_id=cast.other_pharmacy.pk, now=now - timedelta(hours=2))
    Account.objects.filter(pk=cast.other_pharmacy.pk).update(state="suspended")
    release_all(cast.actor("staff"), cast.other_pharmacy.pk, reason="It closed", now=now)

    LoggedRequest.objects.create(
        at=now - timedelta(days=31), key=key, account=cast.doctor, world_id=1, method="GET", path="/me", status=200,
        milliseconds=3, request_id="req_0",
    )  # fmt: skip
    endpoint, _ = endpoints.make(cast.actor("pharmacist"), Wanted("https://8.8.8.8/hooks"))
    sent = resend.send_test(cast.actor("pharmacist"), endpoint.pk)
    Delivery.objects.filter(pk=sent.pk).update(state="delivered", created_at=now - timedelta(days=31))
    event = Event.objects.get(type="key.created", actor_account_id=cast.doctor.pk)
    Event.objects.filter(pk=event.pk).update(recorded_at=now - timedelta(days=91))

    read = factories.issued(cast, now=now - timedelta(hours=1), answers={"duplicate:1": "Known"})
    Prescription.objects.filter(pk=read.pk).update(patient=cast.other_patient)
    identity.correct_name(
        cast.actor("staff"), cast.other_patient.pk, family_name="Corrected", given_name="Name", reason="Misspelt at the counter",
        now=now,
    )  # fmt: skip

    untouched = World.objects.create(mode="test")
    World.objects.filter(pk=untouched.pk).update(created_at=now - timedelta(days=91))
    Patient.objects.create(
        world=untouched,
        family_name="Left",
        given_name="Behind",
        date_of_birth=date(1970, 1, 1),
        created_at=now,
        updated_at=now,
    )

    done = worker.run_due(now)

    assert not Patient.objects.filter(world=untouched).exists()
    assert not EventListing.objects.filter(event=event).exists()
    two_evenings = {"tell doctors what was signed": 2}  # of this day, and of three days ago, of which nobody was told
    assert done == {work.name: 1 for work in PERIODIC} | two_evenings
    reserved.refresh_from_db()
    assert reserved.freed_reason == "timed_out"
    assert ProofTries.objects.get(account=cast.pharmacy, reference_digest__in=("1", "2")).wrong == 2
    assert Batch.objects.get().stock_milli == 0
    for rx, status in ((overdue, "expired"), (unanswered, "cancelled"), (young, "on_hold"), (stranded, "issued")):
        rx.refresh_from_db()
        assert rx.status == status
    cast.other_doctor.refresh_from_db()
    assert cast.other_doctor.state == "lapsed"
    assert list(IdempotencyRecord.objects.values_list("key", flat=True)) == [new.key] != [old.key]
    assert list(Session.objects.values_list("session_key", flat=True)) == ["valid"]


def test_a_test_world_expires_by_its_own_clock(cast):
    from elmed.demo import practice
    from elmed.demo.people import People

    people = People(accounts={"pharmacy": cast.pharmacy}, persons=cast.people, account_of={"pharmacist": "pharmacy"})
    practice.tell(people)
    world = cast.pharmacy.test_world_id
    live = factories.verified(cast, now=real_now() - timedelta(days=1))
    World.objects.filter(pk=world).update(clock_offset_seconds=300 * 86400)
    worker.run_due(real_now())
    assert set(Prescription.objects.filter(world_id=world).values_list("status", flat=True)) == {"expired"}
    live.refresh_from_db()
    assert live.status == "verified"


def test_the_command_runs_once_and_says_what_it_did(elmed, db):
    ran = elmed("worker", "--once")
    assert ran.code == 0
    assert all(f"{work.name}: 0" in ran.out for work in PERIODIC)
    assert "expire prescriptions: not due" in elmed("worker", "--once").out
