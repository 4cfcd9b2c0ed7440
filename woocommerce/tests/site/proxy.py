"""Stands between the shop and ELMED: counts the calls and, when told to, delays, loses or cuts them.

ELMED behind it is the real one; this answers nothing of its own. `closed` ends the listening too, so that the shop
meets what it meets when ELMED's machine is gone: a refused connection.
"""

import http.client
import socket
import threading
import time
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"}


@dataclass
class Call:
    """What passed. `status` 0: no answer reached the shop."""

    method: str
    path: str
    at: float
    status: int = 0
    seconds: float = 0.0
    idempotency_key: str = ""
    user_agent: str = ""


@dataclass
class Weather:
    """What is done to the calls. `lose_answers`: so many reach ELMED, and their answers are thrown away."""

    delay: float = 0.0
    lose_answers: int = 0
    only: str = ""  # a part of the path; empty: every call


class Proxy:
    """Listens on `port`, passes on to `upstream`; both on loopback."""

    def __init__(self, *, port: int, upstream: int) -> None:
        self.port, self.upstream = port, upstream
        self.calls: list[Call] = []
        self.weather = Weather()
        self._server: ThreadingHTTPServer | None = None

    def open(self) -> None:
        """Listen."""
        if self._server is not None:
            return
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._server = _Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop listening: a call is refused by the machine itself."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def seen(self, *, since: float = 0.0) -> list[dict[str, Any]]:
        """The calls since that time (time.time()), oldest first."""
        return [asdict(call) for call in list(self.calls) if call.at >= since]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True


class _Handler(BaseHTTPRequestHandler):
    owner: Proxy
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        proxy, began = self.owner, time.time()
        call = Call(self.command, self.path, began, idempotency_key=self.headers.get("Idempotency-Key", ""),
                    user_agent=self.headers.get("User-Agent", ""))  # fmt: skip
        proxy.calls.append(call)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        weather, touched = proxy.weather, proxy.weather.only in self.path
        if touched and weather.delay:
            time.sleep(weather.delay)
        try:
            status, headers, answer = self._ask(body)
        except OSError:
            self._cut()
            return
        if touched and weather.lose_answers > 0:
            weather.lose_answers -= 1
            self._cut()
            return
        call.status, call.seconds = status, time.time() - began
        self._answer(status, headers, answer)

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        link = http.client.HTTPConnection("127.0.0.1", self.owner.upstream, timeout=60)
        try:
            sent = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
            link.request(self.command, self.path, body=body, headers=sent)
            reply = link.getresponse()
            return reply.status, reply.getheaders(), reply.read()
        finally:
            link.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], answer: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP | {"content-length"}:
                self.send_header(name, value)
        bodiless = status in (204, 304)
        if not bodiless:
            self.send_header("Content-Length", str(len(answer)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if not bodiless and self.command != "HEAD":
            self.wfile.write(answer)

    def _cut(self) -> None:
        """No answer: the connection just ends."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _pass_on

    def log_message(self, *_: object) -> None:
        """Calls are kept, not printed."""
