"""Where the benchmark runs: its database, its folder, ELMED's environment as in production.

Only a database whose name begins with `elmed_bench` is ever made or dropped.
"""

import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from cryptography.fernet import Fernet
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "elmed_bench"
DEFAULT_URL = f"postgres:///{PREFIX}"


class Missing(SystemExit):
    """Something that the benchmark needs is not there."""


@dataclass(frozen=True)
class Place:
    """One benchmark's database and folder."""

    url: str
    folder: Path

    @property
    def database(self) -> str:
        """The database's name."""
        return urlsplit(self.url).path.removeprefix("/")

    @property
    def dsn(self) -> str:
        """The address as asyncpg wants it: its scheme, and the local socket named where no host is."""
        url = self.url.replace("postgres://", "postgresql://", 1)
        if urlsplit(url).hostname or "PGHOST" in os.environ or "host=" in url:
            return url
        return f"{url}{'&' if '?' in url else '?'}host=/var/run/postgresql"

    def environment(self, *, workers: int = 1, threads: int = 8) -> dict[str, str]:
        """What ELMED is started with: a production's settings, on loopback."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "ELMED_ENV": "production",
            "ELMED_DATA": str(self.folder),
            "DATABASE_URL": self.url,
            "BASE_URL": "http://localhost",
            "EMAIL_HOST": "localhost",
            "EMAIL_FROM": "no-reply@bench.elmed.healthcare",
            "SUPPORT_EMAIL": "support@bench.elmed.healthcare",
            "WEB_WORKERS": str(workers),
            "WEB_THREADS": str(threads),
            **{name: value for name, value in os.environ.items() if name.startswith("PG")},
        }


def require(place: Place) -> None:
    """Raise Missing, in words that say what to install, where the benchmark cannot run here."""
    if not Path("/proc/self/stat").exists():
        raise Missing("The benchmark reads CPU times from /proc: it runs on Linux only.")
    if shutil.which("wrk") is None:
        raise Missing("wrk, which makes the load, is missing. On Debian and Ubuntu: apt-get install wrk")
    if not place.database.startswith(PREFIX):
        raise Missing(f"The database's name must begin with {PREFIX}: it is dropped at the end.")
    try:
        with psycopg.connect(place.url, dbname="postgres") as connection:
            version = connection.info.server_version
            may = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.OperationalError as error:
        raise Missing(
            f"PostgreSQL does not answer at {place.url}: {str(error).splitlines()[0]}\n"
            "Install and start PostgreSQL 15 or newer, on this machine (CPU is read from its processes), "
            "or set ELMED_BENCH_POSTGRES."
        ) from None
    if version < 150000:
        raise Missing(f"PostgreSQL 15 or newer is needed; this is {version // 10000}.")
    if may is None or not may[0]:
        raise Missing("The database role may not create databases (ALTER ROLE … CREATEDB).")


def create(place: Place) -> None:
    """An empty, migrated database and a folder with the keys that production wants."""
    drop(place)
    with psycopg.connect(place.url, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(place.database)))
    place.folder.mkdir(parents=True, mode=0o700)
    secret = place.folder / "secret-key"
    secret.touch(mode=0o600)
    secret.write_text(secrets.token_urlsafe(48))
    factors = place.folder / "second-factor-keys"
    factors.touch(mode=0o600)
    factors.write_text(Fernet.generate_key().decode())
    subprocess.run(
        [sys.executable, "-m", "elmed.cli", "migrate"],
        env=place.environment(),
        check=True,
        stdout=subprocess.DEVNULL,
    )


def drop(place: Place) -> None:
    """Remove the database and the folder."""
    with psycopg.connect(place.url, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(place.database)))
    shutil.rmtree(place.folder, ignore_errors=True)
