"""What is noted of a request, answered or refused; what never is: values, bodies, whose key nobody knows."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from elmed.access.keys import _new_secret
from elmed.access.models import ApiKey
from elmed.api import noting
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.jobs.periodic import PERIODIC
from elmed.request_log import collect
from elmed.request_log.collect import CHEAP_A_MINUTE, Collector, collector
from elmed.request_log.models import LoggedRequest, ScopeUse
from elmed.request_log.note import parameter_names, shown_path
from tests import factories as f
from tests.api.client import Api


def test_a_read_with_everything_but_its_values(cast, make_key, request_log):
    key, secret = make_key("pharmacist", "rx:read")
    rx = f.verified(cast)
    answer = Api(secret).get("/prescriptions?limit=5&updated_since=2026-11-22T10:15:00Z", REMOTE_ADDR="203.0.113.7")
    Api(secret).call("HEAD", f"/prescriptions/{rx.pk}")
    first, second = request_log()
    assert (first.key_id, first.account_id, first.world_id) == (key.pk, cast.pharmacy.pk, 1)
    assert (first.method, first.route, first.path) == ("GET", "/prescriptions", "/prescriptions")
    assert (first.parameters, first.status, first.code) == ("limit, updated_since", 200, "")
    assert (first.request_id, first.address) == (answer.headers["X-Request-Id"], "203.0.113.7")
    assert real_now() - timedelta(minutes=1) < first.at < real_now()
    assert (second.method, second.route, second.path) == ("HEAD", "/prescriptions/{id}", f"/prescriptions/{rx.pk}")


def test_refusals_are_noted_with_their_code(cast, make_key, request_log):
    key, secret = make_key("pharmacist", "rx:read")
    api = Api(secret)
    api.get("/prescriptions?order=1")
    api.get("/patients/1")
    api.get("/prescriptions/987654321")
    api.call("PUT", "/me")
    api.get("/prescription/5")
    api.post("/prescriptions/987654321/dispense", b"{", headers={})
    rows = request_log()
    assert {row.key_id for row in rows} == {key.pk}
    assert [(row.status, row.code, row.route, row.path) for row in rows] == [
        (400, "invalid_parameter", "/prescriptions", "/prescriptions"),
        (403, "insufficient_scope", "/patients/{id}", "/patients/1"),
        (404, "not_found", "/prescriptions/{id}", "/prescriptions/987654321"),
        (405, "method_not_allowed", "/me", "/me"),
        (404, "not_found", "", "/…/5"),
        (400, "malformed_body", "/prescriptions/{id}/dispense", "/prescriptions/987654321/dispense"),
    ]


def test_a_key_that_ended_is_still_known(cast, make_key, request_log):
    hour = timedelta(hours=1)
    for column, mode in (("revoked_at", Mode.LIVE), ("expires_at", Mode.TEST)):
        key, secret = make_key("pharmacist", "rx:read", mode=mode)
        ApiKey.objects.filter(pk=key.pk).update(**{column: real_now() - hour})
        Api(secret).get("/me")
    live, test = request_log()
    assert (live.status, live.code, live.account_id, live.world_id) == (401, "invalid_key", cast.pharmacy.pk, 1)
    cast.pharmacy.refresh_from_db()
    assert (test.status, test.world_id) == (401, cast.pharmacy.test_world_id)
    assert not ScopeUse.objects.exists()


def test_whose_key_nobody_knows_is_not_noted(cast, request_log):
    for secret in (None, "elm_nonsense", _new_secret(Mode.LIVE)):
        Api(secret).get("/me")
    assert request_log() == []


def test_the_used_up_minute_is_noted_and_not_without_end(cast, make_key, request_log):
    key, secret = make_key("pharmacist", "rx:read")
    ApiKey.objects.filter(pk=key.pk).update(requests_per_minute=1)
    for _ in range(CHEAP_A_MINUTE + 20):
        Api(secret).get("/me")
    rows = request_log()
    assert [row.status for row in rows[:3]] == [200, 429, 429]
    assert sum(row.code == "rate_limited" for row in rows) <= CHEAP_A_MINUTE + 1  # a minute may have ended meanwhile


def test_a_fault_of_ours_is_noted(cast, make_key, request_log, monkeypatch):
    _, secret = make_key("pharmacist", "rx:read")

    def broken(*_args, **_more):
        raise RuntimeError("broken")

    monkeypatch.setattr("elmed.api.endpoint.policy.require", broken)
    assert Api(secret).get("/me").status_code == 500
    assert [(row.status, row.code) for row in request_log()] == [(500, "internal_error")]


def test_a_fault_of_the_log_is_nobody_elses(cast, make_key, request_log, monkeypatch, caplog):
    _, secret = make_key("pharmacist", "rx:read")

    def broken(_note):
        raise RuntimeError("broken")

    monkeypatch.setattr(noting.collector, "note", broken)
    assert Api(secret).get("/me").status_code == 200
    assert "missing in the request log" in caplog.text
    assert request_log() == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ""), ("limit=5&cursor=abc", "limit, cursor"), ("limit=5&limit=6", "limit"), ("Meier", "…"), ("Meier=1&=x", "Meier, …"),
        ("a%20b=1", "…"), ("%00=1", "…"), ("x" * 50 + "=1", "…"), ("&&", "…"),
        ("&".join(f"p{n}=1" for n in range(99)), ", ".join(f"p{n}" for n in range(20))),
    ],
)  # fmt: skip
def test_only_names(query, names):
    assert parameter_names(query) == names


@pytest.mark.parametrize(
    ("route", "path", "shown"),
    [
        ("/prescriptions/{id}", "/prescriptions/RX-7Q4M", "/prescriptions/…"),
        ("/prescriptions/{id}", "/prescriptions/12", "/prescriptions/12"),
        ("/prescriptions/{id}/dispense", "/prescriptions/" + "9" * 20 + "/dispense", "/prescriptions/…/dispense"),
        ("", "/patients/Meier/1961-02-03", "/patients/…/…"), ("", "/patients//", "/patients//"), ("", "", ""),
    ],
)  # fmt: skip
def test_only_ids_and_words_of_the_api(route, path, shown):
    assert shown_path(route, path, frozenset({"", "patients", "prescriptions", "dispense"})) == shown


class TestScopesThatWereUsed:
    """A row a key and scope, whatever the number of requests."""

    def used(self, key):
        return set(ScopeUse.objects.filter(key=key).values_list("scope", flat=True))

    def test_what_a_request_needed(self, cast, make_key, request_log):
        key, secret = make_key("pharmacist", "rx:read", "patient:read", "webhooks:manage")
        Api(secret).get("/me")
        request_log()
        assert self.used(key) == set()
        for _ in range(3):
            Api(secret).get("/prescriptions")
        Api(secret).get("/prescriptions?nonsense=1")
        request_log()
        assert self.used(key) == {"rx:read"}
        Api(secret).get("/events")  # tells by what the key may read
        request_log()
        assert self.used(key) == {"rx:read", "patient:read"}

    def test_a_refused_request_used_none(self, cast, make_key, request_log):
        key, secret = make_key("pharmacist", "rx:read", allowed_ips=["203.0.113.7"])
        Api(secret).get("/prescriptions")
        request_log()
        assert self.used(key) == set()

    def test_a_later_day_is_written_over_the_earlier(self, cast, make_key, request_log):
        key, secret = make_key("pharmacist", "rx:read")
        ScopeUse.objects.create(key=key, scope="rx:read", last_used_on="2026-01-01")
        Api(secret).get("/prescriptions")
        request_log()
        assert ScopeUse.objects.get().last_used_on == real_now().date()


class TestTheCollector:
    """Never in a request's way, and bounded."""

    def notes(self, make_key, number=1):
        key, _ = make_key("pharmacist", "rx:read")
        from elmed.request_log.note import Note

        return [
            Note(real_now(), key.pk, None, key.account_id, 1, "GET", "/me", "/me", "", 200, 1, f"req_{n}", "", "203.0.113.7", ())
            for n in range(number)
        ]  # fmt: skip

    def test_while_the_database_is_away_notes_are_kept(self, cast, make_key, monkeypatch, request_log):
        own = Collector()
        own.threaded = False
        for note in self.notes(make_key, 3):
            own.note(note)

        def away(_notes):
            raise OperationalError("away")

        real = collect.write
        monkeypatch.setattr(collect, "write", away)
        monkeypatch.setattr(collect, "PAUSE", 0)
        monkeypatch.setattr("elmed.request_log.collect.connection.close", lambda: None)
        own._write_all()
        own._write_all()
        assert not LoggedRequest.objects.exists()
        monkeypatch.setattr(collect, "write", real)
        own._write_all()
        assert LoggedRequest.objects.count() == 3

    def test_what_cannot_be_written_is_not_tried_for_ever(self, cast, make_key, monkeypatch, caplog):
        own = Collector()
        own.threaded = False
        own.note(self.notes(make_key)[0])
        monkeypatch.setattr("elmed.request_log.collect.connection.close", lambda: None)
        monkeypatch.setattr(collect, "write", lambda _notes: 1 / 0)
        own._write_all()
        assert own._held == []
        assert "some requests are missing" in caplog.text

    def test_what_does_not_fit_is_dropped_counted_and_told(self, cast, make_key, monkeypatch, caplog):
        monkeypatch.setattr(collect, "MOST", 5)
        own = Collector()
        own.threaded = False
        for note in self.notes(make_key, 12):
            own.note(note)
        own._write_all()
        assert LoggedRequest.objects.count() == 5
        assert "7 requests were left out" in caplog.text

    def test_keys_that_do_not_work_cannot_crowd_out_others(self, cast, make_key, monkeypatch):
        monkeypatch.setattr(collect, "MOST_REFUSED", 2)
        own = Collector()
        own.threaded = False
        good = self.notes(make_key)[0]
        for number in range(10):
            own.note(good._replace(key_id=None, digest=bytes([number]) * 32, status=401, code="invalid_key"))
        own.note(good)
        own.flush()
        assert LoggedRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_thread_writes_by_itself_and_at_the_end(cast, make_key):
    own = Collector()
    for note in TestTheCollector().notes(make_key, 3):
        own.note(note)
    own.close()
    assert LoggedRequest.objects.count() == 3


def test_kept_thirty_days(cast, make_key, request_log):
    _, secret = make_key("pharmacist", "rx:read")
    for _ in range(3):
        Api(secret).get("/me")
    old, edge, new = request_log()
    LoggedRequest.objects.filter(pk=old.pk).update(at=real_now() - timedelta(days=30, minutes=1))
    LoggedRequest.objects.filter(pk=edge.pk).update(at=real_now() - timedelta(days=29, hours=23))
    (work,) = [one for one in PERIODIC if one.name == "purge request log"]
    assert work.run(real_now()) == 1
    assert set(LoggedRequest.objects.values_list("pk", flat=True)) == {edge.pk, new.pk}
    assert work.run(real_now()) == 0


def test_tests_write_only_where_they_say_so():
    assert collector.threaded is False
