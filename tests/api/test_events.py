"""GET /events: an account's own list, in its own numbers, without a gap; by scope; waiting for the next."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection

from elmed.access import keys
from elmed.api import waiting
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.events import feed
from elmed.events.catalogue import EVENT_TYPES, READERS, readable
from elmed.events.models import Event, EventCounter, EventListing
from elmed.jobs.periodic import purge_event_lists
from tests import factories as f
from tests.api.client import Api, refusal, statements


def numbers(answer):
    return [one["sequence"] for one in answer.json()["data"]]


def last(account):
    return EventCounter.objects.get(account=account, world_id=1).last


def test_what_happened_in_the_accounts_own_numbers(cast, pharmacy):
    rx = f.dispensed(cast)
    answer = pharmacy.get("/events?limit=100")
    data = answer.json()["data"]
    assert numbers(answer) == list(range(1, last(cast.pharmacy) + 1))
    assert answer.json()["has_more"] is False
    newest = data[-1]
    event = Event.objects.get(pk=newest["id"])
    assert newest == {
        "id": event.pk, "sequence": last(cast.pharmacy), "type": "prescription.dispensed",
        "created_at": newest["created_at"], "mode": "live", "prescription_id": rx.pk, "version": event.version,
    }  # fmt: skip
    version = pharmacy.get(f"/prescriptions/{rx.pk}").json()["version"]
    assert newest["version"] == version


def test_page_by_page_nothing_is_missed_or_told_twice(cast, pharmacy):
    for _ in range(3):
        f.dispensed(cast)
    seen, after = [], 0
    while True:
        answer = pharmacy.get(f"/events?after={after}&limit=2")
        seen += numbers(answer)
        if not answer.json()["has_more"]:
            break
        after = seen[-1]
    assert seen == list(range(1, last(cast.pharmacy) + 1))


def test_everybody_has_a_list_of_their_own(cast, pharmacy, other_pharmacy, doctor):
    rx = f.verified(cast)
    told = [one["prescription_id"] for one in doctor.get("/events?limit=100").json()["data"]]
    assert rx.pk in told
    assert rx.pk not in [one.get("prescription_id") for one in other_pharmacy.get("/events").json()["data"]]


def test_a_test_key_reads_its_own_world(cast, make_key):
    f.verified(cast)
    test = Api(make_key("pharmacist", "rx:read", mode=Mode.TEST)[1])
    assert test.get("/events").json() == {"data": [], "has_more": False}


def test_what_the_scopes_do_not_tell_of_is_withheld_and_keeps_its_number(cast, make_key):
    f.verified(cast)
    shop = Api(make_key("pharmacist", "shop")[1])
    data = shop.get("/events?limit=100").json()["data"]
    kinds = {one["type"] for one in data}
    assert "withheld" in kinds
    assert not any(kind.startswith("prescription.") for kind in kinds)
    assert next(one for one in data if one["type"] == "withheld").keys() == {"sequence", "type"}
    assert [one["sequence"] for one in data] == list(range(1, last(cast.pharmacy) + 1))


def test_each_type_has_its_reader():
    assert {kind.partition(".")[0] for kind in EVENT_TYPES} == READERS.keys()
    assert not readable("prescription.issued", frozenset())


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=101", "wait=26", "wait=-1", "before=3"])
def test_bad_parameters(pharmacy, query):
    refusal(pharmacy.get(f"/events?{query}"), 400, "invalid_parameter")


def test_a_number_that_was_never_given(cast, pharmacy):
    body = refusal(pharmacy.get(f"/events?after={last(cast.pharmacy) + 1}"), 400, "invalid_parameter")
    assert body["newest"] == last(cast.pharmacy)  # for those who want only what comes
    assert body["errors"][0]["parameter"] == "after"


def test_me_tells_the_newest_number(cast, make_key, pharmacy):
    """In the key's account and world; 0 where nothing has happened."""
    unseen = Api(make_key("other_pharmacist", "shop")[1])
    test = Api(make_key("pharmacist", "rx:read", mode=Mode.TEST)[1])
    assert unseen.get("/me").json()["events"] == {"newest": last(cast.other_pharmacy)}
    f.verified(cast)
    newest = pharmacy.get("/me").json()["events"]["newest"]
    assert newest == last(cast.pharmacy) > 0
    assert test.get("/me").json()["events"] == {"newest": 0}
    assert pharmacy.get(f"/events?after={newest}").json() == {"data": [], "has_more": False}
    f.verified(cast)
    assert numbers(pharmacy.get(f"/events?after={newest}&limit=1")) == [newest + 1]


