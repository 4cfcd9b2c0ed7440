"""Doctors with their person, pharmacies, patients and keys."""

import hashlib
import json
import random
import secrets
import zlib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from benchmarks.data.size import Size

GIVEN = "Ada Ben Cara Dora Emil Fay Gus Hana Ivo Jane Kofi Lena Marc Nina Omar Priya Quinn Rosa Sven Tara".split()  # noqa: SIM905
FAMILY = "Abbott Brook Carr Dean Ewing Foster Grant Hill Ivers Jones Khan Lowe Moss Nash Owens Price Reed Shaw".split()  # noqa: SIM905
PERSON = ("id", "password", "last_login", "email", "name", "is_active", "created_at", "terms_accepted_at", "language")
ACCOUNT = (
    "id", "kind", "state", "state_reason", "name", "licence_number", "licence_body", "licence_expires_on", "specialty",
    "phone", "address", "city", "world_id", "test_world_id", "created_at", "updated_at", "asked_at",
)  # fmt: skip
MEMBERSHIP = ("id", "person_id", "account_id", "role", "created_at", "registration_number")
PATIENT = (
    "id", "world_id", "family_name", "given_name", "date_of_birth", "sex", "health_number", "phone", "email", "address",
    "allergy_status", "account_id", "merged_into_id", "created_at", "updated_at", "weight_milli", "weighed_on",
)  # fmt: skip
KEY = (
    "id", "account_id", "mode", "name", "digest", "hint", "scopes", "allowed_ips", "requests_per_minute",
    "created_by_id", "created_at", "expires_at", "revoked_at", "revoked_by_id", "replaced_by_id",
)  # fmt: skip
Row = tuple[Any, ...]


class Secret(NamedTuple):
    """A key that the load will use."""

    key_id: int
    account_id: int
    kind: str
    secret: str


def name(number: int) -> tuple[str, str]:
    """Given and family name of the person with that number."""
    return GIVEN[number % len(GIVEN)], f"{FAMILY[number % len(FAMILY)]}-{number // 360}"


def persons(size: Size) -> Iterator[Row]:
    """One for each doctor, with the doctor account's id."""
    for n in range(1, size.doctors + 1):
        given, family = name(n)
        yield n, "!", None, f"doctor{n}@clinic.test", f"{given} {family}", True, size.now, None, ""


def accounts(size: Size) -> Iterator[Row]:
    """Verified doctors, then verified pharmacies."""
    for n in range(1, size.doctors + 1):
        given, family = name(n)
        yield (
            n, "doctor", "verified", "", f"Dr {given} {family}", f"D{n:06}", "GMC", None, "General practice",
            f"+44 20 7946 {n % 10000:04}", "", "London", 1, None, size.now, size.now, None,
        )  # fmt: skip
    for n in range(size.pharmacies):
        yield (
            size.pharmacy(n), "pharmacy", "verified", "", f"{FAMILY[n % len(FAMILY)]} Street Pharmacy {n}", f"P{n:06}",
            "GPhC", None, "", "+44 20 7946 0000", f"{n} High Street", "London", 1, None, size.now, size.now, None,
        )  # fmt: skip


def memberships(size: Size) -> Iterator[Row]:
    """Each doctor's person prescribes."""
    for n in range(1, size.doctors + 1):
        yield n, n, n, "prescriber", size.now, ""


def born_on(number: int) -> date:
    """A patient's date of birth."""
    return date(1930, 1, 1) + timedelta(days=number * 7919 % 30_000)


def patients(size: Size) -> Iterator[Row]:
    """Patients without accounts."""
    for n in range(1, size.patients + 1):
        given, family = name(n)
        yield (
            n, 1, family, given, born_on(n), "female" if n % 2 else "male", f"H{n:09}", "+44 20 7946 0001", "",
            f"{n % 200} Mill Lane, London", "not_recorded", None, None, size.now, size.now, None, None,
        )  # fmt: skip


def make_secrets(size: Size) -> list[Secret]:
    """Four fifths of the keys for pharmacies, the rest for doctors."""
    made = []
    for n in range(size.keys):
        body = secrets.token_hex(28)
        secret = f"elm_{body}{zlib.crc32(body.encode()):08x}"
        doctor = n % 5 == 4
        account = n // 5 % size.doctors + 1 if doctor else size.pharmacy(n - n // 5)
        made.append(Secret(n + 1, account, "doctor" if doctor else "pharmacy", secret))
    return made


def keys(size: Size, made: list[Secret]) -> Iterator[Row]:
    """Their rows: hashes only."""
    scopes = {
        "doctor": json.dumps(["patient:read", "rx:read"]),
        "pharmacy": json.dumps(["patient:read", "rx:dispense", "rx:read"]),
    }
    for one in made:
        yield (
            one.key_id, one.account_id, "live", "dispensing system", hashlib.sha256(one.secret.encode()).digest(),
            one.secret[-4:], scopes[one.kind], "[]", 120, None, size.now, None, None, None, None,
        )  # fmt: skip


def shuffled(made: list[Secret]) -> list[Secret]:
    """In an order that does not follow the accounts' ids, the same each time."""
    mixed = list(made)
    random.Random(1).shuffle(mixed)
    return mixed
