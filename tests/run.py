"""Runs the one suite on SQLite and on PostgreSQL, and sums up. `make test` calls it; arguments go to pytest.

PostgreSQL is ELMED_TEST_POSTGRES (a DATABASE_URL), else the server on the local socket. Where there is none its
half is skipped, loudly; with CI=true that is a failure. CI runs all of it on both. The last line is `N passed, N failed, N skipped`.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree

import psycopg

ROOT = Path(__file__).resolve().parent.parent
SOCKET_FOLDERS = ("/var/run/postgresql", "/tmp")
# The guards read the code; the demo, which the Python client is tried against, has its own embedded database.
NO_DATABASE = ("tests/guards", "tests/demo", "clients/python/tests")
# What asks the database in no way of its own, or is refused before it does: pages, commands, bad requests.
PLAIN = (
    *("tests/portals", "tests/help", "tests/cli", "tests/accounts", "tests/patients"),
    *("tests/api/test_access_matrix.py", "tests/api/test_bad_input.py", "tests/api/test_order_of_checks.py"),
    "tests/api/test_openapi.py",
)
WORKERS = os.environ.get("ELMED_TEST_WORKERS", "2")


class Counts(NamedTuple):
    """What a half came to; `sound` is whether pytest itself got to its end."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    sound: bool = True

    def plus(self, other: "Counts") -> "Counts":
        """Both halves together."""
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.sound and other.sound,
        )


def main(arguments: list[str]) -> int:
    """Run both halves; 0 only where something ran and nothing failed."""
    heading(f"SQLite {sqlite3.sqlite_version}")
    total = half("", arguments)
    url = os.environ.get("ELMED_TEST_POSTGRES") or local_server()
    version = server_version(url) if url else None
    if url and version:
        heading(f"PostgreSQL {version}")
        # A folder of testpaths is collected although it is ignored: what lies in it is ignored besides.
        ignored = [option for path in left_out() for option in (f"--ignore={path}", f"--ignore-glob={path}/*")]
        total = total.plus(half(url, [*arguments, *ignored]))
    else:
        total = total.plus(absent(url, total))
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped", flush=True)
    return 0 if total.sound and total.passed and not total.failed else 1


def left_out() -> tuple[str, ...]:
    """What PostgreSQL is not asked a second time. CI asks it all that touches a database at all."""
    if os.environ.get("CI") == "true":
        return NO_DATABASE
    print(f"(left to CI, or to CI=true: {', '.join(PLAIN)})", flush=True)
    return NO_DATABASE + PLAIN


def heading(words: str) -> None:
    """What runs now."""
    print(f"\n{'=' * 20} {words} {'=' * 20}", flush=True)


def absent(url: str | None, other: Counts) -> Counts:
    """Say that the PostgreSQL half does not run. Every test of it counts as skipped, or as a failure in CI."""
    in_ci = os.environ.get("CI") == "true"
    where = (
        f"ELMED_TEST_POSTGRES ({url.rpartition('@')[2]}) does not answer" if url else "no server on the local socket"
    )
    print("\n" + "!" * 80)
    print(f"!!  PostgreSQL: NOT TESTED, {where}.")
    print("!!  Half of the suite is skipped. Install PostgreSQL 15 or newer, or set ELMED_TEST_POSTGRES.")
    print("!" * 80, flush=True)
    if in_ci or url:
        return Counts(failed=1, sound=False)
    return Counts(skipped=other.passed + other.failed + other.skipped)


def local_server() -> str | None:
    """The address of a server on the local socket that lets this user in, with a database name of this run's own."""
    for folder in SOCKET_FOLDERS:
        try:
            with psycopg.connect(host=folder, dbname="postgres", connect_timeout=5):
                return f"postgres://{folder.replace('/', '%2F')}/elmed_{os.getpid()}"
        except psycopg.OperationalError:
            continue
    return None


def server_version(url: str) -> str | None:
    """The server's version; None where it does not answer."""
    server = urlsplit(url)._replace(path="/postgres").geturl()
    try:
        with psycopg.connect(server, connect_timeout=5) as link:
            number = link.info.server_version
    except psycopg.OperationalError as error:
        print(str(error).strip(), file=sys.stderr)
        return None
    return f"{number // 10000}.{number % 10000}"


def half(url: str, arguments: list[str]) -> Counts:
    """One run of pytest. Nothing of the caller's settings gets into it but the database."""
    with tempfile.TemporaryDirectory(prefix="elmed-test-") as folder:
        report = Path(folder) / "report.xml"
        began = time.monotonic()
        code = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-n", WORKERS, "--dist", "worksteal"),
                *(f"--junitxml={report}", "--create-db", *arguments),
            ],
            cwd=ROOT,
            env=environment(url, Path(folder)),
            check=False,
        ).returncode
        print(f"({time.monotonic() - began:.0f} s)", flush=True)
        return counts(report, code)


def environment(url: str, data: Path) -> dict[str, str]:
    """The tests' own environment."""
    from elmed.config.environment import Environment

    kept = {name: value for name, value in os.environ.items() if name.lower() not in Environment.model_fields}
    own = {"ELMED_ENV": "development", "ELMED_DATA": str(data), "PYTHONUNBUFFERED": "1"}
    return kept | own | ({"DATABASE_URL": url} if url else {})


def counts(report: Path, code: int) -> Counts:
    """What the report says. An error while collecting or cleaning up is a failure."""
    if not report.exists():
        print(f"pytest ended with {code} and no report.", file=sys.stderr)
        return Counts(failed=1, sound=False)
    suites = ElementTree.parse(report).getroot().iter("testsuite")
    tests = failed = skipped = 0
    for suite in suites:
        tests += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return Counts(max(tests - failed - skipped, 0), failed, skipped, code in (0, 1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
