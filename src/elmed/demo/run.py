"""Prepares the demo's folder and runs its two processes, server and worker, until it is told to end.

Called by `elmed demo`. The data themselves are seed.py's.
"""

import json
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from elmed.access import factor_secrets
from elmed.accounts.models import Person
from elmed.cli.migrate import migrate
from elmed.cli.serve import require_free, wait_until_ready
from elmed.cli.words import CommandFailed, say
from elmed.config.checks import secret_key_file
from elmed.config.environment import environment
from elmed.core.clock import real_now
from elmed.demo.printed import welcome
from elmed.demo.seed import seed
from elmed.prescriptions import seal

HOST = "127.0.0.1"
GRACE = 15.0  # seconds a child has to end by itself


def told_file() -> Path:
    """`demo.json`."""
    return Path(settings.DATA_DIR) / "demo.json"


def database_file() -> Path:
    """The embedded database."""
    return Path(settings.DATABASES["default"]["NAME"])


def reset() -> None:
    """Throw away what an earlier demo made. Raises CommandFailed where the folder holds another installation's data."""
    data = Path(settings.DATA_DIR)
    if database_file().exists() and not told_file().exists() and _has_people(database_file()):
        raise CommandFailed(f"{data} holds a database that is not a demo's. Nothing was removed.")
    for name in (
        database_file().name,
        f"{database_file().name}-wal",
        f"{database_file().name}-shm",
        "demo.json",
        "second-factor-keys",
    ):
        (data / name).unlink(missing_ok=True)
    for name in ("sealing-keys", "mail"):
        shutil.rmtree(data / name, ignore_errors=True)


def _has_people(database: Path) -> bool:
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as link:
            return link.execute("SELECT 1 FROM accounts_person LIMIT 1").fetchone() is not None
    except sqlite3.OperationalError:
        return False  # no such table: it was never filled


def prepare() -> dict[str, Any]:
    """Make what is missing: keys, tables, data, `demo.json`. Returns what the file says."""
    require_free(HOST, environment().port)
    data = Path(settings.DATA_DIR)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    _secret_key()
    if not any(Path(settings.SEALING_KEYS_DIR).glob("*.pem")):
        seal.make_key(Path(settings.SEALING_KEYS_DIR), real_now())
    if not factor_secrets.key_file().exists():
        factor_secrets.make_key()
        settings.SECOND_FACTOR_KEYS = ""
    migrate()
    if Person.objects.exists():
        if not told_file().exists():
            raise CommandFailed(
                f"{data} holds data but no demo.json, so its keys are lost. Start anew: make demo RESET=1"
            )
        told: dict[str, Any] = json.loads(told_file().read_text())
        say(f"Using the demo in {data} again (RESET=1 starts anew).")
    else:
        say("Making the demo's data: a few seconds.")
        told = seed(settings.BASE_URL, real_now())
    told |= {"base_url": settings.BASE_URL, "api_url": f"{settings.BASE_URL}/api/public/v1"}
    _write(told)
    return told


def _secret_key() -> None:
    """The demo's own secret key; the children read the file, this process needs none."""
    file = secret_key_file()
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48) + "\n")


def _write(told: Mapping[str, Any]) -> None:
    """All of it or nothing: whoever waits for the file never reads half."""
    part = told_file().with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(told, indent=2) + "\n")
    part.replace(told_file())


def serve(told: Mapping[str, Any]) -> int:
    """Run server and worker until SIGINT or SIGTERM, or until one of them dies."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    port = environment().port
    children = [_child("serve", "--quiet", "--port", str(port)), _child("worker")]
    try:
        while not stop.is_set() and not wait_until_ready(HOST, port, within=0.5):
            _require_alive(children)
        if not stop.is_set():
            say(welcome(told))
        while not stop.wait(0.5):
            _require_alive(children)
    finally:
        _end(children)
    say("\nThe demo has ended. Its data stay in " + str(settings.DATA_DIR))
    return 0


def _child(*command: str) -> subprocess.Popen[bytes]:
    """A process of its own group, so that Ctrl-C reaches it once, through us."""
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "elmed.cli", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        process_group=0,
    )


def _require_alive(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is not None:
            raise CommandFailed(f"A process of the demo ended by itself (exit code {child.returncode}).")


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
