"""The test world: what a scenario made, and how it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from elmed_client.models.base import Model
from elmed_client.models.prescriptions import PrescribedTo, PrescriptionState, Quantity


@dataclass(frozen=True, kw_only=True, repr=False)
class ScenarioLine(Model):
    """A line of a prescription that a scenario made."""

    medication_id: int
    text: str
    quantity: Quantity


@dataclass(frozen=True, kw_only=True, repr=False)
class ScenarioPrescription(Model):
    """A prescription that a scenario made, and the ids of its dispenses."""

    id: int
    reference: str
    status: str
    version: int
    medications: tuple[ScenarioLine, ...]
    dispenses: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class Proof(Model):
    """What a shopper shows: `prescriptions.check(reference=…, date_of_birth=…)`."""

    reference: str
    date_of_birth: date


@dataclass(frozen=True, kw_only=True, repr=False)
class ScenarioProduct(Model):
    """A product of the test catalogue."""

    id: int
    sku: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Scenario(Model):
    """What was played: `what` it is, what to `try_`, and the side (`as_`) that the account stands on."""

    name: str
    what: str
    try_: str
    as_: str
    now: datetime
    patient: PrescribedTo
    prescriptions: tuple[ScenarioPrescription, ...]
    """The newest last."""
    proof: Proof | None
    products: tuple[ScenarioProduct, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class WorldClock(Model):
    """The time of the test world."""

    now: datetime


@dataclass(frozen=True, kw_only=True, repr=False)
class Acted(Model):
    """What the other side did; `replacement`: what it signed in its place, with the act `replace`, where ELMED tells it."""

    act: str
    by: str
    now: datetime
    prescription: PrescriptionState
    replacement: PrescriptionState | None = None
