"""A thousand long polls at once against `elmed serve --only-events`: memory, CPU while they wait, and how soon each is told.

    .venv/bin/python -m benchmarks.waiting [--sockets 1000]

Makes a small database of its own (its name begins with elmed_bench) and removes it at the end.
"""

import argparse
import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks import cpu, place, servers
from benchmarks.place import ROOT, Place

WATCHED = 15.0  # seconds of quiet waiting over which the CPU is counted
WAIT = 25


def main() -> None:
    """Make the data, start the server, wait with many, tell all of them, print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.waiting", description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000, choices=range(1, 3001), metavar="1-3000")
    sockets = parser.parse_args().sockets
    where = Place("postgres:///elmed_bench_waiting", ROOT / "var" / "bench-waiting")
    os.environ.update(where.environment(), DJANGO_SETTINGS_MODULE="elmed.config.settings")
    try:
        secrets = _data(where)[:sockets]
        with psycopg.connect(where.url, autocommit=True) as link, servers.events(where) as server:
            asyncio.run(_measure(link, server, secrets))
    finally:
        place.drop(where)


def _data(where: Place) -> list[str]:
    place.create(where)
    import django

    django.setup()
    from benchmarks.data.make import make
    from benchmarks.data.size import Size
    from elmed.prescriptions import seal

    size = Size(0.005, datetime.now(UTC))
    seal.make_key(where.folder / "sealing-keys", size.now)
    make(where.url, where.folder, size)
    return (where.folder / "list.tsv").read_text().split()


async def _measure(link: "psycopg.Connection", server: servers.Running, secrets: list[str]) -> None:
    before = _memory(server.pid)
    answered: list[float] = []
    asked = [asyncio.create_task(_ask(server.port, secret, answered)) for secret in secrets]
    await asyncio.sleep(5)  # all have been authenticated and wait
    waiting = sum(not one.done() for one in asked)
    memory, backends = _memory(server.pid), cpu.of_backends(link)
    spent, began = cpu.of_tree(server.pid), time.monotonic()
    await asyncio.sleep(WATCHED)
    quiet = (cpu.of_tree(server.pid) - spent) / (time.monotonic() - began)
    database = cpu.spent(backends, cpu.of_backends(link)) / (time.monotonic() - began)
    told = time.monotonic()
    await asyncio.to_thread(_tell_all)
    committed = time.monotonic()
    sizes = await asyncio.gather(*asked)
    late = sorted(moment - committed for moment in answered)
    print(f"waiting at once: {waiting} of {len(secrets)}; answered with the event: {sum(size > 0 for size in sizes)}")
    print(f"memory of the server: {before / 1024:.0f} MB before, {memory / 1024:.0f} MB while they wait")
    print(f"CPU while nothing happens: server {100 * quiet:.1f} %, database {100 * database:.1f} % of one core")
    half, all_ = late[len(late) // 2], late[-1]
    print(f"told after the commit ({committed - told:.1f} s): half within {half:.2f} s, all within {all_:.2f} s")


async def _ask(port: int, secret: str, answered: list[float]) -> int:
    """One long poll on a socket of its own; how many events it was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /api/public/v1/events?wait={WAIT} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {secret}\r\nConnection: close\r\n\r\n".encode()
    )
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    answered.append(time.monotonic())
    writer.close()
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"Not answered: {head.splitlines()[0]!r}")
    return body.count(b'"sequence"')


def _tell_all() -> None:
    """One event in the list of every account, in one transaction."""
    from django.db import connection, transaction

    from elmed.access.actors import of_command
    from elmed.accounts.models import Account
    from elmed.core.clock import real_now
    from elmed.events.record import record

    with transaction.atomic():
        everybody = Account.objects.values_list("pk", flat=True)
        record(of_command(), "account.contact_changed", accounts=list(everybody), at=real_now())
    connection.close()


def _memory(pid: int) -> int:
    """Resident memory of the server's processes, in kB."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_resident(one) for one in [str(pid), *children])


def _resident(pid: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
