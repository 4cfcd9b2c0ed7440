"""A patient's basic profile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from elmed_client.models.base import Model


@dataclass(frozen=True, kw_only=True, repr=False)
class Allergy(Model):
    """One recorded allergy."""

    substance: str
    code: str | None
    reaction: str | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Allergies(Model):
    """`status`: not_recorded and none_known are two things; recorded: see `items`."""

    status: str
    items: tuple[Allergy, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class Patient(Model):
    """A patient you have an active relationship with."""

    id: int
    name: str
    date_of_birth: date
    sex: str
    phone: str | None
    email: str | None
    address: str | None
    allergies: Allergies
    updated_at: datetime
