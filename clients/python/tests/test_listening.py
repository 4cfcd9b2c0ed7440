"""`listen --forward-to` and `events --follow`, as programs of their own: what arrives is what a webhook would bring."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from elmed.webhooks import message
from standardwebhooks import Webhook

from demo_server import SOURCE
from elmed_client import webhooks
from elmed_client.cli import main as command


@pytest.fixture
def receiver():
    """A server that keeps what is posted to it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((dict(self.headers), body))
            self.send_response(self.server.answer)
            self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()

        def log_message(self, *arguments):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.answer = [], 204
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@contextmanager
def started(demo, *arguments, key="pharmacy"):
    env = os.environ | {"ELMED_API_KEY": demo.key(key), "ELMED_URL": demo.url, "PYTHONPATH": str(SOURCE)}
    # Where the tests themselves run in the background, Ctrl-C is ignored, and what they start would inherit that.
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "elmed_client.cli.main", *arguments],
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    signal.signal(signal.SIGINT, ours)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_happens_is_posted_signed(demo, client, verified, receiver):
    address = f"http://127.0.0.1:{receiver.server_port}/elmed"
    one = verified()
    with started(demo, "listen", "--forward-to", address, "--type", "prescription.dispensed", "--json") as program:
        ready = json.loads(program.stdout.readline())
        client().prescriptions.dispense(one.id)
        while True:
            told = json.loads(program.stdout.readline())
            headers, body = receiver.got.pop(0)
            event = client().events.list(after=told["sequence"] - 1, limit=1).data[0]
            if event.prescription_id == one.id:
                break
        program.send_signal(signal.SIGINT)
        assert program.wait(30) == 130
    assert told == {"sequence": event.sequence, "type": "prescription.dispensed", "answered": 204}
    assert body == message.body(dict(event.raw)), "byte for byte as ELMED posts it"
    assert webhooks.verify(body, headers, ready["secret"]).id == f"evt_{event.id}"
    assert Webhook(ready["secret"]).verify(body, headers)


def test_a_receiver_that_does_not_take_it(demo, client, receiver):
    address = f"http://127.0.0.1:{receiver.server_port}/"
    newest = client().events.newest()
    for answer, words in ((500, "500"), (302, "302")):
        receiver.answer = answer
        with started(demo, "listen", "--forward-to", address, "--after", str(newest - 1)) as program:
            said = [program.stdout.readline() for _ in range(3)]
        assert said[0].startswith("Ready. ") and "whsec_" in said[0]
        assert said[2].rstrip().endswith(f"->  {words}")
    with started(demo, "listen", "--forward-to", "http://127.0.0.1:9/", "--after", str(newest - 1)) as program:
        said = [program.stdout.readline() for _ in range(3)]
    assert said[2].rstrip().endswith("not reached (ConnectError)")


@pytest.mark.parametrize(
    "address",
    [
        "http://elsewhere.example/",
        "localhost:9000",
        "ftp://localhost/",
        "http://",
        "http://localhost:99999/",
        "http://[::1/",
        "http://local\nhost/",
    ],
)
def test_where_nothing_is_sent(demo, monkeypatch, capsys, address):
    monkeypatch.setenv("ELMED_API_KEY", demo.key("pharmacy"))
    monkeypatch.setenv("ELMED_URL", demo.url)
    assert command.main(["listen", "--forward-to", address]) == 2
    assert "--forward-to" in capsys.readouterr().err


def test_events_are_followed(demo, client, verified):
    one = verified()
    with started(demo, "events", "--limit", "1", "--follow", "--json") as program:
        assert json.loads(program.stdout.readline())["sequence"]
        client().prescriptions.dispense(one.id)
        while (event := json.loads(program.stdout.readline()))["prescription_id"] != one.id:
            pass
    assert event["type"] == "prescription.dispensed"


def test_what_begins_now_provokes_no_refusal(run, demo, client, receiver):
    """The number to begin after is told by `/me`: the request log of who listens, triggers and looks has no error in it."""
    key, address = "never_refused", f"http://127.0.0.1:{receiver.server_port}/"
    with started(demo, "listen", "--forward-to", address, "--json", key=key) as program:
        after = json.loads(program.stdout.readline())["after"]
        assert run("trigger", "prescription.verified", key=key)[0] == 0
        assert json.loads(program.stdout.readline())["sequence"] == after + 1
    assert run("events", "--limit", 2, key=key)[0] == run("doctor", key=key)[0] == 0
    assert client(key).events.newest() > after
    client(key).meta.event_types()  # the last; what came before it is in the log when this is
    until = time.monotonic() + 30
    while not (asked := demo.request_log(key)) or asked[-1][1] != "/meta/event-types":
        assert time.monotonic() < until, asked
    assert {"/me", "/events", "/sandbox/scenarios"} <= {path for _, path, _ in asked}
    assert not [one for one in asked if one[2] >= 400]
