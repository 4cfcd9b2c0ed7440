"""What makes the demo's pages of integration full: software that asked, and was refused; webhooks that arrived, and did not.

Real requests with the demo's keys and a real receiver on this machine, before the first journey of a process: the pages of
Settings → Request log and → Webhooks are judged with rows in them. The developer's account stays without: there they are empty.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from e2e.server import Server

WITHIN = 60  # seconds for the worker to have tried everything, on a busy machine
# Key of demo.json, method, address, body, the answer. What a till, a surgery and a first attempt ask.
REQUESTS: tuple[tuple[str, str, str, dict[str, Any] | None, int], ...] = (
    ("pharmacy", "GET", "/me", None, 200),
    ("pharmacy", "GET", "/prescriptions?status=verified&limit=5", None, 200),
    ("pharmacy", "GET", "/prescriptions?limit=1000", None, 400),
    ("pharmacy", "GET", "/prescriptions/999999", None, 404),
    ("pharmacy", "GET", "/prescription", None, 404),
    ("pharmacy", "POST", "/prescriptions/{dispensed}/dispense", {"lines": []}, 422),
    ("pharmacy", "POST", "/prescriptions/{dispensed}/dispense", {}, 409),
    ("pharmacy_read_only", "GET", "/patients/{related}", None, 403),
    ("pharmacy_read_only", "GET", "/prescriptions?limit=1", None, 200),
    ("doctor", "GET", "/prescriptions?updated_since=2020-01-01T00:00:00Z", None, 200),
    ("doctor", "GET", "/patients/{unrelated}", None, 404),
    ("doctor", "GET", "/prescriptions?colour=red", None, 400),
    ("pharmacy_test", "GET", "/prescriptions", None, 200),
)


def ask(server: Server, key: str, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    """One API request with a key of the demo; its status and what was answered."""
    request = urllib.request.Request(
        f"{server.url}/api/public/v1{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"X-API-Key": server.told["keys"][key], "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


@dataclass
class Receiver:
    """Software that is told: what came, as path, headers and body; and at which paths it answers 500."""

    url: str
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    down: set[str] = field(default_factory=lambda: {"/broken"})


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One that listens on this machine until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            one.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(500 if self.path in one.down else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        one = Receiver(f"http://127.0.0.1:{listening.server_address[1]}")
        Thread(target=listening.serve_forever, daemon=True).start()
        yield one
        listening.shutdown()


def fill(server: Server, address: str) -> None:
    """Ask all of it, have two webhooks tried, and wait until they were. Raises AssertionError where an answer is another."""
    named = server.told["prescriptions"] | server.told["patients"]
    for key, method, path, body, status in REQUESTS:
        answered = ask(server, key, method, path.format_map(named), body)
        assert answered[0] == status, (key, method, path, answered)
    made = []
    for path, words in (("/till", "The till’s list of what is ready"), ("/broken", "")):
        status, endpoint = ask(
            server, "pharmacy_webhooks", "POST", "/webhook-endpoints",
            {"url": address + path, "event_types": ["*"], "description": words},
        )  # fmt: skip
        assert status == 201, endpoint
        made.append(endpoint["id"])
        ask(server, "pharmacy_webhooks", "POST", f"/webhook-endpoints/{endpoint['id']}/test")
    until = time.monotonic() + WITHIN
    while not all(_tried(server, one) for one in made):
        assert time.monotonic() < until, "the worker tried no webhook"
        time.sleep(0.3)


def _tried(server: Server, endpoint: int) -> bool:
    status, answer = ask(server, "pharmacy_webhooks", "GET", f"/webhook-endpoints/{endpoint}/deliveries")
    assert status == 200, answer
    return bool(answer["data"]) and all(one["attempts"] for one in answer["data"])
