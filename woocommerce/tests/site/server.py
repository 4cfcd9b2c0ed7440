"""ELMED itself, as `elmed serve`, with a database and keys of its own: started, killed and started again by the tests.

Used by control.py. `settings()` is the whole environment that ELMED gets; nothing of the caller's own goes in.
"""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from woocommerce.tests.site.places import REPOSITORY, BedError

READY_WITHIN = 30.0


def settings(*, data: Path, database: str, base_url: str) -> dict[str, str]:
    """ELMED's environment for the shop's tests; `database` empty is SQLite in `data`."""
    data.mkdir(parents=True, exist_ok=True)
    return {
        "ELMED_ENV": "development", "ELMED_DATA": str(data), "DATABASE_URL": database, "BASE_URL": base_url,
        "DJANGO_SETTINGS_MODULE": "elmed.config.settings", "WEB_WORKERS": "2" if database else "1",
        # One doctor signs for all tests, at one moment.
        "SIGNING_LIMIT_TEN_MINUTES": "10000", "SIGNING_LIMIT_DAY": "100000",
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(REPOSITORY),
    }  # fmt: skip


def fresh_postgres(url: str) -> None:
    """Make the database of that address anew; nobody else's can have this name."""
    parts = urlsplit(url)
    name = sql.Identifier(parts.path.lstrip("/"))
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as link:
        link.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        link.execute(sql.SQL("CREATE DATABASE {}").format(name))


def drop_postgres(url: str) -> None:
    """Remove it again."""
    parts = urlsplit(url)
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as link:
        link.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(parts.path.lstrip("/"))))


class Elmed:
    """The server's process."""

    def __init__(self, *, port: int, environment: dict[str, str], log: Path) -> None:
        self.port, self.environment, self.log = port, environment, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait for its first answer. Raises BedError where none comes."""
        if self._process is not None:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "elmed.cli", "serve", "--quiet", "--port", str(self.port)],
                env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        end = monotonic() + READY_WITHIN
        while monotonic() < end and self._process.poll() is None:
            if self._answers():
                return
            sleep(0.1)
        raise BedError(f"ELMED did not start; see {self.log}.")

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/public/v1/me", timeout=5).close()
        except urllib.error.HTTPError as error:
            return error.code == 401
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it at once with its workers, as a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
            self._process = None
