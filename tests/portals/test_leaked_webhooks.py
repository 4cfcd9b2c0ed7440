# ruff: noqa: F811
"""What a leaked key made stops with it; and whoever may not act any more can still switch off what tells others."""

from dataclasses import replace

import pytest
from django.urls import reverse

from elmed.access import keys, leaks
from elmed.accounts.models import Account, AccountState
from elmed.core.models import Mode
from elmed.core.refusals import NotAllowed
from elmed.events.models import Event
from elmed.notifications.models import Mail
from elmed.webhooks import endpoints
from elmed.webhooks.endpoints import Change, Wanted, stop_touched_by
from elmed.webhooks.models import Delivery, Endpoint, State, Why
from tests.api.client import Api, refusal
from tests.api.conftest import make_key  # noqa: F401 - a fixture

SCOPES = ["rx:read", "webhooks:manage"]
URL = "https://8.8.8.8/elmed"


def of_key(make_key, *, mode=Mode.LIVE) -> tuple:
    key, secret = make_key("pharmacist", *SCOPES, mode=mode)
    made = Api(secret).post("/webhook-endpoints", {"url": URL, "event_types": ["*"]})
    assert made.status_code == 201
    return key, secret, Endpoint.objects.get(pk=made.json()["id"])


def is_off(row: Endpoint) -> str:
    row.refresh_from_db()
    return row.off


@pytest.mark.parametrize("mode", list(Mode))
def test_a_reported_key_takes_what_it_made_with_it_and_nothing_else(cast, make_key, mode):
    _, secret, row = of_key(make_key, mode=mode)
    _, other_secret, other = of_key(make_key, mode=mode)
    by_hand, _ = endpoints.make(cast.actor("owner"), Wanted(URL))
    waiting = Delivery.objects.create(
        endpoint=row, type="webhook.test", created_at=row.created_at, due_at=row.created_at
    )
    assert leaks.report(secret, stop=stop_touched_by) is not None
    assert (is_off(row), is_off(other), is_off(by_hand)) == (Why.LEAKED, "", "")
    waiting.refresh_from_db()
    assert waiting.state == State.FAILED
    paused = Event.objects.get(type="webhook.paused")
    assert (paused.data, paused.world_id) == ({"endpoint_id": row.pk}, row.world_id)
    for mail in Mail.objects.filter(template="key_leaked"):
        assert mail.context["webhooks"] == "8.8.8.8"
    shown = Api(other_secret).get(f"/webhook-endpoints/{row.pk}").json()
    assert (shown["enabled"], shown["off_reason"], shown["created_by_key_id"]) == (
        False,
        "leaked",
        row.created_by_key_id,
    )


def test_the_report_over_http_does_so(cast, make_key):
    _, secret, row = of_key(make_key)
    report = Api().client.post("/api/public/v1/keys/report-leak", {"key": secret}, content_type="application/json")
    assert (report.status_code, is_off(row)) == (202, Why.LEAKED)


def test_a_key_that_made_none_is_told_of_without_them(cast, make_key):
    _, secret = make_key("pharmacist", "rx:read")
    leaks.report(secret, stop=stop_touched_by)
    assert {mail.context["webhooks"] for mail in Mail.objects.filter(template="key_leaked")} == {""}
    assert not Event.objects.filter(type="webhook.paused").exists()


def test_its_people_look_and_switch_it_on_again(cast, make_key):
    _, secret, row = of_key(make_key)
    leaks.report(secret, stop=stop_touched_by)
    endpoints.change(cast.actor("owner"), row.pk, Change(on=True))
    assert is_off(row) == ""


@pytest.mark.parametrize(("leaked", "off"), [("1", Why.LEAKED), ("", "")])
def test_its_people_say_whether_it_leaked(cast, make_key, sign_in, leaked, off):
    key, _, row = of_key(make_key)
    browser, url = sign_in("owner"), reverse("api_key_revoke", args=[key.pk])
    assert "8.8.8.8" in browser.get(url).content.decode()
    assert browser.post(url, {"leaked": leaked}).status_code == 302
    assert is_off(row) == off
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert ("reason" in Event.objects.get(type="key.revoked").data) == bool(leaked)
    text = browser.get(reverse("webhooks")).content.decode()
    assert key.name in text.replace("&#x27;", "'") and key.hint in text and "revoked" in text


def test_staff_say_it_too_and_the_mail_names_what_stopped(cast, make_key, sign_in):
    key, _, row = of_key(make_key)
    url = reverse("staff_key_revoke", args=[cast.pharmacy.pk, key.pk])
    sign_in("staff").post(url, {"reason": "Found in a public repository", "leaked": "1"})
    assert is_off(row) == Why.LEAKED
    assert {mail.context["webhooks"] for mail in Mail.objects.filter(template="key_revoked")} == {"8.8.8.8"}


def test_a_refused_revocation_stops_nothing(cast, make_key, sign_in):
    key, _, row = of_key(make_key)
    url = reverse("staff_key_revoke", args=[cast.pharmacy.pk, key.pk])
    sign_in("staff").post(url, {"reason": "", "leaked": "1"})
    key.refresh_from_db()
    assert (key.revoked_at, is_off(row)) == (None, "")


