"""The cast: the same people in every test. Two doctors, two pharmacies with their staff, two patients, ELMED's staff."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.core.management.color import no_style
from django.db import connection

from elmed.access import actors, keys
from elmed.access.actors import Actor, of_person
from elmed.access.permissions import of_scopes
from elmed.accounts.models import Account, AccountKind, AccountState, Membership, Person, Role
from elmed.core.clock import real_now
from elmed.core.models import Mode, World
from elmed.patients.models import Patient, Sex

# Yesterday morning: what happened then lies in the past of every face, which reads the real clock.
NOW = datetime.combine(real_now().date() - timedelta(days=1), time(10), UTC)


@dataclass
class Cast:
    """Everybody. Actors are made anew from their account's present state."""

    doctor: Account
    other_doctor: Account
    pharmacy: Account
    other_pharmacy: Account
    staff: Account
    people: dict[str, Person]
    patient: Patient
    other_patient: Patient

    def actor(self, name: str) -> Actor:
        """The actor by the name of a person, or `clock`."""
        if name == "clock":
            return actors.clock()
        account = {
            "doctor": self.doctor, "other_doctor": self.other_doctor, "owner": self.pharmacy, "pharmacist": self.pharmacy,
            "technician": self.pharmacy, "other_pharmacist": self.other_pharmacy, "staff": self.staff,
            "patient": self.patient.account,
        }[name]  # fmt: skip
        account.refresh_from_db()
        actor = of_person(self.people[name], account, authenticated_at=real_now())
        assert actor is not None
        return actor


def key_actor(cast: Cast, name: str, *scopes: str) -> Actor:
    """A live key of that person's account, acting."""
    owner = cast.actor(name)
    key, _ = keys.create(owner, name="till", scopes=list(scopes))
    return Actor(
        account_id=owner.account_id, account_kind=owner.account_kind, account_state=owner.account_state, source="api",
        permissions=of_scopes(frozenset(scopes), owner.account_kind), key_id=key.pk, key_name=key.name, scopes=frozenset(scopes),
    )  # fmt: skip


def person(name: str) -> Person:
    """A person without a password, not yet stored."""
    return Person(email=f"{name}@example.org", name=name.replace("_", " ").title(), password="!")


def newcomer(name: str) -> Person:
    """Somebody more than the cast."""
    somebody = person(name)
    somebody.save()
    return somebody


def live_world() -> None:
    """Row 1, which a flush took away; the sequence, which the flush may have restarted, goes on after it."""
    if not World.objects.filter(pk=1).exists():
        World.objects.create(pk=1, mode=Mode.LIVE)
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [World]):
                cursor.execute(statement)


def assemble() -> Cast:
    """Put the cast into an empty live world."""
    live_world()
    names = ("doctor", "other_doctor", "owner", "pharmacist", "technician", "other_pharmacist", "staff", "patient")
    people = dict(zip(names, Person.objects.bulk_create(map(person, names)), strict=True))

    # By the row rather than by register(): it is put together for every test.
    kinds = [
        (AccountKind.DOCTOR, "Dr Ada Brook", "D1"), (AccountKind.DOCTOR, "Dr Ben Carr", "D2"),
        (AccountKind.PHARMACY, "Brook Street Pharmacy", "P1"), (AccountKind.PHARMACY, "Hill Pharmacy", "P2"),
        (AccountKind.STAFF, "ELMED", ""), (AccountKind.PATIENT, "Cara Dean", ""),
    ]  # fmt: skip
    worlds = World.objects.bulk_create(World(mode=Mode.TEST) for kind, _, licence in kinds if licence)
    accounts = Account.objects.bulk_create(
        Account(
            kind=kind, name=name, state=AccountState.VERIFIED, licence_number=licence, world_id=1, phone="+44 20 7946 0000",
            licence_body="GMC" if kind == AccountKind.DOCTOR else "GPhC", test_world=worlds[number] if licence else None,
        )
        for number, (kind, name, licence) in enumerate(kinds)
    )  # fmt: skip
    doctor, other_doctor, pharmacy, other_pharmacy, staff, patient_account = accounts
    Membership.objects.bulk_create(
        Membership(account=account, person=people[who], role=role)
        for account, who, role in (
            (doctor, "doctor", Role.PRESCRIBER), (other_doctor, "other_doctor", Role.PRESCRIBER), (pharmacy, "owner", Role.OWNER),
            (pharmacy, "pharmacist", Role.PHARMACIST), (pharmacy, "technician", Role.TECHNICIAN),
            (other_pharmacy, "other_pharmacist", Role.PHARMACIST), (staff, "staff", Role.STAFF), (patient_account, "patient", Role.PATIENT),
        )
    )  # fmt: skip

    def patient(family: str, given: str, number: str, owner: Account | None = None) -> Patient:
        return Patient.objects.create(
            world_id=1, family_name=family, given_name=given, date_of_birth=date(1961, 2, 3), sex=Sex.FEMALE, health_number=number,
            account=owner, created_at=NOW, updated_at=NOW,
        )  # fmt: skip

    return Cast(
        doctor, other_doctor, pharmacy, other_pharmacy, staff, people,
        patient("Dean", "Cara", "H1", patient_account), patient("Ewing", "Dora", "H2"),
    )  # fmt: skip
