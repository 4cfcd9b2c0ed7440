"""A developer's first day in the portal: from each page one click leads on, to the test world and not past it."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from elmed.accounts.actions import register
from elmed.accounts.models import Account, AccountKind, AccountState, Role
from elmed.core.clock import real_now
from elmed.events.models import EventListing
from elmed.prescriptions.models import Prescription
from elmed.webhooks import address
from elmed.webhooks.models import Delivery, Endpoint
from tests.cast import newcomer
from tests.portals.test_test_data import play, switch, text


@pytest.fixture
def developer(cast, sign_in):
    """A developer who has just joined, and looks at live data."""
    cast.people["dev"] = newcomer("dev")
    register(
        kind=AccountKind.DEVELOPER, name="Tillwork", person=cast.people["dev"], roles=[Role.DEVELOPER], now=real_now(),
        state=AccountState.VERIFIED,
    )  # fmt: skip
    return sign_in("dev")


def once(page):
    return re.search(r'name="once" value="([^"]+)"', page)[1]


def test_the_first_page_leads_to_the_quickstart_and_the_test_world(developer):
    page = text(developer.get(reverse("home"), follow=True))
    assert reverse("help_quickstart") in page
    assert reverse("test_world") in page
    assert reverse("test_world") in text(developer.get(reverse("settings")))


def test_a_new_test_key_says_what_comes_next(developer):
    page = text(developer.get(reverse("api_key_new")))
    form = {"once": once(page), "name": "first", "mode": "test", "scopes": ["rx:read"], "lifetime": ""}
    made = text(developer.post(reverse("api_key_new"), form))
    assert "elm_test_" in made
    assert f"{reverse('help_quickstart')}#hello" in made
    assert reverse("test_world") in made


@pytest.mark.parametrize("state", [AccountState.PENDING, AccountState.REJECTED, AccountState.LAPSED])
def test_before_the_licence_is_verified_the_key_leads_to_the_test_world_too(cast, sign_in, state):
    """What the page of a new test key and the settings offer opens, and leads on to a scenario."""
    Account.objects.filter(pk=cast.doctor.pk).update(state=state)
    doctor = sign_in("doctor")
    form = {
        "once": once(text(doctor.get(reverse("api_key_new")))),
        "name": "first",
        "mode": "test",
        "scopes": ["rx:read"],
    }
    assert f'href="{reverse("test_world")}"' in text(doctor.post(reverse("api_key_new"), form))
    for name in ("test_world", "test_world_prescriptions", "test_world_clock"):
        page = doctor.get(reverse(name), follow=True)
        assert page.status_code == 200, name
        assert "View test data" in text(page)
    switch(doctor)
    assert "Played" in text(play(doctor, "verified"))
    switch(doctor, "live")
    before = Prescription.objects.count()
    assert doctor.post(reverse("test_world_play"), {"name": "verified", "once": "x"}).status_code == 403
    assert doctor.post(reverse("test_world_empty"), {"once": "x"}).status_code == 403
    assert Prescription.objects.count() == before == 1


def test_a_suspended_account_is_not_let_into_the_test_world(cast, sign_in):
    doctor = sign_in("doctor")
    Account.objects.filter(pk=cast.doctor.pk).update(state=AccountState.SUSPENDED)
    assert doctor.get(reverse("test_world")).status_code == 403


def test_live_it_is_not_told_of_data_that_a_developer_has_not(developer):
    page = text(developer.get(reverse("test_world")))
    assert "You look at live data now" not in page
    assert "Everything that your test keys do happens in a test world" in page
    switch(developer)
    assert "Everything that your test keys do" not in text(developer.get(reverse("test_world")))


def test_a_pharmacy_is_told_that_it_looks_at_live_data(cast, sign_in):
    assert "You look at live data now" in text(sign_in("pharmacist").get(reverse("test_world")))


def test_from_the_webhooks_of_the_account_one_click_leads_to_those_of_the_test_data(developer):
    page = text(developer.get(reverse("webhooks")))
    assert "would hear of the account itself alone" in page
    answer = developer.post(reverse("test_data"), {"view": "test", "then": "webhooks"})
    assert answer["Location"] == reverse("webhooks")
    page = text(developer.get(reverse("webhooks")))
    assert "TEST DATA" in page
    assert "would hear of the account itself alone" not in page


@pytest.mark.parametrize("then", ["https://example.org/", "//example.org", "api_keys", ""])
def test_the_switch_leads_nowhere_else(developer, then):
    assert developer.post(reverse("test_data"), {"view": "test", "then": then})["Location"] == reverse("test_world")


def test_a_pharmacys_own_webhooks_are_not_warned_of(cast, sign_in):
    assert "would hear of the account itself alone" not in text(sign_in("owner").get(reverse("webhooks")))


def told(endpoint):
    """The webhook told of the last check there was."""
    listed = EventListing.objects.filter(event__type="prescription.verified", account=endpoint.account).latest("pk")
    now = real_now()
    Delivery.objects.create(
        endpoint=endpoint, event=listed.event, sequence=listed.sequence, type=listed.event.type, created_at=now, due_at=now,
    )  # fmt: skip
    return listed


def test_of_what_a_webhook_told_only_what_is_still_seen_is_a_link(cast, sign_in, monkeypatch):
    """A prescription that the pharmacy gave back is not its own any more."""
    monkeypatch.setattr(address, "_resolve", lambda _host, _port: ["93.184.215.14"])
    pharmacist = sign_in("pharmacist")
    switch(pharmacist)
    form = {
        "url": "https://example.com/elmed",
        "which": "all",
        "once": once(text(pharmacist.get(reverse("webhook_new")))),
    }
    pharmacist.post(reverse("webhook_new"), form)
    endpoint, asked = Endpoint.objects.get(), []
    for _ in range(2):  # one statement for all of them
        play(pharmacist, "returned")
        gone = told(endpoint).event.prescription_id
        play(pharmacist, "verified")
        seen = told(endpoint).event.prescription_id
        with CaptureQueriesContext(connection) as caught:
            page = text(pharmacist.get(reverse("webhook", args=[endpoint.pk])))
        asked.append(len(caught))
        for number, links in ((gone, False), (seen, True)):
            to = reverse("test_world_prescription", args=[number])
            assert f"prescription {number}" in page
            assert (f'href="{to}"' in page) is links
            assert pharmacist.get(to).status_code == (200 if links else 404)
    assert asked[0] == asked[1] <= 12


def test_a_webhook_of_the_test_data_leads_to_what_it_was_told_of(developer, monkeypatch):
    monkeypatch.setattr(address, "_resolve", lambda _host, _port: ["93.184.215.14"])
    switch(developer)
    page = text(developer.get(reverse("webhook_new")))
    developer.post(reverse("webhook_new"), {"url": "https://example.com/elmed", "which": "all", "once": once(page)})
    endpoint = Endpoint.objects.get()
    assert endpoint.world_id == Account.objects.get(name="Tillwork").test_world_id
    page = text(developer.get(reverse("webhook", args=[endpoint.pk])))
    assert "Play a scenario: what happens in it is sent" in page
    play(developer, "verified")
    listed = told(endpoint)
    page = text(developer.get(reverse("webhook", args=[endpoint.pk])))
    to = reverse("test_world_prescription", args=[listed.event.prescription_id])
    assert f'href="{to}"' in page
    assert developer.get(to).status_code == 200
