"""Two real server processes on the tests' own PostgreSQL database: what holds between processes is shown between processes."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from elmed.api.endpoint import PREFIX
from tests.api.client import check

READY_WITHIN = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def database_url() -> str:
    """The tests' database, as another process reaches it."""
    parts = connection.settings_dict
    user = quote(parts["USER"] or "", safe="")
    password = f":{quote(parts['PASSWORD'], safe='')}" if parts["PASSWORD"] else ""
    host = quote(parts["HOST"] or "", safe="")
    port = f":{parts['PORT']}" if parts["PORT"] else ""
    at = "@" if user or password else ""
    return f"postgres://{user}{password}{at}{host}{port}/{parts['NAME']}"


@dataclass
class Said:
    """An answer over the wire."""

    status: int
    headers: Any
    content: bytes

    def json(self) -> Any:
        """Its body."""
        return json.loads(self.content)


@dataclass
class Server:
    """`elmed serve` in a process of its own."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; `wait` for its first answer."""
        env = os.environ | {
            "ELMED_ENV": "development", "ELMED_DATA": str(self.folder), "DATABASE_URL": database_url(), "WEB_WORKERS": "1",
            "WEB_THREADS": "16", "SEALING_KEYS_DIR": str(settings.SEALING_KEYS_DIR), "SECRET_KEY": settings.SECRET_KEY,
        }  # fmt: skip
        log = (self.folder / f"{self.port}.log").open("wb")
        command = [
            str(Path(sys.executable).with_name("elmed")),
            "serve",
            "--quiet",
            "--port",
            str(self.port),
            *self.options,
        ]
        self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log)

    def wait(self) -> None:
        """Until it answers."""
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end:
            try:
                if self.call("GET", "/events", None).status == 401:
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError((self.folder / f"{self.port}.log").read_text())

    def stop(self) -> None:
        """End it, and wait for its end."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)

    def call(self, method: str, path: str, secret: str | None, body: Any = None, **headers: str) -> Said:
        """One request on a connection of its own. A body that is not JSON is sent as it is; an iterator in chunks."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Host": "localhost"} | ({"X-API-Key": secret} if secret else {}) | headers
        if body is not None:
            sent = {"Content-Type": "application/json"} | sent
        raw = json.dumps(body).encode() if isinstance(body, dict) else body
        try:
            link.request(method, PREFIX + path, raw, sent)
            answer = link.getresponse()
            said = Said(answer.status, answer.headers, answer.read())
        finally:
            link.close()
        check(method, path, said.status, said.headers, said.content)
        return said


def together(calls: list[Callable[[], Said]]) -> list[Said]:
    """All of them at the same moment, each in a thread of its own."""
    start, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int, call: Callable[[], Said]) -> None:
        start.wait()
        answers[number] = call()

    threads = [threading.Thread(target=run, args=(number, call)) for number, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert None not in answers
    return answers
