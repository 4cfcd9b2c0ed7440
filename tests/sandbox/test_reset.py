"""Emptying a test world: nothing of it is left, numbers go on, and every other world is as it was."""

import pytest
from django.apps import apps
from django.db.models import ForeignKey

from elmed.accounts.models import Account
from elmed.api.models import IdempotencyRecord
from elmed.core.clock import real_now
from elmed.core.models import World
from elmed.events.models import EventCounter
from elmed.sandbox.reset import EMPTIED
from elmed.webhooks.fan_out import fan_out
from elmed.webhooks.models import Delivery, Endpoint
from tests import factories as f
from tests.api.client import Api, refusal
from tests.api.shop import all_there_is
from tests.sandbox.test_scenarios import play

# Models of our own that are of a world, or belong to something that is, and are not emptied.
KEPT = {
    "accounts.Account": "the account itself, and the synthetic ones", "accounts.Membership": "of accounts",
    "accounts.Document": "of accounts", "accounts.NameCorrection": "of accounts", "accounts.Message": "of accounts", "accounts.Renewal": "of accounts",
    "accounts.Invitation": "of accounts", "access.ApiKey": "of accounts", "access.RateWindow": "real time, of a key",
    "access.LimitRequest": "of a key", "request_log.ScopeUse": "of a key", "events.EventCounter": "numbers go on",
    "webhooks.Endpoint": "a setting",
}  # fmt: skip


def of_a_world():
    """Every model of ours from which a chain of foreign keys leads to World, or that keeps an account's rows."""
    reached = {"core.World"}
    while True:
        more = {
            model._meta.label
            for model in apps.get_models()
            if model.__module__.startswith("elmed.")
            for field in model._meta.fields
            if isinstance(field, ForeignKey) and field.related_model._meta.label in reached
        }
        if more <= reached:
            return reached - {"core.World"}
        reached |= more


def test_every_model_of_a_world_is_emptied_or_kept_by_name():
    assert of_a_world() == set(EMPTIED) | set(KEPT)
    assert not set(EMPTIED) & set(KEPT)


def rows(world_id):
    return {
        label: count
        for label, way in EMPTIED.items()
        if (count := apps.get_model(label)._default_manager.filter(**{way: world_id}).count())
    }


@pytest.fixture
def lived_in(till):
    """A world in which something of nearly everything happened."""
    for name in ("partial", "replaced", "reserved", "cancel_race", "returned", "wrong_dob", "dispensed"):
        told = play(till, name)
    rx = told["prescriptions"][0]["id"]
    till.post(f"/sandbox/prescriptions/{rx}/act", {"act": "reverse"}, headers={"Idempotency-Key": "kept"})
    till.post(
        "/prescriptions/check",
        {"reference": "x", "date_of_birth": "2000-01-01", "lines": [{"sku": "a", "quantity": "1"}]},
    )
    till.post("/webhook-endpoints", {"url": "https://8.8.8.8/hooks"})
    play(till, "verified")
    fan_out(real_now())
    till.post("/sandbox/clock/advance", {"days": 3})
    return till


def test_nothing_is_left_and_the_numbers_go_on(cast, lived_in, practice):
    f.verified(cast)
    play(practice, "verified")
    world = Account.objects.get(pk=cast.pharmacy.pk).test_world_id
    lived = rows(world)
    assert len(lived) >= 19, lived
    others = {pk: rows(pk) for pk in World.objects.exclude(pk=world).values_list("pk", flat=True)}
    last = EventCounter.objects.get(account=cast.pharmacy, world_id=world).last
    sent = Delivery.objects.count()
    assert sent > 0
    answer = lived_in.post("/sandbox/reset")
    assert answer.status_code == 200
    assert rows(world) == {"events.EventListing": 1, "events.Event": 1}
    assert {pk: rows(pk) for pk in others} == others
    assert World.objects.get(pk=world).clock_offset_seconds == 0
    assert lived_in.get("/prescriptions").json()["data"] == []
    assert lived_in.get("/products").json()["data"] == []
    feed = lived_in.get(f"/events?after={last}").json()["data"]
    assert [(one["type"], one["sequence"]) for one in feed] == [("sandbox.reset", last + 1)]
    assert [one["type"] for one in lived_in.get("/events").json()["data"]] == ["sandbox.reset"]
    refusal(lived_in.get("/events?after=1"), 410, "events_expired")
    endpoint = Endpoint.objects.get()
    assert endpoint.position == last
    fan_out(real_now())
    assert list(Delivery.objects.values_list("type", flat=True)) == ["sandbox.reset"]
    assert play(lived_in, "verified")["prescriptions"][0]["status"] == "verified"


def test_a_repeated_request_is_answered_again_and_empties_once(lived_in):
    for _ in range(2):
        assert lived_in.post("/sandbox/reset", headers={"Idempotency-Key": "empty"}).status_code == 200
        play(lived_in, "verified")
    assert len(lived_in.get("/prescriptions").json()["data"]) == 2
    assert IdempotencyRecord.objects.get().key == "empty"


def test_a_live_key_empties_nothing(cast, make_key):
    f.verified(cast)
    live = Api(make_key("pharmacist", "rx:read", "rx:dispense")[1])
    before = all_there_is()
    refusal(live.post("/sandbox/reset"), 403, "test_key_required")
    assert all_there_is() == before


def test_a_dry_run_empties_nothing(lived_in):
    before = all_there_is()
    assert lived_in.post("/sandbox/reset?dry_run=true").status_code == 200
    assert all_there_is() == before


def test_of_an_empty_world(till):
    assert till.post("/sandbox/reset").status_code == 200
