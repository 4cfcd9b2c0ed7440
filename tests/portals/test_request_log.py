"""Settings → Request log: one's own requests and webhooks, found by what stands in the address; nobody else's."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from elmed.access import keys
from elmed.access.models import ApiKey
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.request_log.models import LoggedRequest
from elmed.webhooks import endpoints, resend
from elmed.webhooks.endpoints import Wanted
from tests import factories as f
from tests.api.client import Api

URL = "/settings/request-log"


def key_of(cast, who="pharmacist", *, mode=Mode.LIVE, name="Till"):
    return keys.create(cast.actor(who), name=name, scopes=["rx:read"], mode=mode)


def shown(browser, query="") -> str:
    answer = browser.get(f"{URL}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def row(key, **fields) -> LoggedRequest:
    """A row as write.py would have left it."""
    values = {
        "at": real_now(), "key": key, "account_id": key.account_id, "world_id": 1, "method": "GET", "route": "/me",
        "path": "/me", "status": 200, "milliseconds": 3, "request_id": "req_0", "address": "203.0.113.7",
    }  # fmt: skip
    return LoggedRequest.objects.create(**values | fields)


def paths(page: str) -> list[str]:
    return re.findall(r'<summary><bdi dir="ltr" class="text-break">\w+ ([^<]+)</bdi>', page)


@pytest.fixture
def pharmacist(sign_in):
    return sign_in("pharmacist")


def test_what_a_key_did_is_there_with_its_error_and_a_line_for_curl(cast, pharmacist, request_log):
    _, secret = key_of(cast)
    rx = f.verified(cast)
    assert "No key was used" in shown(pharmacist)
    api = Api(secret)
    api.get("/prescriptions?limit=7&status=verified")
    missing = api.get("/prescriptions/987654321").json()
    api.post(f"/prescriptions/{rx.pk}/dispense", {"lines": []})
    request_log()
    page = shown(pharmacist)
    assert paths(page) == [f"/prescriptions/{rx.pk}/dispense", "/prescriptions/987654321", "/prescriptions"]
    assert missing["request_id"] in page
    assert "limit, status" in page
    assert "=7" not in page
    assert f"{reverse('help_errors')}#not_found" in page
    assert f"{reverse('help_errors')}#insufficient_scope" in page
    assert "$ELMED_KEY" in page
    assert secret not in page
    assert "127.0.0.1" in page
    assert f"/api/public/v1/prescriptions/{rx.pk}/dispense&#x27;" in page


def test_filters_stand_in_the_address(cast, pharmacist):
    key, other = key_of(cast)[0], key_of(cast, name="Shop")[0]
    now = real_now()
    row(key, path="/products", method="GET")
    row(key, path="/sales", method="POST", status=422, code="validation_failed", request_id="req_wanted")
    row(other, path="/events", status=500, code="internal_error", at=now - timedelta(days=10))
    assert set(paths(shown(pharmacist))) == {"/products", "/sales"}
    for query, expected in {
        "?since=30d": {"/products", "/sales", "/events"}, f"?since=30d&key={other.pk}": {"/events"},
        "?since=30d&answer=5xx": {"/events"}, "?since=30d&answer=errors": {"/sales", "/events"}, "?answer=2xx": {"/products"},
        "?method=POST": {"/sales"}, "?path=prod": {"/products"}, "?code=validation_failed": {"/sales"},
        "?path=https://x/api/public/v1/sales?limit=3": {"/sales"}, "?request_id=req_wanted": {"/sales"},
        "?since=30d&code=internal_error": {"/events"}, "?kind=webhooks": set(), "?method=DELETE": set(),
    }.items():  # fmt: skip
        assert set(paths(shown(pharmacist, query))) == expected, query


@pytest.mark.parametrize(
    "query",
    ["?since=forever", "?key=abc", "?answer=9xx", "?before=x", "?before=20261128T220000.000000r", "?path=%00", "?mode=x",
     "?key=999999", "?before=99999999T999999.999999r1", "?code=" + "x" * 500],
)  # fmt: skip
def test_nonsense_in_the_address_is_no_fault(cast, pharmacist, query):
    row(key_of(cast)[0])
    assert pharmacist.get(URL + query).status_code in (200, 422)


def test_errors_are_grouped_with_a_way_to_the_reference(cast, pharmacist):
    key = key_of(cast)[0]
    for status, code, times in ((404, "not_found", 3), (409, "expired", 1)):
        for _ in range(times):
            row(key, status=status, code=code)
    page = shown(pharmacist)
    groups = re.findall(r'code=(\w+)"><bdi dir="ltr">\w+</bdi>.*?How often">(\d+)<.*?href="([^"]+)"', page)
    assert groups == [
        ("not_found", "3", f"{reverse('help_errors')}#not_found"), ("expired", "1", f"{reverse('help_errors')}#expired"),
    ]  # fmt: skip


def test_webhooks_stand_in_the_same_time_line_and_pages_lose_nothing(cast, pharmacist):
    key = key_of(cast)[0]
    hook, _ = endpoints.make(cast.actor("pharmacist"), Wanted("https://8.8.8.8/hooks"))
    now = real_now()
    for number in range(60):  # some at the same moment
        row(key, path=f"/prescriptions/{number + 1}", at=now - timedelta(seconds=number // 2))
    for _ in range(3):
        resend.send_test(cast.actor("pharmacist"), hook.pk)
    first = shown(pharmacist)
    assert first.count("webhook.test") >= 3
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = pharmacist.get(older).content.decode()
    assert len(paths(first)) + len(paths(second)) == 60
    assert set(paths(first)) | set(paths(second)) == {f"/prescriptions/{number + 1}" for number in range(60)}
    assert 'rel="next"' not in second
    assert "webhook.test" not in shown(pharmacist, "?kind=requests")


def test_a_webhooks_page_is_led_to_only_who_may_open_it(cast, sign_in):
    made, _ = endpoints.make(cast.actor("owner"), Wanted("https://8.8.8.8/", ("*",)))
    resend.send_test(cast.actor("owner"), made.pk)
    url = reverse("webhook", args=[made.pk])
    for who, opens in (("owner", True), ("technician", False)):
        browser = sign_in(who)
        page = shown(browser)
        assert "https://8.8.8.8/" in page
        assert (url in page) is opens
        assert browser.get(url).status_code == (200 if opens else 403)


def test_utc_and_local(cast, pharmacist):
    row(key_of(cast)[0], at=real_now().replace(hour=0, minute=5, second=9))
    assert "00:05:09" in shown(pharmacist, "?time=utc")
    assert 'time=utc"' in shown(pharmacist)


def test_nobody_sees_anothers_nor_another_world(cast, sign_in, pharmacist):
    row(key_of(cast)[0], path="/mine")
    row(key_of(cast, "other_pharmacist")[0], path="/theirs", request_id="req_theirs")
    test_key = key_of(cast, mode=Mode.TEST)[0]
    row(test_key, path="/tried", world_id=test_key.account.test_world_id)
    theirs = ApiKey.objects.exclude(account_id=test_key.account_id).get()
    foreign_test = key_of(cast, "other_pharmacist", mode=Mode.TEST)[0]
    row(foreign_test, path="/their-try", world_id=foreign_test.account.test_world_id)
    assert paths(shown(pharmacist)) == ["/mine"]
    assert paths(shown(pharmacist, "?request_id=req_theirs")) == []
    assert "/theirs" not in pharmacist.get(f"{URL}?key={theirs.pk}").content.decode()
    assert paths(shown(pharmacist, "?mode=test")) == ["/tried"]
    assert paths(shown(pharmacist, f"?key={test_key.pk}")) == ["/tried"]
    assert paths(shown(sign_in("technician"))) == ["/mine"]
    assert sign_in("patient").get(URL).status_code == 403


def test_statements_do_not_grow_with_rows(cast, pharmacist):
    key = key_of(cast)[0]
    hook, _ = endpoints.make(cast.actor("pharmacist"), Wanted("https://8.8.8.8/hooks"))
    counts = []
    for many in (1, 30):
        for number in range(many):
            row(key, status=404, code=f"code_{number}")
            resend.send_test(cast.actor("pharmacist"), hook.pk)
        with CaptureQueriesContext(connection) as caught:
            shown(pharmacist)
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 12, [one["sql"][:90] for one in caught.captured_queries]


def test_the_keys_page_says_which_scopes_are_not_used(cast, pharmacist, request_log):
    key, secret = keys.create(
        cast.actor("pharmacist"), name="Till", scopes=["rx:read", "patient:read", "webhooks:manage"], mode=Mode.LIVE
    )
    page = pharmacist.get(reverse("api_keys")).content.decode()
    assert "not used in 30 days" not in page
    Api(secret).get("/prescriptions")
    Api(secret).get("/patients/987654321")  # not there, but the scope was needed
    request_log()
    page = pharmacist.get(reverse("api_keys")).content.decode()
    assert re.search(r"not used in 30 days:\s*<bdi[^>]*>webhooks:manage</bdi>", page)
    assert f"{URL}?key={key.pk}&amp;since=30d" in page
