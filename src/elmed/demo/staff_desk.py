"""What ELMED's staff did and have before them in the demo: a closed pharmacy, a doctor who was none, two records of one person.

`write` comes before the named prescriptions, so that those are the newest; `tell` is of the last day: the real acts of
staff, which can still be taken back or gone on with. Called by seed.py.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from elmed.accounts.actions import change_state
from elmed.accounts.models import AccountState
from elmed.demo import acts
from elmed.demo.people import People
from elmed.patients.actions import create, set_allergies
from elmed.patients.identity import Identity
from elmed.patients.merge import merge
from elmed.patients.models import IdentityCheck, Patient, Sex
from elmed.patients.opening import open_record
from elmed.prescriptions import pharmacy_lists
from elmed.prescriptions.actions import sweeps
from elmed.prescriptions.actions.correct import correct
from elmed.prescriptions.actions.fraud import suspend_for_fraud
from elmed.prescriptions.actions.remind import remind
from elmed.prescriptions.actions.transfer import transfer
from elmed.prescriptions.models import Prescription

BEFORE = timedelta(hours=75)  # after story.py's newest, before named.py's first
HOUR = timedelta(hours=1)
STEP = HOUR / 2

# Who writes what for whom, and where it goes; a second word in the name says what becomes of it.
WRITTEN: dict[str, tuple[str, str, str, str | None]] = {
    "stranded": ("doctor", "kowalska", "omeprazole", "closed_pharmacy"),
    "stranded, unchecked": ("doctor", "hughes", "cetirizine", "closed_pharmacy"),
    "stranded, ready": ("doctor", "nguyen", "omeprazole", "closed_pharmacy"),
    "false, ready": ("false_doctor", "rahman", "omeprazole", "pharmacy"),
    "false, at home": ("false_doctor", "obrien", "cetirizine", None),
    "mistaken": ("doctor", "castellano", "cetirizine", "pharmacy"),
}
# Made by the other doctor, who did not find the record that there was: of whom, called how, phone, allergy.
TWICE = {
    "fernandes": ("Bea", "+44 7700 900211", ("codeine", "nausea")),
    "campbell": ("E.", "+44 7700 900210", ("sulfonamides", "rash")),
}
CHECKED = {"closed_pharmacy": "closed_pharmacist", "pharmacy": "pharmacist"}


@dataclass
class Desk:
    """What `tell` goes on with."""

    prescriptions: dict[str, Prescription] = field(default_factory=dict)
    second: dict[str, Patient] = field(default_factory=dict)


def write(people: People, now: datetime) -> Desk:
    """Everything that doctors and pharmacists did, three days ago."""
    desk, at = Desk(), now - BEFORE
    for name, (doctor, patient, medicine, pharmacy) in WRITTEN.items():
        at += STEP
        pharmacy_id = people.accounts[pharmacy].pk if pharmacy else None
        rx = acts.prescribe(people.actor(doctor), people.patients[patient], [medicine], pharmacy_id=pharmacy_id, now=at)
        if pharmacy and "unchecked" not in name:
            acts.check(people, CHECKED[pharmacy], rx, at + STEP / 2)
        desk.prescriptions[name] = rx
    for name in TWICE:
        at += STEP
        desk.second[name] = _again(people, name, at)
    return desk


def _again(people: People, name: str, now: datetime) -> Patient:
    first, (called, phone, allergy) = people.patients[name], TWICE[name]
    doctor = people.actor("other_doctor")
    new = Identity(
        family_name=first.family_name,
        given_name=called,
        date_of_birth=first.date_of_birth,
        sex=Sex(first.sex),
        phone=phone,
    )
    made = create(doctor, new, identity_check=IdentityCheck.KNOWN, summary="New here.", now=now).patient
    set_allergies(doctor, made.pk, none_known=False, substances=[allergy], now=now)
    acts.prescribe(doctor, made, ["atorvastatin"], pharmacy_id=people.accounts["other_pharmacy"].pk, now=now)
    return made


def tell(people: People, desk: Desk, now: datetime) -> None:
    """What a colleague of `staff` did since yesterday, and the pharmacy's reminder of the longest waiting one.

    Whoever signs in as `staff` is still asked for a reason before a record opens.
    """
    staff, written = people.actor("other_staff"), desk.prescriptions
    change_state(
        staff, people.accounts["closed_pharmacy"].pk, AccountState.SUSPENDED,
        reason="The pharmacy closed for good on Monday.", now=now - 6 * HOUR,
    )  # fmt: skip
    mine = people.patients["kowalska"]
    open_record(staff, mine.pk, reason="She asked by phone for her prescription at the closed pharmacy.")
    transfer(staff, written["stranded"].pk, reason="The pharmacy closed.", now=now - 5 * HOUR)
    order = suspend_for_fraud(
        staff,
        people.accounts["false_doctor"].pk,
        reason="The licence belongs to somebody else.",
        now=now - 4 * HOUR,
    )
    sweeps.advance(order.pk, seconds=60)
    open_record(staff, people.patients["castellano"].pk, reason="The surgery reported a mix-up of two patients.")
    correct(staff, written["mistaken"].pk, reason="Written into the wrong patient's record.", now=now - 3 * HOUR)
    why = "One person: the same birth date and address, and the surgery confirmed it."
    merge(
        staff,
        people.patients["campbell"].pk,
        desk.second["campbell"].pk,
        reason=why,
        now=now - 2 * HOUR,
    )
    counter = people.actor("technician")
    longest = pharmacy_lists.uncollected(counter, now - timedelta(days=7)).first()
    if longest is not None:
        remind(counter, longest.pk, now=now - HOUR)
