"""Prescriptions with lines, dispenses and pauses: two years of them, the newest tenth still open.

The verified ones that the dispense load uses up carry a true seal. The others carry the words and the seal of another
prescription: as long, but nothing may be dispensed from them.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from benchmarks.data import people
from benchmarks.data.size import Size
from elmed.accounts.models import Account
from elmed.core.clock import end_of_day
from elmed.patients.models import Patient
from elmed.prescriptions import reference, seal, snapshot
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription, PrescriptionLine

RX = (
    "id", "world_id", "reference", "status", "status_reason", "version", "prescriber_id", "prescriber_person_id",
    "patient_id", "consultation_id", "pharmacy_id", "diagnosis", "notes", "valid_from", "valid_until", "expires_at",
    "repeats_allowed", "issue_number", "minimum_dispense_interval_days", "next_dispense_at", "is_controlled",
    "replaces_id", "replaced_at", "verified_at", "ended_at", "ended_as", "issued_at", "created_at", "updated_at",
    "snapshot", "signature_key_id", "signature_value", "signed_at", "draft_answers", "step_since",
)  # fmt: skip
LINE = (
    "id", "prescription_id", "position", "medication_text", "medication_code", "medication_system", "strength", "form",
    "route", "dosage_text", "quantity_milli", "unit", "days_supply", "substitution_allowed", "substitution_reason",
    "is_controlled", "supplied_milli", "reserved_milli", "closed_milli", "medicine_id", "dose",
    "demonstration",
)  # fmt: skip
DISPENSE = (
    "id", "prescription_id", "issue_number", "pharmacy_id", "person_id", "key_id", "source", "handed_over_at",
    "receiver", "external_reference", "note", "created_at", "fully_reversed", "void", "reservation_id",
)  # fmt: skip
DISPENSE_LINE = (
    "id", "dispense_id", "line_id", "quantity_milli", "product_sku", "batch_number", "expiry_date", "substituted",
    "substitution_reason", "reversed_milli", "restored_milli",
)  # fmt: skip
HOLD = (
    "id", "prescription_id", "kind", "side", "return_to", "reason", "question", "placed_at", "placed_by_id", "ended_at",
    "outcome", "answer", "answered_at",
)  # fmt: skip

# status: its share of a hundred
OLD = {"dispensed": 84, "expired": 6, "cancelled": 4, "rejected": 2, "not_dispensed": 2, "stopped": 2}
NEW = {"verified": 70, "pending_review": 10, "issued": 6, "partially_dispensed": 5, "on_hold": 3, "dispensed": 6}
WHOLE, PART = {"dispensed"}, {"partially_dispensed", "stopped"}
WITHOUT_PHARMACY = {"issued"}
CHECKED = {"verified", "partially_dispensed", "dispensed", "not_dispensed", "stopped", "on_hold"}
ENDED = {"dispensed", "expired", "cancelled", "rejected", "not_dispensed", "stopped"}
LINES = (1, 2, 2, 3, 3, 4)
DIAGNOSES = [
    [{"text": text, "code": code, "system": "ICD-10"}]
    for text, code in (("Acute bronchitis", "J20.9"), ("Essential hypertension", "I10"), ("Type 2 diabetes", "E11.9"))
]
MEDICINES = [  # text, ATC, strength, form, sentence, thousandths, unit, days
    ("amoxicillin 500 mg capsules", "J01CA04", "500 mg", "capsule", "Take one capsule three times a day", 21000, "capsule", 7),
    ("ramipril 5 mg tablets", "C09AA05", "5 mg", "tablet", "Take one tablet each morning", 28000, "tablet", 28),
    ("metformin 500 mg tablets", "A10BA02", "500 mg", "tablet", "Take one tablet twice a day with food", 56000, "tablet", 28),
    ("atorvastatin 20 mg tablets", "C10AA05", "20 mg", "tablet", "Take one tablet at night", 28000, "tablet", 28),
    ("paracetamol 120 mg/5 ml suspension", "N02BE01", "24 mg/ml", "suspension", "Take 7.5 ml four times a day", 112500, "ml", None),
    ("salbutamol 100 mcg inhaler", "R03AC02", "100 mcg", "inhaler", "Two puffs when needed", 1000, "inhaler", None),
]  # fmt: skip
FILLERS = 500
READ_EVERY = 17


@dataclass
class Chunk:
    """Rows of one stretch of ids, by table."""

    rx: list[tuple[Any, ...]] = field(default_factory=list)
    lines: list[tuple[Any, ...]] = field(default_factory=list)
    dispenses: list[tuple[Any, ...]] = field(default_factory=list)
    dispense_lines: list[tuple[Any, ...]] = field(default_factory=list)
    holds: list[tuple[Any, ...]] = field(default_factory=list)


class Maker:
    """Makes chunks in the order of ids."""

    def __init__(self, size: Size, secrets: list[people.Secret]) -> None:
        """Start at id 1."""
        self.size, self.random = size, random.Random(7)
        self.line_id = self.dispense_id = self.dispense_line_id = self.hold_id = 0
        self.key_of = {one.account_id: one.key_id for one in secrets if one.kind == "pharmacy"}
        self.old, self.new = _hundred(OLD), _hundred(NEW)
        self.zone = jurisdiction().zone
        self.dispensable: list[tuple[int, int]] = []  # (prescription, pharmacy)
        self.readable: list[tuple[int, int]] = []  # the same, of any status and age
        self.doctors = {row[0]: Account(**dict(zip(people.ACCOUNT, row, strict=True))) for row in people.accounts(size)}
        self.fillers: list[tuple[str, str, str]] = []
        self.fillers = [self._filler(n) for n in range(1, FILLERS + 1)]
        self.line_id = 0

    def chunks(self, step: int = 20_000) -> Iterator[Chunk]:
        """All of it."""
        for first in range(1, self.size.prescriptions + 1, step):
            chunk = Chunk()
            for rx_id in range(first, min(first + step, self.size.prescriptions + 1)):
                self._add(chunk, rx_id)
            yield chunk

    def _filler(self, number: int) -> tuple[str, str, str]:
        chunk = Chunk()
        self._add(chunk, number, filler=True)
        rx = chunk.rx[0]
        return rx[29], rx[30], rx[31]

    def _add(self, chunk: Chunk, rx_id: int, *, filler: bool = False) -> None:
        size, pick = self.size, self.random
        is_new = rx_id >= size.open_from
        status = (self.new if is_new else self.old)[pick.randrange(100)]
        pharmacy = None if status in WITHOUT_PHARMACY else size.pharmacy(pick.randrange(size.pharmacies))
        doctor = 1 + pick.randrange(size.doctors)
        age = timedelta(days=730) * ((size.prescriptions - rx_id) / size.prescriptions)
        issued_at = size.now - age - timedelta(hours=3)
        valid_from = issued_at.astimezone(self.zone).date()
        valid_until = valid_from + timedelta(days=179)
        sealed = filler or status == "verified"
        repeats = 3 if not sealed and rx_id % 10 == 0 else 0
        lines = self._lines(rx_id, status)
        ended_at = issued_at + timedelta(hours=2) if status in ENDED else None
        values = (
            rx_id, 1, _reference(rx_id), status, "Not needed" if status == "cancelled" else "", 3, doctor, doctor,
            1 + pick.randrange(size.patients), None, pharmacy, DIAGNOSES[rx_id % 3], "" if rx_id % 4 else "Blister packs, please",
            valid_from, valid_until, end_of_day(valid_until, self.zone), repeats, 1, 28 if repeats else 0, None, False,
            None, None, issued_at + timedelta(hours=1) if status in CHECKED else None, ended_at, "", issued_at,
            issued_at - timedelta(minutes=5), issued_at + timedelta(hours=2), "", "", "", issued_at, None,
            issued_at + timedelta(hours=2),
        )  # fmt: skip
        sealing = self._seal(values, lines) if sealed else self.fillers[rx_id % FILLERS]
        chunk.rx.append((*values[:11], json.dumps(values[11]), *values[12:29], *sealing, *values[32:]))
        chunk.lines.extend(lines)
        if filler:
            return
        if status == "verified" and pharmacy is not None:
            self.dispensable.append((rx_id, pharmacy))
        if pharmacy is not None and rx_id % READ_EVERY == 3:
            self.readable.append((rx_id, pharmacy))
        if status in WHOLE | PART:
            self._dispense(chunk, rx_id, pharmacy, lines, issued_at + timedelta(hours=2))
        if status == "on_hold":
            self.hold_id += 1
            chunk.holds.append(
                (
                    self.hold_id,
                    rx_id,
                    "pharmacy",
                    "pharmacy",
                    "verified",
                    "Out of stock",
                    "",
                    issued_at,
                    None,
                    None,
                    "",
                    "",
                    None,
                )
            )

    def _lines(self, rx_id: int, status: str) -> list[tuple[Any, ...]]:
        made = []
        for position in range(1, LINES[rx_id % len(LINES)] + 1):
            text, code, strength, form, sentence, quantity, unit, days = MEDICINES[(rx_id + position) % len(MEDICINES)]
            supplied = quantity if status in WHOLE else quantity // 2 if status in PART and position == 1 else 0
            self.line_id += 1
            made.append(
                (self.line_id, rx_id, position, text, code, "ATC", strength, form, "oral", sentence, quantity, unit, days,
                 True, "", False, supplied, 0, 0, None, None, False)
            )  # fmt: skip
        return made

    def _dispense(
        self, chunk: Chunk, rx_id: int, pharmacy: int | None, lines: list[tuple[Any, ...]], moment: datetime
    ) -> None:
        self.dispense_id += 1
        chunk.dispenses.append(
            (self.dispense_id, rx_id, 1, pharmacy, None, self.key_of.get(pharmacy), "api", moment, "", f"T{rx_id}", "",
             moment, False, False, None)
        )  # fmt: skip
        for line in lines:
            if line[16]:
                self.dispense_line_id += 1
                chunk.dispense_lines.append(
                    (self.dispense_line_id, self.dispense_id, line[0], line[16], None, "B1234", None, False, "", 0, 0)
                )

    def _seal(self, values: tuple[Any, ...], lines: list[tuple[Any, ...]]) -> tuple[str, str, str]:
        """(snapshot, key id, signature), as the act of issuing makes them."""
        rx = Prescription(**dict(zip(RX, values, strict=True)))
        rows = [PrescriptionLine(**dict(zip(LINE, line, strict=True))) for line in lines]
        given, family = people.name(rx.patient_id)
        patient = Patient(
            id=rx.patient_id, given_name=given, family_name=family, date_of_birth=people.born_on(rx.patient_id)
        )
        payload = snapshot.make(rx, rows, self.doctors[rx.prescriber_id], patient)
        return payload.decode(), *seal.sign(payload)


def _hundred(shares: dict[str, int]) -> list[str]:
    statuses = [status for status, share in shares.items() for _ in range(share)]
    if len(statuses) != 100:
        raise ValueError("The shares do not add up to a hundred.")
    return statuses


def _reference(number: int) -> str:
    """A distinct reference; not random, so that it is made fast. Its check character is left out of account."""
    digits = []
    for _ in range(12):
        number, rest = divmod(number, 32)
        digits.append(reference.ALPHABET[rest])
    whole = "".join(reversed(digits))
    return f"{whole[:4]}-{whole[4:8]}-{whole[8:]}"
