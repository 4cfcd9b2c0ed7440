"""What the request log costs: CPU of `GET /prescriptions/{id}` with and without it, in turns in one run, on PostgreSQL.

    .venv/bin/python -m benchmarks.request_log [--requests 1000] [--rounds 12]

The application is called in this process, without a server in front: the log's share of a request is rather larger here
than in production. Counted is this process with all its threads, and the database's backends; what the writer does is
within its round. Makes a small database of its own (its name begins with elmed_bench) and removes it at the end.
"""

import argparse
import os
import statistics
import time
from datetime import UTC, datetime

import psycopg

from benchmarks import cpu, place
from benchmarks.place import ROOT, Place

Reads = list[tuple[str, str]]
SETTLED = 0.2  # seconds, so that the backends' work is counted where it belongs


def main() -> None:
    """Make the data, read in turns, print each round and the ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.request_log", description=__doc__)
    parser.add_argument("--requests", type=int, default=1000, help="a round")
    parser.add_argument("--rounds", type=int, default=12, help="of each kind")
    asked = parser.parse_args()
    where = Place("postgres:///elmed_bench_request_log", ROOT / "var" / "bench-request-log")
    os.environ.update(where.environment(), DJANGO_SETTINGS_MODULE="elmed.config.settings")
    try:
        with psycopg.connect(_made(where).url, autocommit=True) as link:
            _measure(link, _reads(where), requests=asked.requests, rounds=asked.rounds)
    finally:
        from django.db import connections

        connections.close_all()
        place.drop(where)


def _made(where: Place) -> Place:
    place.create(where)
    import django

    django.setup()
    from benchmarks.data.make import make
    from benchmarks.data.size import Size
    from elmed.prescriptions import seal

    size = Size(0.005, datetime.now(UTC))
    seal.make_key(where.folder / "sealing-keys", size.now)
    make(where.url, where.folder, size)
    with psycopg.connect(where.url) as link:  # the load of one process, with few keys
        link.execute("UPDATE access_apikey SET requests_per_minute = 10000")
    return where


def _reads(where: Place) -> Reads:
    rows = (where.folder / "read.tsv").read_text().splitlines()
    return [(prescription, secret) for prescription, secret in (row.split("\t")[:2] for row in rows)]


def _measure(link: psycopg.Connection, reads: Reads, *, requests: int, rounds: int) -> None:
    from elmed.api import middleware, noting
    from elmed.config.wsgi import application
    from elmed.request_log.collect import collector

    collector.threaded = False  # written at the end of the round, in it
    spent: dict[str, list[float]] = {"without": [], "with": []}
    at = 0
    for number in range(-1, rounds):  # the first is a warm-up
        for kind in ("without", "with") if number % 2 else ("with", "without"):
            middleware.note = noting.note if kind == "with" else lambda *_: None
            backends, own = cpu.of_backends(link), time.process_time()
            for turn in range(requests):
                prescription, secret = reads[(at + turn) % len(reads)]
                _read(application, prescription, secret)
            written = _written(collector)
            time.sleep(SETTLED)
            used = time.process_time() - own + cpu.spent(backends, cpu.of_backends(link))
            at += requests
            if written != (requests if kind == "with" else 0):
                raise SystemExit(f"{written} of {requests} requests were noted: nothing to compare.")
            if number >= 0:
                spent[kind].append(1000 * used / requests)
    for kind, figures in spent.items():
        rounded = " ".join(f"{one:.3f}" for one in figures)
        print(f"{kind:>8}: {statistics.median(figures):.3f} ms of CPU a request (rounds: {rounded})")
    ratio = sum(spent["with"]) / sum(spent["without"])
    print(f"with / without: {ratio:.3f} over all rounds; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _written(collector: object) -> int:
    total = 0
    while (taken := collector.flush()) > 0:  # type: ignore[attr-defined]
        total += taken
    return total


def _read(application: object, prescription: str, secret: str) -> None:
    """One request as a WSGI server hands it over."""
    import io

    environ = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": f"/api/public/v1/prescriptions/{prescription}",
        "QUERY_STRING": "", "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost", "HTTP_X_API_KEY": secret, "REMOTE_ADDR": "127.0.0.1", "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http", "wsgi.multithread": True, "wsgi.multiprocess": True,
        "wsgi.run_once": False, "wsgi.version": (1, 0),
    }  # fmt: skip
    answered = []
    answer = application(environ, lambda status, _headers: answered.append(status))  # type: ignore[operator]
    b"".join(answer)
    answer.close()
    if not answered[0].startswith("200"):
        raise SystemExit(f"Not answered: {answered[0]}")


if __name__ == "__main__":
    main()
