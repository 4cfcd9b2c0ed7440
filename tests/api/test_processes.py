"""What is promised of many processes, shown with two real ones: one window a key, immediate revocation, never over-supplied."""

import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from elmed.access import keys
from elmed.api.endpoint import PREFIX
from elmed.events.models import Event
from elmed.inventory.models import Product
from elmed.prescriptions.models import Dispense, Prescription, PrescriptionLine, Reservation
from tests import factories as f
from tests.api import shop
from tests.api.servers import Server, together

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite serves one process; PostgreSQL shows this"
)


def require_test_database():
    """What is committed here is flushed again: never anybody's own database."""
    assert connection.settings_dict["NAME"].startswith("test_"), "run the whole file: its first test makes the database"


def test_the_database_is_the_tests_own(db):
    """Also what makes pytest-django set one up where this file runs alone."""
    require_test_database()


@pytest.fixture(scope="module")
def cast(django_db_setup, django_db_blocker):
    """One committed cast for the whole file, which other processes see; each test makes its own key and prescription."""
    from django.core.management import call_command

    from tests.cast import assemble, live_world

    with django_db_blocker.unblock():
        require_test_database()
        yield assemble()
        call_command("flush", interactive=False, verbosity=0)
        live_world()


@pytest.fixture(scope="module")
def servers(cast, tmp_path_factory):
    two = [Server(tmp_path_factory.mktemp("server")) for _ in range(2)]
    try:
        for server in two:
            server.start()
        for server in two:
            server.wait()
        yield two
    finally:
        for server in two:
            server.stop()


@pytest.fixture
def till(cast):
    """A key and its secret."""
    return keys.create(cast.actor("pharmacist"), name="till", scopes=["rx:read", "rx:dispense", "patient:read"])


def counters(rx):
    """(prescribed, supplied) of each line, as the database has it now."""
    return list(
        PrescriptionLine.objects.filter(prescription=rx)
        .order_by("position")
        .values_list("quantity_milli", "supplied_milli")
    )


def dispenses(rx):
    return Dispense.objects.filter(prescription=rx).count()


def in_turn(servers, count):
    return [servers[number % 2] for number in range(count)]


def statuses(answers):
    return Counter(answer.status for answer in answers)


def test_121_requests_over_both_have_exactly_one_429(servers, till):
    _, secret = till
    answers = together([lambda server=server: server.call("GET", "/me", secret) for server in in_turn(servers, 121)])
    assert statuses(answers) == {200: 120, 429: 1}
    left = [int(answer.headers["RateLimit"].split("r=")[1].split(";")[0]) for answer in answers if answer.status == 200]
    assert sorted(left) == list(range(120)), "each request was counted once"


def test_a_key_revoked_in_one_process_is_refused_by_the_other_at_once(servers, cast, till):
    key, secret = till
    for server in servers:
        assert server.call("GET", "/me", secret).status == 200
    keys.revoke(cast.actor("owner"), key.pk)
    for server in servers:
        refused = server.call("GET", "/me", secret)
        assert (refused.status, refused.json()["code"]) == (401, "invalid_key")


def test_32_dispenses_at_once_are_one(servers, cast, till):
    _, secret = till
    rx = f.verified(cast, lines=(f.AMOXICILLIN, f.RAMIPRIL))
    answers = together(
        [
            lambda server=server: server.call("POST", f"/prescriptions/{rx.pk}/dispense", secret)
            for server in in_turn(servers, 32)
        ]
    )
    assert statuses(answers) == {200: 1, 409: 31}
    assert {answer.json()["code"] for answer in answers if answer.status == 409} == {"invalid_status"}
    assert counters(rx) == [(21000, 21000), (28000, 28000)]
    assert (dispenses(rx), Event.objects.filter(prescription_id=rx.pk, type="prescription.dispensed").count()) == (1, 1)
    rx.refresh_from_db()
    assert rx.version == next(answer for answer in answers if answer.status == 200).json()["prescription"]["version"]