def test_me_takes_one_statement_besides_the_key(cast, pharmacy):
    pharmacy.get("/me")  # opens the key's window
    few = statements(lambda: pharmacy.get("/me"))
    f.verified(cast)
    assert statements(lambda: pharmacy.get("/me")) == few
    assert few <= (2 if connection.vendor == "postgresql" else 6)


def test_the_newest_number_is_an_empty_page(cast, pharmacy):
    f.verified(cast)
    assert pharmacy.get(f"/events?after={last(cast.pharmacy)}").json() == {"data": [], "has_more": False}


def age(number, account, days=91):
    """As if an event had been recorded then; events are append-only for everybody but time."""
    event_id = EventListing.objects.get(account=account, world_id=1, sequence=number).event_id
    Event.objects.filter(pk=event_id).update(recorded_at=real_now() - timedelta(days=days))


def test_ninety_days_are_kept_and_what_is_gone_is_said(cast, pharmacy):
    rx = f.dispensed(cast)
    history = Event.objects.filter(prescription_id=rx.pk).count()
    newest = last(cast.pharmacy)
    age(newest - 2, cast.pharmacy)
    age(newest, cast.pharmacy, days=89)
    assert purge_event_lists(real_now()) > 0
    refusal(pharmacy.get("/events?after=1"), 410, "events_expired")
    assert numbers(pharmacy.get(f"/events?after={newest - 2}")) == [newest - 1, newest]
    assert numbers(pharmacy.get("/events")) == [newest - 1, newest]
    assert Event.objects.filter(prescription_id=rx.pk).count() == history  # the prescription's history stays
    age(newest, cast.pharmacy)
    purge_event_lists(real_now())
    refusal(pharmacy.get(f"/events?after={newest - 1}"), 410, "events_expired")
    assert pharmacy.get("/events").json()["data"] == []
    assert pharmacy.get(f"/events?after={newest}").json()["data"] == []


def test_waiting_ends_empty_when_nothing_happens(cast, pharmacy):
    f.verified(cast)
    assert pharmacy.get(f"/events?after={last(cast.pharmacy)}&wait=1").json()["data"] == []


def test_where_all_places_are_taken_the_next_gets_an_empty_page_at_once(cast, pharmacy, monkeypatch):
    monkeypatch.setattr(waiting, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(time, "sleep", lambda _seconds: pytest.fail("it waited"))
    waiting._places.acquire()
    assert pharmacy.get(f"/events?after={last(cast.pharmacy)}&wait=25").json()["data"] == []


def test_a_place_is_given_back(cast, pharmacy, monkeypatch):
    monkeypatch.setattr(waiting, "_places", threading.BoundedSemaphore(1))
    for _ in range(2):
        pharmacy.get(f"/events?after={last(cast.pharmacy)}&wait=1")
    assert waiting._places.acquire(blocking=False)


def meanwhile(monkeypatch, act):
    """Do `act` while somebody waits, in the waiter's own first pause."""
    acts = [act]
    monkeypatch.setattr(time, "sleep", lambda _seconds: acts and acts.pop()())


def test_what_happens_meanwhile_is_answered_as_soon_as_it_does(cast, pharmacy, monkeypatch):
    before = last(cast.pharmacy)
    meanwhile(monkeypatch, lambda: f.verified(cast))
    data = pharmacy.get(f"/events?after={before}&wait=25").json()["data"]
    assert [one["sequence"] for one in data] == list(range(before + 1, last(cast.pharmacy) + 1))


def test_without_after_one_waits_for_the_first(cast, make_key, monkeypatch):
    EventListing.objects.all().delete()
    key = Api(make_key("pharmacist", "rx:read")[1])
    EventListing.objects.all().delete()
    meanwhile(monkeypatch, lambda: f.verified(cast))
    assert key.get("/events?wait=25").json()["data"]


def test_a_key_revoked_while_it_waits_gets_nothing(cast, make_key, monkeypatch):
    key, secret = make_key("pharmacist", "rx:read")
    before = last(cast.pharmacy)
    meanwhile(monkeypatch, lambda: keys.revoke(cast.actor("pharmacist"), key.pk))
    refusal(Api(secret).get(f"/events?after={before}&wait=25"), 401, "invalid_key")


def test_a_page_is_one_statement_however_far_behind_the_reader_is(cast, django_assert_num_queries):
    for _ in range(3):
        f.dispensed(cast)
    for limit in (1, 100):
        with django_assert_num_queries(1):
            feed.page(cast.pharmacy.pk, 1, after=0, limit=limit)
