"""One demo server for all the tests' processes: the first that needs it starts it, the last ends it."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.server import free_port
from elmed.config.environment import Environment

READY_WITHIN = 180  # seconds, on a busy machine
SOURCE = Path(__file__).resolve().parents[1] / "src"
MORE = Path(__file__).with_name("demo_more.py")
LOG = Path(__file__).with_name("request_log_of.py")


@dataclass(frozen=True)
class Demo:
    """Where it is, and what `demo.json` tells: keys, ids."""

    url: str
    told: dict[str, Any]
    folder: Path

    def key(self, name: str) -> str:
        return (self.told["keys"] | json.loads((self.folder / "more.json").read_text()))[name]

    def claim(self, name: object) -> bool:
        """Whether it is ours: each name is given once, whatever process asks."""
        try:
            (self.folder / f"claimed-{name}").mkdir()
        except FileExistsError:
            return False
        return True

    def request_log(self, key: str) -> list[tuple[str, str, int]]:
        """Method, path and status of what a key of demo_more.py asked; the log follows within a second or two."""
        env = self.as_of_it(DJANGO_SETTINGS_MODULE="elmed.config.settings")
        told = subprocess.run([sys.executable, str(LOG), key], env=env, capture_output=True, text=True, check=True)
        return [tuple(one) for one in json.loads(told.stdout)]

    def as_of_it(self, **more: str) -> dict[str, str]:
        """The environment of a command of ELMED's that acts on its data."""
        return _clean() | {"ELMED_ENV": "demo", "ELMED_DATA": str(self.folder)} | more


@contextmanager
def shared(folder: Path) -> Iterator[Demo]:
    """It, running, in a folder that all processes share."""
    folder.mkdir(parents=True, exist_ok=True)
    with _state(folder) as state:
        if not state.get("users"):
            state.update(_start(folder), users=0)
        state["users"] += 1
        url = state["url"]
    try:
        yield Demo(url, json.loads((folder / "demo.json").read_text()), folder)
    finally:
        with _state(folder) as state:
            state["users"] -= 1
            if not state["users"]:
                _stop(state["pid"])


@contextmanager
def _state(folder: Path) -> Iterator[dict[str, Any]]:
    with (folder / "state.json").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        state = json.loads(file.read() or "{}")
        yield state
        file.seek(0)
        file.truncate()
        file.write(json.dumps(state))


def _start(folder: Path) -> dict[str, Any]:
    port, log = free_port(), folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "elmed.cli", "demo"],
            env=_clean() | {"PORT": str(port), "ELMED_DATA": str(folder), "PYTHONUNBUFFERED": "1"},
            stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + READY_WITHIN
        while "Ctrl-C ends it" not in log.read_text():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The demo did not start:\n{log.read_text()}")
            time.sleep(0.1)
        found = Demo(f"http://localhost:{port}", {}, folder)
        if not (folder / "more.json").exists():
            env = found.as_of_it(DJANGO_SETTINGS_MODULE="elmed.config.settings", PORT=str(port))
            subprocess.run([sys.executable, str(MORE)], env=env, check=True)
    except BaseException:
        _stop(process.pid)
        raise
    return {"url": found.url, "pid": process.pid}


def _stop(pid: int) -> None:
    """End it, and wait: it ends its own children."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        for _ in range(300):
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            os.kill(pid, 0)
            time.sleep(0.1)
        os.kill(pid, signal.SIGKILL)


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.lower() not in Environment.model_fields}
