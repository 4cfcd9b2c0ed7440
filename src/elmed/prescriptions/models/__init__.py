"""The rows of a prescription's life, by what they are about. Fields and constraints; the acts are in ../actions."""

from elmed.prescriptions.models.favourite import Favourite
from elmed.prescriptions.models.prescription import (
    FormerSupplier,
    Hold,
    LineClosure,
    Prescription,
    PrescriptionLine,
    WarningAnswer,
)
from elmed.prescriptions.models.reservation import Freed, ProofTries, Reservation, ReservationLine
from elmed.prescriptions.models.supply import Dispense, DispenseLine, Reversal, Source
from elmed.prescriptions.models.sweep import Sweep, SweepEnd, SweepKind

__all__ = [
    "Dispense",
    "DispenseLine",
    "Favourite",
    "FormerSupplier",
    "Freed",
    "Hold",
    "LineClosure",
    "Prescription",
    "PrescriptionLine",
    "ProofTries",
    "Reservation",
    "ReservationLine",
    "Reversal",
    "Source",
    "Sweep",
    "SweepEnd",
    "SweepKind",
    "WarningAnswer",
]
