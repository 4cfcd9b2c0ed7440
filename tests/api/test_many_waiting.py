"""`elmed serve --only-events`: many wait in one process; each is answered as soon as something happens in its list."""

import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection

from elmed.access import keys
from elmed.api.endpoint import PREFIX
from elmed.events.models import EventCounter
from elmed.prescriptions.models import Dispense
from tests import factories as f
from tests.api.servers import Server, database_url
from tests.api.test_processes import cast, require_test_database  # noqa: F401 - a committed cast, seen by the process

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite serves one process; PostgreSQL shows this"
)
WAITING = 60


def test_the_database_is_the_tests_own(db):
    require_test_database()


@pytest.fixture(scope="module")
def server(cast, tmp_path_factory):  # noqa: F811
    one = Server(tmp_path_factory.mktemp("events"), options=("--only-events",))
    try:
        one.start()
        one.wait()
        yield one
    finally:
        one.stop()


@pytest.fixture
def secret(cast, django_db_blocker):  # noqa: F811
    with django_db_blocker.unblock():
        return keys.create(cast.actor("pharmacist"), name="waits", scopes=["rx:read", "rx:dispense"])


def last(account):
    row = EventCounter.objects.filter(account=account, world_id=1).first()
    return row.last if row else 0


def backends():
    with psycopg.connect(database_url()) as link:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return link.execute(asked).fetchone()[0]


def test_many_wait_with_few_connections_and_all_are_told(cast, server, secret, django_db_blocker):  # noqa: F811
    with django_db_blocker.unblock():
        keys.set_limit(cast.actor("staff"), secret[0].pk, requests_per_minute=10_000)
        after = last(cast.pharmacy)
        idle = backends()
        with ThreadPoolExecutor(WAITING) as many:
            asked = [
                many.submit(server.call, "GET", f"/events?after={after}&wait=25", secret[1]) for _ in range(WAITING)
            ]
            time.sleep(3)
            assert not any(one.done() for one in asked)
            assert backends() <= idle + 5
            began = time.monotonic()
            f.verified(cast)
            said = [one.result() for one in asked]
    assert time.monotonic() - began < 20
    assert {one.status for one in said} == {200}
    assert all(one.json()["data"][0]["sequence"] == after + 1 for one in said)


def test_when_nothing_happens_the_page_is_empty(cast, server, secret, django_db_blocker):  # noqa: F811
    with django_db_blocker.unblock():
        after = last(cast.pharmacy)
    said = server.call("GET", f"/events?after={after}&wait=1", secret[1])
    assert (said.status, said.json()) == (200, {"data": [], "has_more": False})


def test_a_key_revoked_while_it_waits_gets_nothing(cast, server, secret, django_db_blocker):  # noqa: F811
    with django_db_blocker.unblock(), ThreadPoolExecutor(1) as other:
        asked = other.submit(server.call, "GET", f"/events?after={last(cast.pharmacy)}&wait=25", secret[1])
        time.sleep(2)
        keys.revoke(cast.actor("pharmacist"), secret[0].pk)
        assert asked.result().status == 401


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_it_answers_nothing_else(cast, server, secret, django_db_blocker, method):  # noqa: F811
    with django_db_blocker.unblock():
        rx = f.verified(cast, answers={"duplicate:1": "Known"})
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        link.request(method, f"{PREFIX}/prescriptions/{rx.pk}/dispense", headers={"X-API-Key": secret[1]})
        assert link.getresponse().status == 404
        assert not Dispense.objects.filter(prescription=rx).exists()
