"""Five months in two surgeries and two pharmacies: the demo's many unnamed prescriptions.

Each prescription is a life: a generator that acts, then yields the moment of its next act. `play` takes them
all in the order of time, so that ids and events are in the order they would have been in. What lies after the
present does not happen: that is how open prescriptions come about.
"""

import heapq
import random
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from elmed.core.models import LIVE_WORLD_ID
from elmed.demo import acts
from elmed.demo.medicines import MEDICINES
from elmed.demo.people import OTHERS, People
from elmed.prescriptions.actions.cancel import cancel
from elmed.prescriptions.actions.close import close
from elmed.prescriptions.actions.expire import expire_due
from elmed.prescriptions.actions.reject import reject
from elmed.prescriptions.actions.return_ import return_
from elmed.prescriptions.actions.reverse import reverse
from elmed.prescriptions.actions.route import route
from elmed.prescriptions.actions.stop import stop
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.vocabulary import ReversalReason

Life = Generator[datetime, datetime, None]
BACKGROUND = 72  # prescriptions, before the named ones
MONTHS = timedelta(days=150)
LAST = timedelta(days=4)  # the newest unnamed one is this old: the named ones are newer

# Medicines that a patient's recorded allergies speak against.
UNSUITED = {
    "kowalska": {"amoxicillin", "flucloxacillin"},
    "whitfield": {"ibuprofen"},
    "castellano": {"ibuprofen"},
}


# What is written together.
PAIRS = (
    ("ramipril", "atorvastatin"), ("salbutamol", "beclometasone"), ("metformin", "atorvastatin"),
    ("prednisolone", "salbutamol"), ("amlodipine", "ramipril"), ("cetirizine", "hydrocortisone"),
)  # fmt: skip

# What waits at the pharmacy for its check, so many hours; the first was kept in spite of a recorded allergy.
UNCHECKED = ((78, "doctor", "kowalska", "amoxicillin"), (75, "other_doctor", "fernandes", "omeprazole"))


@dataclass(frozen=True)
class Case:
    """Who writes what for whom, and which pharmacy it goes to."""

    people: People
    doctor: str
    patient: str
    medicines: tuple[str, ...]
    pharmacy: str
    chance: random.Random

    @property
    def pharmacist(self) -> str:
        """The pharmacist of that pharmacy."""
        return "pharmacist" if self.pharmacy == "pharmacy" else "other_pharmacist"

    @property
    def counter(self) -> str:
        """Who hands over."""
        return "technician" if self.pharmacy == "pharmacy" else "other_pharmacist"

    def hours(self, least: int, most: int) -> timedelta:
        """Some time between."""
        return timedelta(minutes=self.chance.randrange(least * 60, most * 60))

    def write(self, now: datetime, *, routed: bool = True, repeats: int = 0, days: int | None = None) -> Prescription:
        """The doctor signs."""
        return acts.prescribe(
            self.people.actor(self.doctor),
            self.people.patients[self.patient],
            self.medicines,
            pharmacy_id=self.people.accounts[self.pharmacy].pk if routed else None,
            now=now,
            repeats=repeats,
            valid_until=(now + timedelta(days=days)).date() if days else None,
        )


def play(lives: list[tuple[datetime, Life]], until: datetime) -> None:
    """Let every life act at its moments, in order, up to `until`."""
    queue = [(moment, number, life) for number, (moment, life) in enumerate(lives)]
    for _, _, life in queue:
        next(life)
    heapq.heapify(queue)
    while queue and queue[0][0] <= until:
        moment, number, life = heapq.heappop(queue)
        try:
            heapq.heappush(queue, (life.send(moment), number, life))
        except StopIteration:
            continue


def _begin(now: datetime) -> datetime:
    """What a life yields before its first act, whose moment `play` knows already."""
    return now


def collected(case: Case, start: datetime) -> Life:
    """The usual way: checked the same day, collected within days."""
    now = yield _begin(start)
    rx = case.write(now)
    now = yield now + case.hours(1, 7)
    acts.check(case.people, case.pharmacist, rx, now)
    now = yield now + case.hours(2, 60)
    acts.hand_over(case.people, case.counter, rx, now)


