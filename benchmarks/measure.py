"""One run of wrk against one server, and what it cost: requests a second, latencies, CPU of server and database."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg

from benchmarks import cpu
from benchmarks.place import ROOT
from benchmarks.servers import Running

SCRIPT = ROOT / "benchmarks" / "load" / "prescriptions.lua"
KINDS = ("list", "read", "dispense")


@dataclass(frozen=True)
class Run:
    """The figures of one run."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    server_ms: float
    database_ms: float
    errors: int

    @property
    def total_ms(self) -> float:
        """CPU a request, server and database together."""
        return self.server_ms + self.database_ms


class Load:
    """Runs wrk, and remembers how far each file of requests is used up."""

    def __init__(self, folder: Path, connection: psycopg.Connection, *, dispensed: int) -> None:
        """Begin after the dispenses that were used for the comparison."""
        self.folder, self.connection = folder, connection
        self.used = {"list": 0, "read": 0, "dispense": dispensed}
        self.there = sum(1 for _ in (folder / "dispense.tsv").open())

    def run(self, server: Running, kind: str, *, connections: int, seconds: int) -> Run:
        """Measure one run. Stops the benchmark where every prescription is dispensed already."""
        if self.used["dispense"] >= self.there:
            raise SystemExit("Too few prescriptions to dispense: fewer --seconds or --rounds, or a larger --scale.")
        backends, process = cpu.of_backends(self.connection), cpu.of_tree(server.pid)
        found = self._wrk(server, kind, connections, seconds)
        database = cpu.spent(backends, cpu.of_backends(self.connection))
        spent = cpu.of_tree(server.pid) - process
        count = max(found["requests"], 1)
        self.used[kind] += found["used"]
        return Run(
            requests=found["requests"],
            per_second=found["requests"] / found["seconds"],
            p50_ms=found["p50_ms"],
            p99_ms=found["p99_ms"],
            server_ms=spent / count * 1000,
            database_ms=database / count * 1000,
            errors=found["not_2xx"] + found["broken"],
        )

    def _wrk(self, server: Running, kind: str, connections: int, seconds: int) -> dict[str, float]:
        command = [
            "wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "10", "-s", str(SCRIPT),
            f"http://127.0.0.1:{server.port}", "--", kind, str(self.folder / f"{kind}.tsv"), str(self.used[kind]),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        last = done.stdout.strip().splitlines()[-1:] or [""]
        if done.returncode or not last[0].startswith("{"):
            raise SystemExit(f"wrk failed: {done.stdout}{done.stderr}")
        found: dict[str, float] = json.loads(last[0])
        return found


def middle(runs: Sequence[Run]) -> Run:
    """The median of each figure; of errors and requests, the sum."""
    return Run(
        requests=sum(run.requests for run in runs),
        per_second=median(run.per_second for run in runs),
        p50_ms=median(run.p50_ms for run in runs),
        p99_ms=median(run.p99_ms for run in runs),
        server_ms=median(run.server_ms for run in runs),
        database_ms=median(run.database_ms for run in runs),
        errors=sum(run.errors for run in runs),
    )
