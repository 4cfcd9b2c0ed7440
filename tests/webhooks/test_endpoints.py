"""Making, changing, switching and removing endpoints; asking for what was missed. By API, as software does."""

from datetime import timedelta

import pytest
from django.db import transaction

from elmed.access import actors
from elmed.core.clock import real_now, rfc3339
from elmed.core.models import Mode
from elmed.events.models import Event
from elmed.events.record import record
from elmed.webhooks import endpoints
from elmed.webhooks.endpoints import Wanted
from elmed.webhooks.models import Delivery, Endpoint
from tests import factories as f
from tests.api.client import Api, refusal
from tests.api.conftest import make_key  # noqa: F401 - a fixture
from tests.webhooks.receiver import plainly
from tests.webhooks.test_delivery import send_all

SCOPES = ["rx:read", "rx:dispense", "webhooks:manage"]


@pytest.fixture
def api(make_key):  # noqa: F811
    return Api(make_key("pharmacist", *SCOPES)[1])


@pytest.fixture
def made(api, receiver):
    return api.post("/webhook-endpoints", {"url": receiver.url, "event_types": ["*"], "description": "Till"}).json()


def happens(cast):
    with transaction.atomic():
        record(actors.of_command(), "account.contact_changed", accounts=[cast.pharmacy.pk], at=real_now())


def test_made_listed_read(api, made, receiver):
    assert made["secret"].startswith("whsec_")
    assert (made["enabled"], made["mode"], made["off_reason"]) == (True, "live", None)
    bare = {name: value for name, value in made.items() if name != "secret"}
    assert api.get("/webhook-endpoints").json() == {"data": [bare]}
    assert api.get(f"/webhook-endpoints/{made['id']}").json() == bare


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"url": "https://10.0.0.1/x"}, "/url", "inward_address"),
        ({"url": "https://[::ffff:8.8.8.8]/"}, "/url", "inward_address"),
        ({"url": "https://a:b@8.8.8.8/"}, "/url", "invalid_url"),
        ({"url": "http://8.8.8.8/"}, "/url", "https_only"),
        ({"url": "ftp://8.8.8.8/"}, "/url", "https_only"),
        ({"url": ""}, "/url", "string_too_short"),
        ({}, "/url", "required"),
        ({"url": "https://8.8.8.8/", "event_types": []}, "/event_types", "too_short"),
        ({"url": "https://8.8.8.8/", "event_types": ["prescription.eaten"]}, "/event_types/0", "unknown_event_type"),
        ({"url": "https://8.8.8.8/", "event_types": ["*", "patient.created"]}, "/event_types/1", "not_readable"),
        ({"url": "https://8.8.8.8/", "secret": "x"}, "/secret", "unknown_field"),
    ],
)
def test_bad_input_makes_nothing(cast, api, body, pointer, code):
    before = Event.objects.count()
    errors = refusal(api.post("/webhook-endpoints", body), 422, "validation_failed")["errors"]
    assert (pointer, code) in [(one["pointer"], one["code"]) for one in errors]
    assert (Endpoint.objects.count(), Event.objects.count()) == (0, before)


def test_twenty_at_most(cast, api, receiver):
    for _ in range(20):
        assert api.post("/webhook-endpoints", {"url": receiver.url}).status_code == 201
    refusal(api.post("/webhook-endpoints", {"url": receiver.url}), 409, "too_many_endpoints")
    assert Endpoint.objects.count() == 20


