"""The twin's dispense: lock, look, verify the seal, write everything in one statement, answer; one transaction.

What it takes: all that remains, or `lines` of line ids and quantities. What it never meets in the benchmark's data (a late
report, a replacement, repeats, holds) it refuses instead of deciding it as ELMED does.
"""

import base64
import json
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from benchmarks.twin import sql

OPEN = {"issued", "pending_review", "verified", "partially_dispensed", "on_hold"}
FIELDS = {"lines", "external_reference", "receiver", "note"}
QUANTITY = re.compile(r"(0|[1-9][0-9]{0,6})(?:\.([0-9]{1,3}))?")
ZONE = ZoneInfo("Europe/London")


class NotNow(Exception):
    """Its state does not allow it."""


@lru_cache(maxsize=1)
def _public_key() -> Ed25519PublicKey:
    file = sorted(Path(os.environ["SEALING_KEYS_DIR"]).glob("*.pem"))[-1]
    key: Any = load_pem_private_key(file.read_bytes(), password=None)
    return key.public_key()


def _text(thousandths: int) -> str:
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)


def _milli(text: str) -> int:
    match = QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))


def _sealed(rx: Any, lines: Sequence[Any]) -> bool:
    """Whether the seal fits what was signed, and the rows still say it."""
    try:
        _public_key().verify(base64.b64decode(rx["signature_value"]), rx["snapshot"].encode())
    except (InvalidSignature, ValueError):
        return False
    signed = json.loads(rx["snapshot"])
    return (
        signed["id"] == rx["id"]
        and signed["world_id"] == rx["world_id"]
        and signed["patient"]["id"] == rx["patient_id"]
        and signed["prescriber"]["id"] == rx["prescriber_id"]
        and signed["diagnosis"] == json.loads(rx["diagnosis"])
        and signed["notes"] == rx["notes"]
        and signed["valid_from"] == rx["valid_from"].isoformat()
        and signed["valid_until"] == rx["valid_until"].isoformat()
        and signed["repeats_allowed"] == rx["repeats_allowed"]
        and signed["minimum_dispense_interval_days"] == rx["minimum_dispense_interval_days"]
        and signed["is_controlled"] == rx["is_controlled"]
        and signed["replaces"] == rx["replaces_id"]
        and signed["issued_at"] == rx["issued_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        and signed["medications"] == [
            {
                "id": line["id"],
                "medication": {
                    "text": line["medication_text"], "code": line["medication_code"], "system": line["medication_system"],
                    "strength": line["strength"], "form": line["form"], "route": line["route"],
                },
                "dosage_instruction": line["dosage_text"],
                "quantity": {"value": _text(line["quantity_milli"]), "unit": line["unit"]},
                "days_supply": line["days_supply"],
                "substitution": {"allowed": line["substitution_allowed"], "reason": line["substitution_reason"] or None},
                "is_controlled": line["is_controlled"],
            }
            for line in lines
        ]
    )  # fmt: skip


def _refuse(rx: Any, account_id: int, now: datetime) -> None:
    """Raise NotNow where it may not be dispensed."""
    day = rx["valid_from"]
    if rx["pharmacy_id"] != account_id:
        raise NotNow("not_a_party")
    if rx["status"] not in ("verified", "partially_dispensed"):
        raise NotNow("invalid_status")
    if rx["is_controlled"]:
        raise NotNow("controlled_portal_only")
    if rx["replaced_at"] is not None or rx["replaced_status"] in OPEN:
        raise NotNow("replaced")
    if now >= rx["expires_at"]:
        raise NotNow("expired")
    if now < datetime(day.year, day.month, day.day, tzinfo=ZONE):
        raise NotNow("not_yet_valid")
    if rx["next_dispense_at"] is not None and now < rx["next_dispense_at"]:
        raise NotNow("too_early")


def _wanted(lines: Sequence[Any], body: dict[str, Any]) -> dict[int, int]:
    """How much of each line. Raises ValueError (the body), NotNow (more than is left)."""
    if set(body) - FIELDS:
        raise ValueError("unknown field")
    left = {
        row["id"]: row["quantity_milli"] - row["supplied_milli"] - row["closed_milli"] - row["reserved_milli"]
        for row in lines
    }
    if "lines" in body:
        wanted: dict[int, int] = {}
        for line in body["lines"]:
            wanted[line["medication_id"]] = wanted.get(line["medication_id"], 0) + _milli(line["quantity"])
    else:
        wanted = {line_id: quantity for line_id, quantity in left.items() if quantity > 0}
    if not wanted or any(quantity > left[line_id] for line_id, quantity in wanted.items()):
        raise NotNow("quantity_unavailable")
    return wanted


async def dispense(
    connection: Any,
    *,
    world_id: int,
    account_id: int,
    prescription_id: int,
    key_id: int,
    request_id: str,
    body: dict[str, Any],
) -> str:
    """Record it and return both documents as JSON. Raises LookupError (not visible), ValueError, NotNow."""
    now = datetime.now(UTC)
    async with connection.transaction():
        rx = await connection.fetchrow(sql.LOCK, world_id, account_id, prescription_id)
        if rx is None:
            raise LookupError(prescription_id)
        locked_at = datetime.now(UTC)
        lines = await connection.fetch(sql.LINES, prescription_id)
        wanted = _wanted(lines, body)
        _refuse(rx, account_id, now)
        if not _sealed(rx, lines):
            raise NotNow("signature_invalid")
        supplied = {row["id"]: row["supplied_milli"] + wanted.get(row["id"], 0) for row in lines}
        complete = all(supplied[row["id"]] + row["closed_milli"] >= row["quantity_milli"] for row in lines)
        if complete and rx["issue_number"] <= rx["repeats_allowed"]:
            raise NotNow("repeats")
        status = "dispensed" if complete else "partially_dispensed"
        concerned = sorted({rx["prescriber_id"], account_id, *filter(None, [rx["patient_account_id"]])})
        dispense_id = await connection.fetchval(
            sql.WRITE, world_id, account_id, prescription_id, key_id, request_id, now, status, list(wanted),
            list(wanted.values()), concerned, body.get("external_reference"), body.get("receiver") or "",
            body.get("note") or "", status == "dispensed", locked_at,
        )  # fmt: skip
        answer: str = await connection.fetchval(
            sql.ANSWER, world_id, account_id, prescription_id, key_id, request_id, now, True, dispense_id
        )
    return answer