def test_parts_at_once_never_come_to_more_than_the_whole(servers, cast, till):
    """21 capsules, 20 requests of 2: ten are supplied, and one capsule remains."""
    _, secret = till
    rx = f.verified(cast)
    body = {"lines": [{"medication_id": f.first_line(rx), "quantity": "2"}]}
    answers = together(
        [
            lambda server=server: server.call("POST", f"/prescriptions/{rx.pk}/dispense", secret, body)
            for server in in_turn(servers, 20)
        ]
    )
    assert statuses(answers) == {200: 10, 409: 10}
    assert {answer.json()["code"] for answer in answers if answer.status == 409} == {"quantity_unavailable"}
    assert counters(rx) == [(21000, 20000)]
    acts = Event.objects.filter(prescription_id=rx.pk, type="prescription.dispensed")
    assert len(set(acts.values_list("version", flat=True))) == 10, "each act is a version of its own"


def test_8_requests_with_one_idempotency_key_are_one_act(servers, cast, till):
    _, secret = till
    rx = f.verified(cast)
    body = {"lines": [{"medication_id": f.first_line(rx), "quantity": "1"}]}
    send = {"Idempotency-Key": "order-1042"}
    answers = together(
        [
            lambda server=server: server.call("POST", f"/prescriptions/{rx.pk}/dispense", secret, body, **send)
            for server in in_turn(servers, 8)
        ]
    )
    assert set(statuses(answers)) <= {200, 409}
    assert {answer.json()["code"] for answer in answers if answer.status == 409} <= {"request_in_progress"}
    assert len({answer.content for answer in answers if answer.status == 200}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers if answer.status == 200) == 1
    assert (dispenses(rx), counters(rx)) == (1, [(21000, 1000)])


def test_a_request_waits_for_the_first_and_then_says_that_it_is_under_way(servers, cast, till):
    """The first is held up by a lock of ours for longer than the second one waits."""
    _, secret = till
    rx = f.verified(cast)
    send = {"Idempotency-Key": "order-1042"}

    def dispense(server):
        return server.call("POST", f"/prescriptions/{rx.pk}/dispense", secret, **send)

    with ThreadPoolExecutor() as pool:
        with transaction.atomic():
            list(Prescription.objects.select_for_update().filter(pk=rx.pk))
            first = pool.submit(dispense, servers[0])
            time.sleep(0.5)
            began = time.monotonic()
            second = dispense(servers[1])
            waited = time.monotonic() - began
        assert (second.status, second.json()["code"]) == (409, "request_in_progress")
        assert 1.5 < waited < 10
        assert first.result().status == 200
    assert dispense(servers[1]).content == first.result().content


@pytest.fixture
def webshop(cast):
    """The secret of a shop's key, with amoxicillin and plasters in the catalogue; a catalogue of its own for each test."""
    Product.objects.update(active=False, sku=Concat(Value("OLD-"), Cast("pk", CharField())))
    shop.product(cast)
    shop.product(cast, shop.PLASTERS)
    return keys.create(cast.actor("pharmacist"), name="shop", scopes=["shop"])[1]


def reserved(rx):
    return list(PrescriptionLine.objects.filter(prescription=rx).values_list("reserved_milli", flat=True))


def test_16_shoppers_race_for_what_is_left(servers, cast, webshop):
    """21 capsules, 16 baskets of two packs of 7: one is kept, and nobody else may buy."""
    rx = f.verified(cast)
    body = shop.basket(rx, ("AMOX-7", "2"), reserve=True)
    answers = together(
        [
            lambda server=server: server.call("POST", "/prescriptions/check", webshop, body)
            for server in in_turn(servers, 16)
        ]
    )
    assert statuses(answers) == {200: 16}
    assert Counter(answer.json()["lines"][0]["reason"] for answer in answers) == {None: 1, "reserved": 15}
    kept = [answer.json()["reservation_id"] for answer in answers if answer.json()["reservation_id"]]
    assert (len(kept), reserved(rx), Reservation.objects.filter(prescription=rx).count()) == (1, [14000], 1)


