"""`make bench`: make the data, start both servers, see that they answer the same, measure in turns, write the page.

Options for trying it: `--scale 0.01 --seconds 2 --rounds 1`. ELMED_BENCH_POSTGRES names another database (its name begins
with elmed_bench). The database and the folder are removed at the end; `--keep` keeps them, `--reuse` takes kept ones.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from benchmarks import place as places
from benchmarks import same, servers
from benchmarks.place import ROOT, Place

if TYPE_CHECKING:
    from benchmarks.data.size import Size
    from benchmarks.measure import Run
    from benchmarks.report import Key

CONNECTIONS = (1, 16)
WARM_UP_SECONDS = 3


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1: a million prescriptions; 0.01 to try it out")
    parser.add_argument("--seconds", type=int, default=10, help="how long each run takes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1, help="processes of each server")
    parser.add_argument(
        "--threads", type=int, default=8, help="threads of an ELMED process; as many connections has the twin"
    )
    parser.add_argument("--keep", action="store_true", help="keep the database and its folder")
    parser.add_argument("--reuse", action="store_true", help="take what an earlier run kept")
    parser.add_argument(
        "--out", type=Path, help="the results' file (default: benchmarks/results/DATE.md at full scale)"
    )
    return parser.parse_args()


def main() -> int:
    """Run all of it."""
    chosen = options()
    place = Place(os.environ.get("ELMED_BENCH_POSTGRES") or places.DEFAULT_URL, ROOT / "var" / "bench")
    places.require(place)
    servers.prepare_twin()
    os.environ.update(place.environment(), DJANGO_SETTINGS_MODULE="elmed.config.settings")
    try:
        size = _data(place, chosen)
        text = _measure(place, size, chosen)
    finally:
        if not (chosen.keep or chosen.reuse):
            places.drop(place)
    print(text)
    out = chosen.out or (
        ROOT / "benchmarks" / "results" / f"{datetime.now():%Y-%m-%d}.md" if chosen.scale == 1 else None
    )
    if out:
        out.write_text(text)
        print(f"Written to {out}")
    return 0


def _data(place: Place, chosen: argparse.Namespace) -> "Size":
    """The rows: made, or as an earlier run left them."""
    if not chosen.reuse:
        print(f"Making the database {place.database}", flush=True)
        places.create(place)
    import django

    django.setup()
    from benchmarks.data.make import make
    from benchmarks.data.size import Size
    from elmed.prescriptions import seal

    size = Size(chosen.scale, datetime.now(UTC))
    if not chosen.reuse:
        seal.make_key(place.folder / "sealing-keys", size.now)
        make(place.url, place.folder, size)
    return size


def _measure(place: Place, size: "Size", chosen: argparse.Namespace) -> str:
    from benchmarks import report
    from benchmarks.measure import KINDS, Load

    results: dict[Key, dict[str, list[Run]]] = {}
    with (
        psycopg.connect(place.url, autocommit=True) as connection,
        servers.both(place, workers=chosen.workers, threads=chosen.threads) as both,
    ):
        used = 0 if not chosen.reuse else _used_before(connection, place)
        used += same.check(place.folder, *both, connection, skip=used)
        print(f"Both answer and write the same ({same.HOW_MANY} lists, {same.HOW_MANY} reads, a dispense).", flush=True)
        load = Load(place.folder, connection, dispensed=used)
        before = _load_average()
        connection.execute("CHECKPOINT")
        for kind in KINDS:
            for server in both:
                load.run(server, kind, connections=max(CONNECTIONS), seconds=WARM_UP_SECONDS)
            for connections in CONNECTIONS:
                for number in range(chosen.rounds):
                    for server in both:
                        run = load.run(server, kind, connections=connections, seconds=chosen.seconds)
                        results.setdefault((kind, connections), {}).setdefault(server.name, []).append(run)
                        print(f"{kind}, {connections} connections, round {number + 1}, {server.name}: "
                              f"{run.per_second:.0f}/s, {run.total_ms:.2f} ms CPU, {run.errors} errors", flush=True)  # fmt: skip
        return report.page(
            size=size, where=report.machine(connection), results=results, seconds=chosen.seconds, rounds=chosen.rounds,
            workers=chosen.workers, threads=chosen.threads, load=(before, _load_average()), compared=same.HOW_MANY,
        )  # fmt: skip


def _used_before(connection: psycopg.Connection, place: Place) -> int:
    """How many lines of dispense.tsv an earlier run on the same data used up."""
    lines = (place.folder / "dispense.tsv").read_text().splitlines()
    done = {
        row[0]
        for row in connection.execute(
            "SELECT id FROM prescriptions_prescription WHERE status <> 'verified' AND id = ANY(%s)",
            [[int(line.split("\t")[0]) for line in lines]],
        )
    }
    return max((at + 1 for at, line in enumerate(lines) if int(line.split("\t")[0]) in done), default=0)


def _load_average() -> str:
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
