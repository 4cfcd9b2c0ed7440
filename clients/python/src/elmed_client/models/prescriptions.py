"""A prescription, as the list and the read answer it. Statuses are texts: a new one breaks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from elmed_client.models.base import Model
from elmed_client.models.dispenses import Dispense, Pharmacy
from elmed_client.models.patients import Patient


@dataclass(frozen=True, kw_only=True, repr=False)
class Prescriber(Model):
    """The doctor."""

    id: int
    name: str
    licence_number: str
    phone: str | None


@dataclass(frozen=True, kw_only=True, repr=False)
class PrescribedTo(Model):
    """The patient, as signed."""

    id: int
    name: str
    date_of_birth: date


@dataclass(frozen=True, kw_only=True, repr=False)
class Diagnosis(Model):
    """ICD-10 where coded."""

    text: str
    code: str | None = None
    system: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Medicine(Model):
    """What is to be supplied, as the doctor wrote it."""

    text: str
    code: str | None
    system: str | None
    strength: str | None
    form: str | None
    route: str | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Quantity(Model):
    """A number and its unit; units never convert."""

    value: Decimal
    unit: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Substitution(Model):
    """Whether another product of the same medicine may be supplied."""

    allowed: bool
    reason: str | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Medication(Model):
    """A line of a prescription; its `id` is the `medication_id` of a dispense's line."""

    id: int
    medication: Medicine
    dosage_instruction: str
    quantity: Quantity
    days_supply: int | None
    substitution: Substitution
    quantity_dispensed: Decimal
    quantity_remaining: Decimal
    quantity_reserved: Decimal


@dataclass(frozen=True, kw_only=True, repr=False)
class Signature(Model):
    """The installation's seal; its public keys lie at `/.well-known/elmed-keys.json`."""

    algorithm: str
    key_id: str
    value: str
    signed_at: datetime


@dataclass(frozen=True, kw_only=True, repr=False)
class PrescriptionState(Model):
    """What a key without `rx:read` sees of a prescription."""

    id: int
    status: str
    version: int


@dataclass(frozen=True, kw_only=True, repr=False)
class PrescriptionHead(Model):
    """What the list and the read have in common."""

    id: int
    reference: str | None
    status: str
    status_reason: str | None
    version: int
    prescriber: Prescriber
    patient: Patient | PrescribedTo
    """The whole profile only with `expand="patient"`."""
    pharmacy: Pharmacy | None
    medications: tuple[Medication, ...]
    valid_from: date
    valid_until: date
    repeats_allowed: int
    repeats_remaining: int
    minimum_dispense_interval_days: int
    next_dispense_at: datetime | None
    is_controlled: bool
    replaces: int | None
    issued_at: datetime | None
    created_at: datetime
    updated_at: datetime
    signature: Signature | None
    allowed_actions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class PrescriptionListItem(PrescriptionHead):
    """A prescription as the list has it: without diagnosis and notes, and with `dispenses` only where asked to expand."""

    dispenses: tuple[Dispense, ...] | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Prescription(PrescriptionHead):
    """A prescription in full. `etag` is for `get_if_changed` and `if_match`."""

    diagnosis: tuple[Diagnosis, ...]
    notes: str | None
    dispenses: tuple[Dispense, ...]
    etag: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class DispenseResult(Model):
    """What a dispense or a reversal came to."""

    prescription: Prescription | PrescriptionState | None
    """Its state alone to a key without `rx:read`; None where the pharmacy does not see it any more."""
    dispense: Dispense


@dataclass(frozen=True, kw_only=True, repr=False)
class Routed(Model):
    """The prescription that was brought to this pharmacy's queue; `version` is None where this ELMED is older than it."""

    prescription_id: int
    status: str
    version: int | None = None