def test_a_repeated_request_makes_one_and_tells_the_same_secret_which_is_not_kept_in_the_answer(cast, api, receiver):
    from elmed.api.models import IdempotencyRecord

    body, key = {"url": receiver.url}, {"Idempotency-Key": "mine"}
    first, second = (api.post("/webhook-endpoints", body, headers=key) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (Endpoint.objects.count(), second.status_code) == (1, 201)
    assert "whsec_" not in IdempotencyRecord.objects.get().body


def test_a_change_is_partial_and_judged(cast, api, made):
    path = f"/webhook-endpoints/{made['id']}"
    changed = api.call("PATCH", path, {"event_types": ["prescription.issued"]}).json()
    assert (changed["event_types"], changed["url"], changed["description"]) == (
        ["prescription.issued"], made["url"], "Till",
    )  # fmt: skip
    refusal(api.call("PATCH", path, {"url": "https://127.0.0.1/"}), 422, "validation_failed")
    assert api.get(path).json()["url"] == made["url"]


def test_off_and_on_again(cast, api, made, receiver):
    path = f"/webhook-endpoints/{made['id']}"
    happens(cast)
    off = api.call("PATCH", path, {"enabled": False}).json()
    assert (off["enabled"], off["off_reason"]) == (False, "by_hand")
    happens(cast)
    assert send_all() == []
    for call in ("test", "resend"):
        body = {"since": rfc3339(real_now() - timedelta(days=1))} if call == "resend" else None
        refusal(api.post(f"{path}/{call}", body), 409, "endpoint_off")
    api.call("PATCH", path, {"enabled": True})
    assert [one for one in send_all() if one] == []  # what happened meanwhile is not told by itself
    since = rfc3339(real_now() - timedelta(minutes=5))
    waiting = api.post(f"{path}/resend", {"since": since}).json()["waiting"]
    assert len(send_all()) == waiting >= 3
    assert api.post(f"{path}/resend", {"since": since}).json() == {"waiting": 0}
    again = api.post(f"{path}/resend", {"since": since, "delivered_too": True}).json()["waiting"]
    assert again == waiting
    send_all()
    ids = [one.headers["webhook-id"] for one in receiver.got]
    assert sorted(ids[:waiting]) == sorted(ids[waiting:])


@pytest.mark.parametrize("since", [timedelta(days=31), timedelta(days=-1)])
def test_since_is_of_the_last_thirty_days(cast, api, made, since):
    refusal(
        api.post(f"/webhook-endpoints/{made['id']}/resend", {"since": rfc3339(real_now() - since)}),
        422, "validation_failed",
    )  # fmt: skip
    assert not Delivery.objects.exists()


def test_the_log_and_sending_one_again(cast, api, made, receiver):
    receiver.answers = [plainly("500 Oh"), plainly("200 OK")]
    happens(cast)
    send_all()
    path = f"/webhook-endpoints/{made['id']}/deliveries"
    row = api.get(path).json()["data"][0]
    assert (row["state"], row["attempts"][0]["status"], row["attempts"][0]["error"]) == ("waiting", 500, "status")
    assert row["next_try_at"] > rfc3339(real_now())
    again = api.post(f"{path}/{row['id']}/resend").json()
    assert (again["resent"], again["state"]) == (1, "waiting")
    send_all()
    row = api.get(f"{path}/{row['id']}").json()
    assert (row["state"], [one["status"] for one in row["attempts"]]) == ("delivered", [500, 200])
    assert api.get(f"{path}?state=failed").json()["data"] == []
    assert [one["id"] for one in api.get(f"{path}?state=delivered").json()["data"]] == [row["id"]]


def test_the_log_in_pages(cast, api, made, receiver):
    for _ in range(5):
        happens(cast)
    send_all()
    path, seen, cursor = f"/webhook-endpoints/{made['id']}/deliveries?limit=2", [], ""
    while True:
        page = api.get(path + (f"&cursor={cursor}" if cursor else "")).json()
        seen += [one["id"] for one in page["data"]]
        if not page["has_more"]:
            break
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 5
    refusal(api.get(path + "&cursor=x"), 400, "invalid_cursor")


def test_a_test_message(cast, api, made, receiver):
    row = api.post(f"/webhook-endpoints/{made['id']}/test").json()
    send_all()
    assert receiver.got[0].headers["webhook-id"] == row["webhook_id"] == f"test_{row['id']}"
    assert b'"type":"webhook.test"' in receiver.got[0].body


def test_rolled_by_api(cast, api, made):
    rolled = api.post(f"/webhook-endpoints/{made['id']}/roll-secret").json()
    assert rolled["secret"] != made["secret"]
    assert rolled["old_secret_until"]


def test_removed_with_its_log(cast, api, made, receiver):
    happens(cast)
    send_all()
    assert api.call("DELETE", f"/webhook-endpoints/{made['id']}").status_code == 204
    assert (Endpoint.objects.count(), Delivery.objects.count()) == (0, 0)
    refusal(api.get(f"/webhook-endpoints/{made['id']}"), 404, "not_found")


def test_nobody_elses_and_not_of_another_world(cast, make_key, made):  # noqa: F811
    others = Api(make_key("other_pharmacist", *SCOPES)[1])
    in_test = Api(make_key("pharmacist", *SCOPES, mode=Mode.TEST)[1])
    for api in (others, in_test):
        assert api.get("/webhook-endpoints").json() == {"data": []}
        for method, path, body in (
            ("GET", "", None), ("PATCH", "", {"enabled": False}), ("DELETE", "", None), ("POST", "/roll-secret", None),
            ("GET", "/deliveries", None), ("POST", "/test", None), ("POST", "/resend", {"since": rfc3339(real_now())}),
            ("GET", "/deliveries/1", None), ("POST", "/deliveries/1/resend", None),
        ):  # fmt: skip
            refusal(api.call(method, f"/webhook-endpoints/{made['id']}{path}", body), 404, "not_found")
    assert Endpoint.objects.get().off == ""


def test_a_key_without_the_scope(cast, make_key, receiver):  # noqa: F811
    body = refusal(
        Api(make_key("pharmacist", "rx:read")[1]).post("/webhook-endpoints", {"url": receiver.url}),
        403, "insufficient_scope",
    )  # fmt: skip
    assert body["needed_scopes"] == ["webhooks:manage"]
    assert not Endpoint.objects.exists()


def test_what_the_makers_scopes_do_not_tell_is_not_sent(cast, make_key, receiver):  # noqa: F811
    api = Api(make_key("pharmacist", "webhooks:manage")[1])
    api.post("/webhook-endpoints", {"url": receiver.url})
    f.verified(cast)
    happens(cast)
    send_all()
    kinds = [one.body.split(b'"type":"')[1].split(b'"')[0] for one in receiver.got]
    assert kinds == [b"account.contact_changed"]


def test_a_key_that_redirects_an_endpoint_is_told_only_what_it_reads(cast, make_key, receiver):  # noqa: F811
    whole, _ = endpoints.make(cast.actor("pharmacist"), Wanted("https://8.8.8.8/hooks"))
    weak = Api(make_key("pharmacist", "webhooks:manage")[1])
    weak.call("PATCH", f"/webhook-endpoints/{whole.pk}", {"url": receiver.url})
    f.verified(cast)
    send_all()
    assert not any(b"prescription." in one.body for one in receiver.got)


def test_the_log_withholds_what_the_feed_withholds(cast, make_key, made):  # noqa: F811
    f.verified(cast)
    send_all()
    weak = Api(make_key("pharmacist", "webhooks:manage")[1])
    kinds = {one["type"] for one in weak.get(f"/webhook-endpoints/{made['id']}/deliveries").json()["data"]}
    assert "withheld" in kinds
    assert not any(kind.startswith("prescription.") for kind in kinds)


def test_one_whose_name_leads_nowhere_any_more_can_be_switched_off(cast, api, made):
    Endpoint.objects.update(url="https://10.0.0.1/gone")
    path = f"/webhook-endpoints/{made['id']}"
    assert api.call("PATCH", path, {"enabled": False}).json()["enabled"] is False
    assert api.call("DELETE", path).status_code == 204


def test_a_change_of_words_leaves_what_was_switched_off_meanwhile(cast, api, made):
    Endpoint.objects.update(off="gone")
    changed = api.call("PATCH", f"/webhook-endpoints/{made['id']}", {"description": "Other"}).json()
    assert (changed["off_reason"], changed["description"]) == ("gone", "Other")
