"""Do both servers say the same? Compared byte by byte before anything is measured.

What depends on the request is left out: the cursor's text (each signs its own), and of a dispense its ids and moments.
The writes of one dispense by each are compared table by table.
"""

import http.client
import json
import re
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.servers import Running

HOW_MANY = 50
ROOT = "/api/public/v1/prescriptions"
WRITES = {  # table: what a dispense of prescription %(rx)s by request %(request)s leaves there, ids and moments apart
    "prescription": "SELECT status, version, status_reason, issue_number, next_dispense_at, ended_as, ended_at <= updated_at "
    "FROM prescriptions_prescription WHERE id = %(rx)s",
    "lines": "SELECT supplied_milli = quantity_milli, reserved_milli, closed_milli "
    "FROM prescriptions_prescriptionline WHERE prescription_id = %(rx)s ORDER BY position",
    "dispense": "SELECT issue_number, pharmacy_id = (SELECT pharmacy_id FROM prescriptions_prescription WHERE id = %(rx)s), "
    "key_id IS NOT NULL, person_id, source, receiver, external_reference, note, fully_reversed, void, "
    "handed_over_at = created_at FROM prescriptions_dispense WHERE prescription_id = %(rx)s",
    "dispense lines": "SELECT l.position, d.quantity_milli = l.quantity_milli, product_sku, batch_number, expiry_date, "
    "substituted, d.substitution_reason, reversed_milli, restored_milli FROM prescriptions_dispenseline d "
    "JOIN prescriptions_prescriptionline l ON l.id = d.line_id WHERE l.prescription_id = %(rx)s ORDER BY l.position",
    "event": "SELECT type, world_id, version, data - 'dispense_id', subject_account_id, actor_person_id, "
    "actor_key_id IS NOT NULL, source FROM events_event WHERE request_id = %(request)s",
    "listings": "SELECT (SELECT kind FROM accounts_account WHERE id = l.account_id), l.world_id, l.sequence = c.last "
    "FROM events_eventlisting l JOIN events_eventcounter c USING (account_id, world_id) "
    "JOIN events_event e ON e.id = l.event_id WHERE e.request_id = %(request)s ORDER BY 1",
    "access records": "SELECT r.world_id, actor_person_id, actor_key_id IS NOT NULL, source, action, reason, "
    "(SELECT count(*) FROM events_accessrecordpatient WHERE record_id = r.id) "
    "FROM events_accessrecord r WHERE request_id = %(request)s",
}


class Different(SystemExit):
    """The two do not answer, or write, the same."""


def check(folder: Path, ours: Running, twin: Running, connection: psycopg.Connection, *, skip: int) -> int:
    """Compare lists, reads and a dispense each. Returns how many lines of dispense.tsv, after `skip`, were used. Raises Different."""
    for key in (folder / "list.tsv").read_text().splitlines()[:HOW_MANY]:
        _equal(f"{ROOT}?limit=20", *(_get(server, f"{ROOT}?limit=20", key)[0] for server in (ours, twin)))
    for line in (folder / "read.tsv").read_text().splitlines()[:HOW_MANY]:
        number, key = line.split("\t")
        _equal(f"read {number}", *(_get(server, f"{ROOT}/{number}", key)[0] for server in (ours, twin)))
    lines = (folder / "dispense.tsv").read_text().splitlines()[skip:]
    written = [_dispensed(server, line, connection) for server, line in zip((ours, twin), _alike(lines), strict=True)]
    for table in WRITES:
        _equal(f"rows of a dispense, {table}", *(json.dumps(one[table], default=str) for one in written))
    _equal("keys of a dispense's answer", *(json.dumps(one["shape"]) for one in written))
    return max(map(lines.index, _alike(lines))) + 1


def _alike(lines: list[str]) -> tuple[str, str]:
    """Two prescriptions of one build: lines and notes follow from the id (data/prescriptions.py)."""
    first = lines[0]
    rest = int(first.split("\t")[0]) % 12
    return first, next(line for line in lines[1:] if int(line.split("\t")[0]) % 12 == rest)


def _dispensed(server: Running, line: str, connection: psycopg.Connection) -> dict[str, Any]:
    number, key = line.split("\t")
    text, request = _get(server, f"{ROOT}/{number}/dispense", key, method="POST")
    written: dict[str, Any] = {
        table: connection.execute(query, {"rx": int(number), "request": request}).fetchall()
        for table, query in WRITES.items()
    }
    return written | {"shape": _shape(json.loads(text))}


def _shape(value: Any) -> Any:
    """Names and types, in their order."""
    if isinstance(value, dict):
        return {name: _shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shape(inner) for inner in value]
    return type(value).__name__


def _get(server: Running, path: str, key: str, *, method: str = "GET") -> tuple[str, str]:
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    link.request(method, path, headers={"X-API-Key": key})
    response = link.getresponse()
    text = response.read().decode()
    link.close()
    if response.status != 200:
        raise Different(f"{server.name} answered {method} {path} with {response.status}: {text[:300]}")
    return re.sub(r'"next_cursor": "[^"]+"', '"next_cursor": "…"', text), response.headers["X-Request-Id"]


def _equal(what: str, ours: str, twin: str) -> None:
    if ours != twin:
        at = next((i for i, (a, b) in enumerate(zip(ours, twin, strict=False)) if a != b), min(len(ours), len(twin)))
        raise Different(
            f"{what}: the two differ from character {at} on.\n"
            f"ELMED: {ours[max(0, at - 80) : at + 80]}\ntwin:  {twin[max(0, at - 80) : at + 80]}"
        )
