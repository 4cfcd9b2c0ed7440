"""`make bench-pages`: CPU of the portals' pages at a million prescriptions on PostgreSQL, each in turn, in one process.

    python -m benchmarks.pages.run [--reuse] [--keep] [--scale 0.01] [--rounds 15] [--only queue]

The application is called as a server calls it, without one around it. Server: this process. Database: its backends.
Both are CPU time, so that others on the machine disturb little; a round asks every page once, and medians are shown.
"""

import argparse
import os
import statistics
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from benchmarks import place as places
from benchmarks.place import ROOT, Place

if TYPE_CHECKING:
    from benchmarks.data.size import Size
    from benchmarks.pages.asking import Page

LIMIT_MS = 60
WARM_UP = 3  # rounds
URL = "postgres:///elmed_bench_pages"


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="make bench-pages", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1: a million prescriptions; 0.01 to try it out")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", help="pages whose words have this in them")
    parser.add_argument("--keep", action="store_true", help="keep the database and its folder")
    parser.add_argument("--reuse", action="store_true", help="take what an earlier run kept, and keep it")
    parser.add_argument(
        "--out", type=Path, help="the results' file (default: benchmarks/results/pages-DATE.md at full scale)"
    )
    return parser.parse_args()


def main() -> int:
    """Make the rows, ask, print the table and write it."""
    chosen = options()
    place = Place(os.environ.get("ELMED_BENCH_POSTGRES") or URL, ROOT / "var" / "bench-pages")
    os.environ["PGAPPNAME"] = "elmed-bench-pages"  # by which its backends are told from others
    os.environ.update(place.environment(), DJANGO_SETTINGS_MODULE="elmed.config.settings")
    try:
        size = _data(place, chosen)
        text = _measured(place, size, chosen)
    finally:
        if not (chosen.keep or chosen.reuse):
            from django.db import connections

            connections.close_all()
            places.drop(place)
    print(text)
    whole = chosen.scale == 1 and not chosen.only
    out = chosen.out or (ROOT / "benchmarks" / "results" / f"pages-{datetime.now():%Y-%m-%d}.md" if whole else None)
    if out:
        out.write_text(text)
    return 0


def _data(place: Place, chosen: argparse.Namespace) -> "Size":
    if not chosen.reuse:
        places.create(place)
    import django

    django.setup()
    from benchmarks.data.make import make
    from benchmarks.data.size import Size
    from benchmarks.pages import busy
    from elmed.cli.migrate import migrate
    from elmed.prescriptions import seal

    size = Size(chosen.scale, datetime.now(UTC))
    if chosen.reuse:
        migrate()
    else:
        seal.make_key(place.folder / "sealing-keys", size.now)
        make(place.url, place.folder, size)
    with psycopg.connect(place.url) as connection:
        busy.arrange(connection, size)
        # In one process, so that nothing runs where it is not counted.
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET max_parallel_workers_per_gather = 0").format(sql.Identifier(place.database))
        )
    return size


def _measured(place: Place, size: "Size", chosen: argparse.Namespace) -> str:
    from benchmarks import report
    from benchmarks.pages import asking

    spent: dict[str, list[tuple[float, float]]] = defaultdict(list)
    before = os.getloadavg()
    with psycopg.connect(place.url, autocommit=True) as link:
        pages = [page for page in asking.pages(link, size) if chosen.only in page.words]
        for page in pages:
            for _ in range(WARM_UP):
                page.ask()
        backends = asking.backends(link)
        for _ in range(chosen.rounds):
            for page in pages:
                spent[page.words].append(_once(page, backends))
        where = report.machine(link)
    return _text(size, where, spent, chosen.rounds, before)


def _once(page: "Page", backends: list[int]) -> tuple[float, float]:
    """CPU milliseconds of this process and of the backends, for one answer."""
    before, own = _ran(backends), time.process_time()
    page.ask()
    own = time.process_time() - own
    after = _ran(backends)
    return own * 1000, sum(after[pid] - before[pid] for pid in after if pid in before) / 1e6


def _ran(backends: list[int]) -> dict[int, int]:
    """Nanoseconds that each of these processes has run; one that ended is left out."""
    files = ((pid, Path(f"/proc/{pid}/schedstat")) for pid in backends)
    return {pid: int(file.read_text().split()[0]) for pid, file in files if file.exists()}


def _text(
    size: "Size", where: str, spent: dict[str, list[tuple[float, float]]], rounds: int, before: tuple[float, ...]
) -> str:
    lines = []
    for words, figures in spent.items():
        server, database = (statistics.median(one[kind] for one in figures) for kind in (0, 1))
        both = sorted(sum(one) for one in figures)
        mark = "" if statistics.median(both) <= LIMIT_MS else " **over**"
        lines.append(
            f"| {words} | {server:.1f} | {database:.1f} | {statistics.median(both):.1f}{mark} | {both[0]:.1f} | {both[-1]:.1f} |"
        )
    table = "\n".join(lines)
    return f"""\
# The portals' pages, {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}

{where}. Load average (1 minute) before: {before[0]:.1f}; after: {os.getloadavg()[0]:.1f}.

{size.prescriptions:,} prescriptions, {size.patients:,} patients; asked for by a pharmacy and a doctor with a twentieth of all
prescriptions each, and about patients with 200. {rounds} rounds after a warm-up, each asking every page once, in one process.
Milliseconds of CPU an answer: of the server's process and of the database's backend, medians. The limit is {LIMIT_MS}.

| page | server | database | both | least | most |
|---|--:|--:|--:|--:|--:|
{table}
"""


if __name__ == "__main__":
    sys.exit(main())
