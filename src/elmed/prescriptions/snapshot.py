"""What is signed: the prescription's words as they stood at issue, and the check that the rows still say them.

Pharmacy, status and version are not part of it: they change without a new signature.
"""

import json
from collections.abc import Sequence
from typing import Any

from elmed.accounts.models import Account
from elmed.core import quantities
from elmed.core.clock import rfc3339
from elmed.patients.models import Patient
from elmed.prescriptions import seal
from elmed.prescriptions.models import Prescription, PrescriptionLine


def _line(line: PrescriptionLine) -> dict[str, Any]:
    return {
        "id": line.pk,
        "medication": {
            "text": line.medication_text,
            "code": line.medication_code,
            "system": line.medication_system,
            "strength": line.strength,
            "form": line.form,
            "route": line.route,
        },
        "dosage_instruction": line.dosage_text,
        "quantity": {"value": quantities.text(line.quantity_milli), "unit": line.unit},
        "days_supply": line.days_supply,
        "substitution": {"allowed": line.substitution_allowed, "reason": line.substitution_reason or None},
        "is_controlled": line.is_controlled,
    }


def _own(rx: Prescription, lines: Sequence[PrescriptionLine]) -> dict[str, Any]:
    """The part that must stay equal to the prescription's own rows for good."""
    if rx.issued_at is None:
        raise ValueError("A draft has no snapshot.")
    return {
        "id": rx.pk,
        "world_id": rx.world_id,
        "diagnosis": rx.diagnosis,
        "medications": [_line(line) for line in lines],
        "notes": rx.notes,
        "valid_from": rx.valid_from.isoformat(),
        "valid_until": rx.valid_until.isoformat(),
        "repeats_allowed": rx.repeats_allowed,
        "minimum_dispense_interval_days": rx.minimum_dispense_interval_days,
        "is_controlled": rx.is_controlled,
        "replaces": rx.replaces_id,
        "issued_at": rfc3339(rx.issued_at),
    }


def make(rx: Prescription, lines: Sequence[PrescriptionLine], prescriber: Account, patient: Patient) -> bytes:
    """The canonical JSON to sign: the prescription's words, and prescriber and patient as they are called now."""
    people = {
        "prescriber": {
            "id": prescriber.pk,
            "name": prescriber.name,
            "licence_number": prescriber.licence_number,
            "licence_body": prescriber.licence_body,
            "phone": prescriber.phone,
        },
        "patient": {"id": patient.pk, "name": patient.name, "date_of_birth": patient.date_of_birth.isoformat()},
    }
    return seal.canonical(_own(rx, lines) | people)


def intact(rx: Prescription, lines: Sequence[PrescriptionLine]) -> bool:
    """Whether the seal fits the snapshot, and the rows that are dispensed from still say what it says."""
    payload = rx.snapshot.encode()
    if not rx.snapshot or rx.issued_at is None or not seal.holds(payload, rx.signature_key_id, rx.signature_value):
        return False
    signed = json.loads(rx.snapshot)
    same_people = signed["patient"]["id"] == rx.patient_id and signed["prescriber"]["id"] == rx.prescriber_id
    return same_people and all(signed.get(key) == value for key, value in _own(rx, lines).items())
