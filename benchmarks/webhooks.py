"""Webhooks: deliveries a second with one and with two workers, and workers killed in the middle of their work.

    .venv/bin/python -m benchmarks.webhooks [--events 500] [--kills 100]

Ten endpoints on a receiver of its own, on this machine. Makes a small database of its own (its name begins with
elmed_bench) and removes it at the end.
"""

import argparse
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks import place
from benchmarks.place import ROOT, Place

ENDPOINTS = 10
GIVE_UP = 600  # seconds


class Receiver(BaseHTTPRequestHandler):
    """Answers 200, and counts what it got by endpoint and id."""

    protocol_version = "HTTP/1.1"
    got: Counter[str] = Counter()
    lock = threading.Lock()

    def do_POST(self) -> None:
        """One message."""
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            self.got[f"{self.path} {self.headers['webhook-id']}"] += 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    """Takes many at once."""

    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A worker that is killed breaks its connections off."""


def main() -> None:
    """Measure, kill, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.webhooks", description=__doc__)
    parser.add_argument("--events", type=int, default=500, choices=range(10, 5001), metavar="10-5000")
    parser.add_argument("--kills", type=int, default=100, choices=range(501), metavar="0-500")
    chosen = parser.parse_args()
    where = Place("postgres:///elmed_bench_webhooks", ROOT / "var" / "bench-webhooks")
    os.environ.update(environment(where), DJANGO_SETTINGS_MODULE="elmed.config.settings")
    server = Server(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        place.create(where)
        import django

        django.setup()
        account_id = prepare(f"http://127.0.0.1:{server.server_port}")
        for workers in (1, 2):
            speed(where, account_id, events=chosen.events, workers=workers)
        if chosen.kills:
            killed(where, account_id, kills=chosen.kills)
    finally:
        server.shutdown()
        from django.db import connections

        connections.close_all()
        place.drop(where)


def environment(where: Place) -> dict[str, str]:
    """Development's, which lets webhooks go to this machine; one core is shared by everything here."""
    return where.environment() | {"ELMED_ENV": "development", "BASE_URL": "http://localhost:8000"}


def prepare(receiver: str) -> int:
    """A pharmacy and its endpoints; its account."""
    from elmed.access.actors import of_command
    from elmed.accounts.models import Account
    from elmed.webhooks import endpoints
    from elmed.webhooks.endpoints import Wanted

    account = Account.objects.create(kind="pharmacy", state="verified", name="Bench", world_id=1)
    for number in range(ENDPOINTS):
        endpoints.make(of_command(account), Wanted(f"{receiver}/{number}/{secrets.token_hex(4)}"))
    return account.pk


def happen(account_id: int, events: int) -> None:
    """So many events in the pharmacy's list."""
    from django.db import transaction

    from elmed.access.actors import of_command
    from elmed.core.clock import real_now
    from elmed.events.record import record

    for _ in range(events):
        with transaction.atomic():
            record(of_command(), "account.contact_changed", accounts=[account_id], at=real_now())


def started(where: Place) -> "subprocess.Popen[bytes]":
    """A worker."""
    command = [sys.executable, "-m", "elmed.cli", "worker"]
    return subprocess.Popen(command, env=environment(where), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def waiting() -> int:
    """How many deliveries are not through, those not yet made included."""
    from django.db.models import F, Sum

    from elmed.events.models import EventCounter
    from elmed.webhooks.models import Delivery, Endpoint

    last = EventCounter.objects.get(account_id=Endpoint.objects.all()[0].account_id, world_id=1).last
    unmade = Endpoint.objects.aggregate(some=Sum(last - F("position")))["some"] or 0
    return int(unmade) + Delivery.objects.filter(state="waiting").count()


def until_through() -> None:
    """Wait until nothing waits."""
    end = time.monotonic() + GIVE_UP
    while waiting():
        if time.monotonic() > end:
            raise SystemExit(f"{waiting()} deliveries are not through after {GIVE_UP} s")
        time.sleep(0.2)


def speed(where: Place, account_id: int, *, events: int, workers: int) -> None:
    """Deliveries a second, from the start of the first worker's first delivery to the end."""
    happen(account_id, events)
    Receiver.got.clear()
    running = [started(where) for _ in range(workers)]
    try:
        while not Receiver.got:
            time.sleep(0.01)
        began = time.monotonic()
        until_through()
        took = time.monotonic() - began
    finally:
        for one in running:
            one.send_signal(signal.SIGTERM)
        for one in running:
            one.wait(30)
    twice = sum(count - 1 for count in Receiver.got.values())
    print(f"{workers} worker(s): {len(Receiver.got)} deliveries in {took:.1f} s, {len(Receiver.got) / took:.0f} a second, "
          f"{twice} sent twice", flush=True)  # fmt: skip


def killed(where: Place, account_id: int, *, kills: int) -> None:
    """Kill a worker that is at work, again and again; let a last one finish. Everything must have arrived."""
    from elmed.webhooks.models import Delivery

    Receiver.got.clear()
    done = 0
    while done < kills:
        happen(account_id, 20)
        worker = started(where)
        seen, end = sum(Receiver.got.values()), time.monotonic() + 60
        while sum(Receiver.got.values()) == seen and time.monotonic() < end:
            time.sleep(0.005)  # it is at work now
        time.sleep(random.uniform(0, 0.15))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        done += 1
    sent_before = len(Receiver.got)
    last = started(where)
    try:
        until_through()
    finally:
        last.send_signal(signal.SIGTERM)
        last.wait(30)
    made = ENDPOINTS * 20 * kills
    twice = sum(count - 1 for count in Receiver.got.values())
    failed = Delivery.objects.exclude(state="delivered").count()
    print(
        f"{kills} workers killed with SIGKILL: {made} deliveries made, {sent_before} sent by then, {len(Receiver.got)} arrived"
    )
    print(f"  {made - len(Receiver.got)} lost, {twice} sent twice, {failed} not marked", flush=True)


if __name__ == "__main__":
    main()
