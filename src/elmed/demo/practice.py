"""The pharmacy's test world: a synthetic doctor and patients, and prescriptions that its test key can try things on."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from elmed.access.actors import Actor, of_person
from elmed.accounts.actions import register
from elmed.accounts.models import AccountKind, AccountState, Person, Role
from elmed.config.checks import DEMO_DOMAIN
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.demo import acts
from elmed.demo.people import People
from elmed.patients.actions import create
from elmed.patients.identity import Identity
from elmed.patients.models import IdentityCheck, Sex
from elmed.prescriptions.actions.verify import verify

# Family name, born, medicines, whether the pharmacist has checked it.
ROWS = (
    ("Testerby", date(1970, 1, 1), ("amoxicillin",), True),
    ("Sampleton", date(1980, 2, 2), ("ramipril", "atorvastatin"), True),
    ("Mockford", date(1990, 3, 3), ("omeprazole",), False),
)


def tell(people: People, now: datetime) -> None:
    """Three prescriptions in the pharmacy's test world, two of them ready to be dispensed."""
    pharmacy = people.accounts["pharmacy"]
    if pharmacy.test_world_id is None:
        raise RuntimeError("The pharmacy has no test world")
    doctor = _synthetic_doctor(pharmacy.test_world_id, now)
    pharmacist = replace(people.actor("pharmacist"), world_id=pharmacy.test_world_id, mode=Mode.TEST)
    for number, (family, born, medicines, checked) in enumerate(ROWS, start=1):
        moment = now - timedelta(hours=24 - number)
        new = Identity(family, "Test", born, Sex.OTHER, health_number=f"TEST-{number:04d}")
        patient = create(doctor, new, identity_check=IdentityCheck.KNOWN, now=moment).patient
        rx = acts.prescribe(doctor, patient, medicines, pharmacy_id=pharmacy.pk, now=moment)
        if checked:
            verify(pharmacist, rx.pk, now=moment + timedelta(minutes=20))


def _synthetic_doctor(world_id: int, now: datetime) -> Actor:
    """A doctor account of that world alone; nobody can sign in as its person."""
    person = Person.objects.create_user(email=f"synthetic-doctor-{world_id}@{DEMO_DOMAIN}", name="Dr Test Prescriber")
    account = register(
        kind=AccountKind.DOCTOR, name=person.name, person=person, roles=[Role.PRESCRIBER], now=now,
        state=AccountState.VERIFIED, licence_number=f"TEST-{world_id}", licence_body="GMC", world_id=world_id,
        phone="+44 117 496 0999",
    )  # fmt: skip
    actor = of_person(person, account, authenticated_at=real_now())
    if actor is None:
        raise RuntimeError("The synthetic doctor belongs to no account")
    return actor
