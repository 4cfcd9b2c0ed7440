"""CPU time from /proc: of a server's process tree, and of the database's backends that serve it.

PostgreSQL's other processes (writer, checkpointer, autovacuum) are left out: they serve everybody.
"""

import os
from pathlib import Path

import psycopg

TICK = os.sysconf("SC_CLK_TCK")


def _times(pid: int) -> tuple[int, float]:
    """(parent, CPU seconds of the process and of its ended children)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15])) / TICK


def of_tree(root: int) -> float:
    """CPU seconds of a process and all below it."""
    parents, spent = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)], spent[int(entry.name)] = _times(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    total, open_ = 0.0, [root]
    while open_:
        pid = open_.pop()
        total += spent.get(pid, 0.0)
        open_ += [child for child, parent in parents.items() if parent == pid]
    return total


def of_backends(connection: psycopg.Connection) -> dict[int, float]:
    """CPU seconds of each client backend of this database, but the one that asks."""
    rows = connection.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_type IN ('client backend', 'parallel worker') AND pid <> pg_backend_pid()"
    ).fetchall()
    found = {}
    for (pid,) in rows:
        try:
            found[pid] = _times(pid)[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """What the backends used between two looks. Servers keep their connections, so that none ends meanwhile."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())
