"""Starting and stopping the two servers: ELMED as it is run in production, and the twin with as many processes."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.place import ROOT, Place

TWIN_VENV = ROOT / "var" / "bench-twin-venv"
READY_PATH = "/api/public/v1/prescriptions"
REQUIREMENTS = ROOT / "benchmarks" / "requirements.txt"


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    name: str
    port: int
    pid: int


def prepare_twin() -> None:
    """Make the twin's own virtual environment, once."""
    stamp = TWIN_VENV / "installed"
    if stamp.exists() and stamp.read_bytes() == REQUIREMENTS.read_bytes():
        return
    print("Installing what the twin needs", flush=True)
    venv.create(TWIN_VENV, with_pip=True, clear=True)
    pip = [str(TWIN_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(REQUIREMENTS)], check=True)
    stamp.write_bytes(REQUIREMENTS.read_bytes())


@contextmanager
def both(place: Place, *, workers: int, threads: int) -> Iterator[tuple[Running, Running]]:
    """ELMED and the twin, answering on free ports of loopback; ended at the end."""
    ports = (_free_port(), _free_port())
    with ExitStack() as stack:
        ours = stack.enter_context(
            _started("ELMED", _elmed(ports[0]), place.environment(workers=workers, threads=threads), ports[0], place)
        )
        twin = stack.enter_context(
            _started("twin", _twin(ports[1], workers), _twin_environment(place, threads), ports[1], place)
        )
        yield ours, twin


@contextmanager
def events(place: Place) -> Iterator[Running]:
    """ELMED's process for those who wait for events."""
    port = _free_port()
    command = [*_elmed(port), "--only-events"]
    with _started("events", command, place.environment(), port, place, path="/api/public/v1/events") as one:
        yield one


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _elmed(port: int) -> list[str]:
    return [sys.executable, "-m", "elmed.cli", "serve", "--quiet", "--port", str(port)]


def _twin(port: int, workers: int) -> list[str]:
    return [
        str(TWIN_VENV / "bin" / "uvicorn"), "benchmarks.twin.app:app", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(workers), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip


def _twin_environment(place: Place, connections: int) -> dict[str, str]:
    return {
        **place.environment(),
        "PYTHONPATH": str(ROOT),
        "SECRET_KEY": (place.folder / "secret-key").read_text(),
        "SEALING_KEYS_DIR": str(place.folder / "sealing-keys"),
        "TWIN_DSN": place.dsn,
        "TWIN_CONNECTIONS": str(connections),
    }


@contextmanager
def _started(
    name: str, command: list[str], environment: dict[str, str], port: int, place: Place, *, path: str = READY_PATH
) -> Iterator[Running]:
    log = place.folder / f"{name}.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    try:
        _wait(name, process, port, log, path)
        yield Running(name, port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()


def _wait(name: str, process: subprocess.Popen[bytes], port: int, log: Path, path: str) -> None:
    """Wait for the first refusal of a request without a key: then the application has been imported."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"{name} did not start:\n{log.read_text()}")
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            link.request("GET", path)
            if link.getresponse().status == 401:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            link.close()
    raise SystemExit(f"{name} did not answer within 60 s:\n{log.read_text()}")
