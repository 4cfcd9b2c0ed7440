"""The results as a page: the machine, the table of medians, every run."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import psycopg

from benchmarks.data.size import Size
from benchmarks.measure import Run, middle

Key = tuple[str, int]  # kind of request, connections
Results = Mapping[Key, Mapping[str, Sequence[Run]]]
AIMS = {"list": 1.5, "read": 1.5, "dispense": 3.0}
HEAD = """\
| request | connections | server | requests/s | p50 ms | p99 ms | CPU ms, server | CPU ms, database | CPU ms, both | ratio | aim | errors |
|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"""


def machine(connection: psycopg.Connection) -> str:
    """Processor, memory, versions, and the database's settings that matter."""
    settings = dict(
        connection.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name IN "
            "('server_version', 'shared_buffers', 'fsync', 'synchronous_commit', 'jit')"
        ).fetchall()
    )
    model = next((line.split(": ")[1] for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    memory = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    return (
        f"{os.cpu_count()} cores ({model}), {memory / 1024 / 1024:.0f} GiB, Python {platform.python_version()}, "
        f"PostgreSQL {settings.pop('server_version')} ({', '.join(f'{k}={v}' for k, v in sorted(settings.items()))})"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def table(results: Results) -> str:
    """Medians over the rounds, and ELMED's CPU against the twin's."""
    lines = [HEAD]
    for (kind, connections), by_server in results.items():
        totals = {name: middle(runs).total_ms for name, runs in by_server.items()}
        for name, runs in by_server.items():
            run = middle(runs)
            ratio = f"**{totals['ELMED'] / totals['twin']:.2f}**" if name == "ELMED" else ""
            aim = f"{AIMS[kind]}" if name == "ELMED" else ""
            lines.append(
                f"| {kind} | {connections} | {name} | {run.per_second:.0f} | {run.p50_ms:.1f} | {run.p99_ms:.1f} | "
                f"{run.server_ms:.2f} | {run.database_ms:.2f} | {run.total_ms:.2f} | {ratio} | {aim} | {run.errors} |"
            )
    return "\n".join(lines)


def each_run(results: Results) -> str:
    """CPU a request, both together, of every run in its turn."""
    lines = [
        "| request | connections | server | CPU ms, both, in each round | requests in all |",
        "|---|--:|---|---|--:|",
    ]
    for (kind, connections), by_server in results.items():
        for name, runs in by_server.items():
            rounds = " · ".join(f"{run.total_ms:.2f}" for run in runs)
            lines.append(f"| {kind} | {connections} | {name} | {rounds} | {sum(run.requests for run in runs)} |")
    return "\n".join(lines)


def page(
    *,
    size: Size,
    where: str,
    results: Results,
    seconds: int,
    rounds: int,
    workers: int,
    threads: int,
    load: Sequence[str],
    compared: int,
) -> str:
    """The whole page."""
    return f"""\
# Results of {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}

{where}. Servers, database and wrk share the machine. Load average (1, 5, 15 minutes) before: {load[0]}; after: {load[1]}.

{size.prescriptions:,} prescriptions, {size.prescriptions * 5 // 2:,} lines, {size.patients:,} patients, {size.pharmacies:,} pharmacies,
{size.keys:,} keys. {rounds} rounds of {seconds} s, ELMED and the twin in turns; {workers} process each, ELMED with
{threads} threads, the twin with {threads} database connections. Before measuring, {compared} lists, {compared} reads
and the rows of a dispense were compared: equal.

Medians of the rounds. *Ratio* is ELMED's CPU a request, server and database together, over the twin's.

{table(results)}

Every run:

{each_run(results)}
"""