def chosen_later(case: Case, start: datetime) -> Life:
    """The patient has not said where to; the doctor routes it on the phone, days later."""
    now = yield _begin(start)
    rx = case.write(now, routed=False)
    now = yield now + case.hours(20, 300)
    route(case.people.actor(case.doctor), rx.pk, pharmacy_id=case.people.accounts[case.pharmacy].pk, now=now)
    now = yield now + case.hours(1, 9)
    acts.check(case.people, case.pharmacist, rx, now)
    now = yield now + case.hours(2, 200)
    acts.hand_over(case.people, case.counter, rx, now)


def in_parts(case: Case, start: datetime) -> Life:
    """Not enough on the shelf: half now, the rest two days later."""
    now = yield _begin(start)
    rx = case.write(now)
    now = yield now + case.hours(1, 6)
    acts.check(case.people, case.pharmacist, rx, now)
    now = yield now + case.hours(1, 20)
    halves = {line.pk: acts.half_of(line) for line in rx.lines.all()}
    acts.hand_over(case.people, case.counter, rx, now, quantities=halves)
    now = yield now + case.hours(40, 60)
    rx.refresh_from_db()
    if rx.status == "partially_dispensed":
        acts.hand_over(case.people, case.counter, rx, now)


def repeated(case: Case, start: datetime) -> Life:
    """A long-term medicine with repeats, collected month by month."""
    now = yield _begin(start)
    repeats = case.chance.choice((2, 3, 5))
    rx = case.write(now, repeats=repeats)
    now = yield now + case.hours(1, 6)
    acts.check(case.people, case.pharmacist, rx, now)
    for _ in range(repeats + 1):
        now = yield now + case.hours(3, 30)
        acts.hand_over(case.people, case.counter, rx, now)
        now = yield now + timedelta(days=26)


def rejected(case: Case, start: datetime) -> Life:
    """The pharmacist does not accept it."""
    now = yield _begin(start)
    rx = case.write(now)
    now = yield now + case.hours(1, 8)
    reject(case.people.actor(case.pharmacist), rx.pk, reason="Interacts with a medicine the patient takes.", now=now)


def withdrawn(case: Case, start: datetime) -> Life:
    """The doctor thinks better of it before it is checked."""
    now = yield _begin(start)
    rx = case.write(now)
    now = yield now + case.hours(1, 4)
    cancel(case.people.actor(case.doctor), rx.pk, reason="Patient prefers to wait and see.", now=now)


def not_collected(case: Case, start: datetime) -> Life:
    """Ready, and nobody came."""
    now = yield _begin(start)
    rx = case.write(now)
    now = yield now + case.hours(1, 8)
    acts.check(case.people, case.pharmacist, rx, now)
    now = yield now + timedelta(days=21)
    close(case.people.actor(case.pharmacist), rx.pk, reason_code="0010", now=now)


def run_out(case: Case, start: datetime) -> Life:
    """A short validity, and nobody came in time: the clock ends it."""
    now = yield _begin(start)
    rx = case.write(now, days=7)
    now = yield now + case.hours(1, 8)
    acts.check(case.people, case.pharmacist, rx, now)


def sent_back(case: Case, start: datetime) -> Life:
    """Not in stock; returned, and collected elsewhere."""
    now = yield _begin(start)
    rx = case.write(now)
    now = yield now + case.hours(1, 8)
    return_(case.people.actor(case.pharmacist), rx.pk, reason="Not in stock, wholesaler out until next week.", now=now)


def mistaken(case: Case, start: datetime) -> Life:
    """Recorded for the wrong patient, taken back within the hour, then really collected."""
    now = yield _begin(start)
    rx = case.write(now)
    now = yield now + case.hours(1, 8)
    acts.check(case.people, case.pharmacist, rx, now)
    now = yield now + case.hours(1, 8)
    made = acts.hand_over(case.people, case.counter, rx, now)
    now = yield now + timedelta(minutes=25)
    reverse(case.people.actor(case.pharmacist), made.pk, reason=ReversalReason.RECORDED_IN_ERROR, now=now)
    now = yield now + case.hours(3, 30)
    acts.hand_over(case.people, case.counter, rx, now)