@pytest.mark.parametrize("state", [AccountState.LAPSED, AccountState.SUSPENDED])
def test_an_account_that_may_not_act_takes_away_and_makes_nothing(cast, make_key, sign_in, state):
    _, secret, row = of_key(make_key)
    gone, _ = endpoints.make(cast.actor("owner"), Wanted(URL))
    Account.objects.filter(pk=cast.pharmacy.pk).update(state=state)
    browser = sign_in("owner")
    assert reverse("webhooks") in browser.get(reverse("settings")).content.decode()
    assert reverse("webhook_new") not in browser.get(reverse("webhooks")).content.decode()
    for name, args in (("webhooks", []), ("webhook", [row.pk]), ("webhook_remove", [row.pk])):
        assert browser.get(reverse(name, args=args)).status_code == 200, name
    before = Endpoint.objects.count()
    assert browser.post(reverse("webhook_switch", args=[row.pk])).status_code == 302
    assert is_off(row) == Why.BY_HAND
    assert browser.post(reverse("webhook_switch", args=[row.pk]), {"on": "1"}).status_code == 403
    assert is_off(row) == Why.BY_HAND
    for name in ("webhook_new", "webhook_change", "webhook_roll", "webhook_test"):
        url = reverse(name, args=[] if name == "webhook_new" else [row.pk])
        assert browser.post(url, {"url": URL, "which": "all"}).status_code == 403, name
    assert Endpoint.objects.count() == before
    assert browser.post(reverse("webhook_remove", args=[gone.pk])).status_code == 302
    assert not Endpoint.objects.filter(pk=gone.pk).exists()
    assert Api(secret).call("DELETE", f"/webhook-endpoints/{row.pk}").status_code == 403, "its keys stay stopped"
    assert Endpoint.objects.filter(pk=row.pk).exists()


def test_a_technician_does_not_because_the_account_may_not_act(cast, make_key, sign_in):
    _, _, row = of_key(make_key)
    Account.objects.filter(pk=cast.pharmacy.pk).update(state=AccountState.SUSPENDED)
    browser = sign_in("technician")
    assert browser.post(reverse("webhook_switch", args=[row.pk])).status_code == 403
    with pytest.raises(NotAllowed):
        endpoints.remove(cast.actor("technician"), row.pk)
    assert is_off(row) == ""


def test_the_act_itself_keeps_a_key_of_such_an_account_out(cast, make_key):
    _, _, row = of_key(make_key)
    Account.objects.filter(pk=cast.pharmacy.pk).update(state=AccountState.SUSPENDED)
    actor = replace(cast.actor("owner"), key_id=row.created_by_key_id)
    with pytest.raises(NotAllowed):
        endpoints.change(actor, row.pk, Change(on=False))
    assert is_off(row) == ""


@pytest.mark.parametrize("turn", ["url", "types", "secret", "on"])
def test_what_the_leaked_key_turned_is_off_too_whoever_made_it(cast, make_key, turn):
    _, _, row = of_key(make_key)
    _, secret = make_key("pharmacist", *SCOPES)
    api, path = Api(secret), f"/webhook-endpoints/{row.pk}"
    if turn == "on":
        endpoints.change(cast.actor("owner"), row.pk, Change(on=False))
    asked = {
        "url": {"url": "https://9.9.9.9/x"},
        "types": {"event_types": ["prescription.issued"]},
        "on": {"enabled": True},
    }
    answer = api.post(f"{path}/roll-secret") if turn == "secret" else api.call("PATCH", path, asked[turn])
    assert answer.status_code == 200
    leaks.report(secret, stop=stop_touched_by)
    assert is_off(row) == Why.LEAKED


def test_a_key_that_only_read_or_described_it_leaves_it_on(cast, make_key):
    _, _, row = of_key(make_key)
    _, secret = make_key("pharmacist", *SCOPES)
    api, path = Api(secret), f"/webhook-endpoints/{row.pk}"
    api.get(path)
    api.call("PATCH", path, {"description": "Till"})
    leaks.report(secret, stop=stop_touched_by)
    assert is_off(row) == ""


def test_a_key_that_had_ended_before_it_was_found_takes_them_too(cast, make_key):
    key, secret, row = of_key(make_key)
    keys.revoke(cast.actor("owner"), key.pk)
    assert is_off(row) == ""
    told = Mail.objects.filter(template="key_leaked")
    for _ in range(2):
        leaks.report(secret, stop=stop_touched_by)
        assert (is_off(row), {mail.context["webhooks"] for mail in told}) == (Why.LEAKED, {"8.8.8.8"})
    assert told.count() == len(set(told.values_list("to", flat=True))), "each once"


def test_a_key_that_ended_while_a_name_was_asked_for_makes_and_turns_nothing(cast, make_key, monkeypatch):
    _, secret, row = of_key(make_key)
    before = Endpoint.objects.count()
    monkeypatch.setattr(endpoints, "require_reachable", lambda _url: leaks.report(secret, stop=stop_touched_by))
    answer = Api(secret).post("/webhook-endpoints", {"url": "https://9.9.9.9/x"})
    refusal(answer, 403, "permission_denied")
    assert (Endpoint.objects.count(), is_off(row)) == (before, Why.LEAKED)