def test_a_shopper_who_clicks_eight_times_keeps_it_once(servers, cast, webshop):
    rx, send = f.verified(cast), {"Idempotency-Key": "cart-7"}
    body = shop.basket(rx, reserve=True)
    answers = together(
        [
            lambda server=server: server.call("POST", "/prescriptions/check", webshop, body, **send)
            for server in in_turn(servers, 8)
        ]
    )
    assert set(statuses(answers)) <= {200, 409}
    assert {answer.json()["code"] for answer in answers if answer.status == 409} <= {"request_in_progress"}
    assert len({answer.content for answer in answers if answer.status == 200}) == 1
    assert (reserved(rx), Reservation.objects.filter(prescription=rx).count()) == ([7000], 1)


def test_an_order_completed_eight_times_is_one_dispense_and_one_sale(servers, cast, webshop):
    rx = f.verified(cast)
    body = shop.basket(rx, ("AMOX-7", "3"), reserve=True)
    number = servers[0].call("POST", "/prescriptions/check", webshop, body).json()["reservation_id"]
    stock = Product.objects.get(sku="AMOX-7").stock_milli
    path = f"/prescriptions/{rx.pk}/dispense"
    answers = together(
        [
            lambda server=server: server.call("POST", path, webshop, {"reservation_id": number})
            for server in in_turn(servers, 8)
        ]
    )
    assert statuses(answers) == {200: 1, 409: 7}
    assert {answer.json()["code"] for answer in answers if answer.status == 409} == {"reservation_used"}
    assert (dispenses(rx), counters(rx), Product.objects.get(sku="AMOX-7").stock_milli) == (
        1,
        [(21000, 21000)],
        stock - 21000,
    )
    sale = {"external_reference": f"order-{rx.pk}", "lines": [{"sku": "PLASTER", "quantity": "1"}]}
    answers = together(
        [lambda server=server: server.call("POST", "/sales", webshop, sale) for server in in_turn(servers, 8)]
    )
    assert statuses(answers) == {200: 8}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Product.objects.get(sku="PLASTER").stock_milli == 9000


def test_eight_routes_at_once_are_one_act(servers, cast, webshop):
    rx = f.issued(cast)
    answers = together(
        [
            lambda server=server: server.call("POST", "/prescriptions/route", webshop, shop.proof(rx))
            for server in in_turn(servers, 8)
        ]
    )
    assert {(answer.status, answer.json().get("status")) for answer in answers} == {(200, "pending_review")}
    assert Event.objects.filter(prescription_id=rx.pk, type="prescription.routed").count() == 1


def test_wrong_proofs_at_both_are_counted_together(servers, cast, webshop):
    rx = f.verified(cast)
    body = shop.basket(rx, date_of_birth="1970-01-01")
    answers = together(
        [
            lambda server=server: server.call("POST", "/prescriptions/check", webshop, body)
            for server in in_turn(servers, 12)
        ]
    )
    assert statuses(answers) == {404: 5, 429: 7}
    locked = servers[1].call("POST", "/prescriptions/check", webshop, shop.basket(rx))
    assert (locked.status, locked.json()["code"]) == (429, "reference_locked")


def big_body():
    yield b'{"note": "'
    for _ in range(160):
        yield b"x" * 65536
    yield b'"}'


@pytest.mark.parametrize("how", ["with its length", "in chunks"])
def test_ten_megabytes(servers, cast, till, how):
    _, secret = till
    rx = f.verified(cast)
    body = b"".join(big_body()) if how == "with its length" else big_body()
    refused = servers[0].call("POST", f"/prescriptions/{rx.pk}/dispense", secret, body)
    assert (refused.status, refused.json()["code"]) == (413, "body_too_large")
    assert not dispenses(rx)
    assert servers[0].call("GET", "/me", secret).status == 200


def test_a_body_in_chunks_is_read(servers, cast, till):
    """Without Content-Length it must not be taken for an empty one, which would mean *dispense everything*."""
    _, secret = till
    rx = f.verified(cast)
    raw = b'{"lines": [{"medication_id": %d, "quantity": "1"}]}' % f.first_line(rx)
    refused = servers[0].call("POST", f"/prescriptions/{rx.pk}/dispense", secret, iter([raw[:20], b"\xff"]))
    assert refused.status == 400
    said = servers[0].call("POST", f"/prescriptions/{rx.pk}/dispense", secret, iter([raw[:7], raw[7:]]))
    assert said.json()["prescription"]["status"] == "partially_dispensed"
    assert counters(rx) == [(21000, 1000)]


