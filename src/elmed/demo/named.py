"""The prescriptions that `demo.json` names: one in each state that somebody trying the API wants to meet.

Told after story.py, so that they are the newest. All are the doctor's and at the pharmacy, save `other_pharmacy`;
none has repeats.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from elmed.core.models import LIVE_WORLD_ID
from elmed.demo import acts
from elmed.demo.people import People
from elmed.prescriptions.actions.cancel import cancel
from elmed.prescriptions.actions.expire import expire_due
from elmed.prescriptions.actions.hold import hold
from elmed.prescriptions.actions.reject import reject
from elmed.prescriptions.jurisdiction import jurisdiction
from elmed.prescriptions.models import Prescription

HOUR = timedelta(hours=1)


class Named:
    """Tells them, oldest first; each starts an hour or more after the one before."""

    def __init__(self, people: People, now: datetime) -> None:
        """Begin three days ago."""
        self.people = people
        self.end = now
        self.now = now - timedelta(hours=72)

    def tell(self) -> dict[str, Prescription]:
        """Every named prescription, and `verify`, the one more that `demo.json` gives the proof of."""
        told = {
            "expired": self._expired(),
            "dispensed": self._dispensed(),
            "rejected": self._rejected(),
            "cancelled": self._cancelled(),
            "partially_dispensed": self._partially_dispensed(),
            "on_hold": self._on_hold(),
            "other_pharmacy": self._other_pharmacy(),
            "verify": self._checked("rahman", ["cetirizine"]),
            "verified_two_lines": self._checked("campbell", ["amlodipine", "atorvastatin"]),
            "verified": self._checked("kowalska", ["nitrofurantoin"]),
            "pending_review": self._sent("osei", ["amoxicillin"]),
        }
        for rx in told.values():
            rx.refresh_from_db()
        return told

    def _later(self, hours: float) -> datetime:
        self.now += hours * HOUR
        if self.now > self.end:
            raise RuntimeError("The demo's story runs past the present")
        return self.now

    def _sent(
        self, patient: str, medicines: Sequence[str], *, notes: str = "", today_only: bool = False
    ) -> Prescription:
        now = self._later(3)
        return acts.prescribe(
            self.people.actor("doctor"),
            self.people.patients[patient],
            medicines,
            pharmacy_id=self.people.accounts["pharmacy"].pk,
            now=now,
            notes=notes,
            valid_until=jurisdiction().day(now) if today_only else None,
        )

    def _checked(self, patient: str, medicines: Sequence[str], **words: str) -> Prescription:
        rx = self._sent(patient, medicines, notes=words.get("notes", ""))
        acts.check(self.people, "pharmacist", rx, self._later(1))
        return rx

    def _expired(self) -> Prescription:
        """Valid on the day it was written only, and that day is over."""
        rx = self._sent("hughes", ["ibuprofen"], today_only=True)
        expire_due(self.end, world_id=LIVE_WORLD_ID)
        return rx

    def _dispensed(self) -> Prescription:
        rx = self._checked("adeyemi", ["prednisolone"])
        acts.hand_over(self.people, "technician", rx, self._later(2))
        return rx

    def _rejected(self) -> Prescription:
        rx = self._sent("whitfield", ["omeprazole"])
        reason = "Already collected this week at another pharmacy, the patient says."
        reject(self.people.actor("pharmacist"), rx.pk, reason=reason, now=self._later(1))
        return rx

    def _cancelled(self) -> Prescription:
        rx = self._sent("obrien", ["hydrocortisone"])
        cancel(self.people.actor("doctor"), rx.pk, reason="Written for the wrong patient.", now=self._later(0.5))
        return rx

    def _partially_dispensed(self) -> Prescription:
        """The first line in full, half of the second."""
        rx = self._checked("castellano", ["ramipril", "metformin"], notes="Blister packs, please: poor eyesight.")
        first, second = rx.lines.all()
        given = {first.pk: first.quantity_milli, second.pk: acts.half_of(second)}
        acts.hand_over(self.people, "technician", rx, self._later(2), quantities=given)
        return rx

    def _on_hold(self) -> Prescription:
        rx = self._sent("nguyen", ["flucloxacillin"])
        hold(
            self.people.actor("pharmacist"),
            rx.pk,
            reason="Dose to be confirmed with the prescriber",
            question="Four times a day for 7 days with a weight of 46 kg: is that meant?",
            now=self._later(1),
        )
        return rx

    def _other_pharmacy(self) -> Prescription:
        """Of the other doctor, at the other pharmacy."""
        rx = acts.prescribe(
            self.people.actor("other_doctor"),
            self.people.patients["bergstrom"],
            ["atorvastatin"],
            pharmacy_id=self.people.accounts["other_pharmacy"].pk,
            now=self._later(3),
        )
        acts.check(self.people, "other_pharmacist", rx, self._later(1))
        return rx