def ended(case: Case, start: datetime) -> Life:
    """Stopped by the doctor after the first half was supplied."""
    now = yield _begin(start)
    rx = case.write(now)
    now = yield now + case.hours(1, 6)
    acts.check(case.people, case.pharmacist, rx, now)
    now = yield now + case.hours(1, 9)
    halves = {line.pk: acts.half_of(line) for line in rx.lines.all()}
    acts.hand_over(case.people, case.counter, rx, now, quantities=halves)
    now = yield now + case.hours(30, 70)
    rx.refresh_from_db()
    if rx.status == "partially_dispensed":
        stop(case.people.actor(case.doctor), rx.pk, reason="Side effects; changed to another medicine.", now=now)


def waiting(case: Case, start: datetime) -> Life:
    """Checked and ready; the patient comes in a week or two."""
    now = yield _begin(start)
    rx = case.write(now)
    now = yield now + case.hours(1, 5)
    acts.check(case.people, case.pharmacist, rx, now)
    now = yield now + timedelta(days=21)
    acts.hand_over(case.people, case.counter, rx, now)


def unchecked(case: Case, start: datetime) -> Life:
    """Sent to the pharmacy, whose pharmacist has not come to it yet."""
    now = yield _begin(start)
    case.write(now)


def forgotten(case: Case, start: datetime) -> Life:
    """The patient has not said where to send it, and it ends this week."""
    now = yield _begin(start)
    case.write(now, routed=False, days=16)


def clock(start: datetime) -> Life:
    """Time: each night it ends what is overdue."""
    now = yield _begin(start)
    while True:
        expire_due(now, world_id=LIVE_WORLD_ID)
        now = yield now + timedelta(days=1)


# Which lives, and how often each in a round.
ROUND = (
    collected, repeated, waiting, collected, in_parts, collected, rejected, waiting, collected, chosen_later, collected,
    not_collected, collected, run_out, mistaken, waiting, withdrawn, ended, repeated, sent_back,
)  # fmt: skip


def cases(people: People, chance: random.Random) -> Iterator[Case]:
    """Endless consultations: a patient in turn, something they can take, the doctor and pharmacy they go to."""
    mine = [name for name in people.patients if name not in OTHERS]
    number = 0
    while True:
        number += 1
        theirs = number % 7 == 0
        patient = chance.choice(OTHERS) if theirs else mine[number % len(mine)]
        able = [name for name in MEDICINES if name not in UNSUITED.get(patient, set()) and name != "morphine"]
        medicines = chance.choice(PAIRS) if number % 4 == 0 else (chance.choice(able),)
        doctor = "other_doctor" if theirs or number % 5 == 0 else "doctor"
        pharmacy = "other_pharmacy" if theirs or number % 6 == 0 else "pharmacy"
        yield Case(people, doctor, patient, medicines, pharmacy, chance)


def tell(people: People, now: datetime) -> None:
    """Everything that happened until now, but for the named prescriptions."""
    chance = random.Random(1961)  # noqa: S311 - a story, the same each time
    step = (MONTHS - LAST) / BACKGROUND
    start = now - MONTHS
    lives: list[tuple[datetime, Life]] = [(start, clock(start))]
    for number, case in zip(range(BACKGROUND), cases(people, chance), strict=False):
        moment = start + step * number + timedelta(minutes=chance.randrange(600))
        if number == 60:
            case = Case(people, "doctor", "hughes", ("morphine",), "pharmacy", chance)  # noqa: PLW2901
        lives.append((moment, ROUND[number % len(ROUND)](case, moment)))
    for hours, doctor, patient, medicine in UNCHECKED:
        moment, case = now - timedelta(hours=hours), Case(people, doctor, patient, (medicine,), "pharmacy", chance)
        lives.append((moment, unchecked(case, moment)))
    moment, case = now - timedelta(days=12), Case(people, "doctor", "hughes", ("cetirizine",), "pharmacy", chance)
    lives.append((moment, forgotten(case, moment)))
    play(lives, now)
