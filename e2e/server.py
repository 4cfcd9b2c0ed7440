"""A real demo server, with its worker, on a free port and in a folder of its own."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

READY_WITHIN = 180  # seconds, on a busy machine


@dataclass(frozen=True)
class Server:
    """Where it is, and what the demo told (`demo.json`: sign-ins, keys, ids)."""

    url: str
    told: dict[str, Any]
    data: Path

    def mails(self) -> list[str]:
        """What it mailed, the oldest first."""
        return [
            file.read_text() for file in sorted((self.data / "mail").glob("*"), key=lambda one: one.stat().st_mtime)
        ]

    def licence_ends(self, number: str, on: date) -> None:
        """As if that day had come nearer: its last day is moved, and the worker looks at licences at once."""
        with closing(sqlite3.connect(self.data / "elmed.sqlite3", timeout=30)) as link, link:
            moved = link.execute(
                "UPDATE accounts_account SET licence_expires_on = ? WHERE licence_number = ?", (on.isoformat(), number)
            )
            assert moved.rowcount == 1, number
            link.execute("UPDATE jobs_periodicrun SET due_at = '2020-01-01' WHERE name LIKE '% licences'")

    def evening(self) -> None:
        """As if the next evening had come: doctors are mailed what was signed in their name."""
        self._later("evening")

    def pause(self, email: str, minutes: int) -> None:
        """As if that person had not used the server for so long."""
        self._later("pause", email, str(minutes))

    def _later(self, *words: str) -> None:
        env = os.environ | {"PORT": self.url.rsplit(":", 1)[1], "ELMED_DATA": str(self.data)}
        subprocess.run([sys.executable, "-m", "e2e.later", *words], env=env, check=True, timeout=READY_WITHIN)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running(data: Path) -> Iterator[Server]:
    """Start it, wait until it is ready, end it. Raises RuntimeError with its output where it does not start."""
    port = free_port()
    env = os.environ | {"PORT": str(port), "ELMED_DATA": str(data)}
    log = data.parent / f"{data.name}.log"
    with log.open("w") as out:
        process = subprocess.Popen([sys.executable, "-m", "elmed.cli", "demo"], env=env, stdout=out, stderr=out)
    try:
        until = time.monotonic() + READY_WITHIN
        while not re.search("Ctrl-C ends it", log.read_text()):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The demo did not start:\n{log.read_text()}")
            time.sleep(0.2)
        yield Server(f"http://localhost:{port}", json.loads((data / "demo.json").read_text()), data)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