def test_a_large_body_that_comes_slowly_is_read_to_its_end(servers, cast, till):
    _, secret = till
    rx = f.verified(cast)
    raw = b'{"lines": [{"medication_id": %d, "quantity": "1"}]%s}' % (f.first_line(rx), b" " * 1_000_000)

    def slowly():
        for start in range(0, len(raw), 300_000):
            time.sleep(0.1)
            yield raw[start : start + 300_000]

    length = {"Content-Length": str(len(raw))}
    assert servers[0].call("POST", f"/prescriptions/{rx.pk}/dispense", secret, slowly(), **length).status == 200
    assert counters(rx) == [(21000, 1000)]
    assert servers[0].call("POST", f"/prescriptions/{rx.pk}/dispense", secret, slowly()).status == 200
    assert counters(rx) == [(21000, 2000)]


def test_over_the_wire_head_and_405_and_304(servers, cast, till):
    _, secret = till
    rx = f.verified(cast)
    got = servers[0].call("GET", f"/prescriptions/{rx.pk}", secret)
    assert servers[1].call("HEAD", f"/prescriptions/{rx.pk}", secret).headers["ETag"] == got.headers["ETag"]
    assert (
        servers[1].call("GET", f"/prescriptions/{rx.pk}", secret, **{"If-None-Match": got.headers["ETag"]}).status
        == 304
    )
    assert servers[1].call("DELETE", f"/prescriptions/{rx.pk}", secret).headers["Allow"] == "GET, HEAD, OPTIONS"


def test_after_the_database_dropped_its_connections_the_next_request_is_answered(servers, cast, till):
    _, secret = till
    assert servers[0].call("GET", "/prescriptions", secret).status == 200
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert [servers[0].call("GET", "/prescriptions", secret).status for _ in range(20)] == [200] * 20


ALL_OF_IT = b'{"lines": [{"medication_id": 1, "quantity": "1"}]}'
# What is sent after the headers, by the headers that announce it; then the line is cut.
BROKEN = {
    "length, no body": (b"Content-Length: 50", b""),
    "length, half a body": (b"Content-Length: 50", ALL_OF_IT[:20]),
    "length, an object and not the rest": (b"Content-Length: 50", b"{}"),
    "chunks, none": (b"Transfer-Encoding: chunked", b""),
    "chunks, half of one": (b"Transfer-Encoding: chunked", b"32\r\n" + ALL_OF_IT[:20]),
    "chunks, no number": (b"Transfer-Encoding: chunked", b"zz\r\n{}\r\n0\r\n\r\n"),
    "both": (b"Content-Length: 2\r\nTransfer-Encoding: chunked", b"32\r\n" + ALL_OF_IT[:20]),
}


def send(server, head, body, *, path, secret):
    """Send it, cut the line, and give back what was answered, if anything was."""
    request = (
        f"POST {PREFIX}{path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {secret}\r\nContent-Type: application/json\r\n".encode()
        + head + b"\r\n\r\n" + body
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(request)
        time.sleep(0.1)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while part := line.recv(65536):
                answer += part
        except OSError:
            pass
    return answer


@pytest.mark.parametrize("how", BROKEN)
def test_a_request_that_breaks_off_dispenses_nothing(servers, cast, till, how):
    """Above all it is not taken for the guide's call without a body, which dispenses everything."""
    _, secret = till
    rx = f.verified(cast)
    head, body = BROKEN[how]
    answer = send(servers[0], head, body, path=f"/prescriptions/{rx.pk}/dispense", secret=secret)
    assert b" 200 " not in answer[:20], answer
    time.sleep(0.3)
    assert not Dispense.objects.filter(prescription=rx).exists(), answer
    assert servers[0].call("GET", "/me", secret).status == 200
