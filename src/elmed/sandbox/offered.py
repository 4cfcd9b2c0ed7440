"""Which acts of the people in a test world are legal on a prescription now: what a page offers as buttons.

The same table judges them as when they are played (other_side.py), with the defaults that they are played with. No row is
written, and no person is made.
"""

from datetime import datetime

from elmed.access.actors import Actor
from elmed.prescriptions import facts
from elmed.prescriptions.facts import Subject
from elmed.prescriptions.guards import Facts
from elmed.prescriptions.states import allowed
from elmed.prescriptions.vocabulary import OPEN, Act, HoldKind, Side
from elmed.sandbox.other_side import ACTS, ANSWER, BEFORE, KIND
from elmed.sandbox.people import as_account, require_test_world

Offer = tuple[str, Side]


def offered(actor: Actor, subject: Subject, now: datetime) -> list[Offer]:
    """The acts that could be played on it now, each with its side, in the order of ACTS. No statement, but where it was replaced.

    The caller has the prescription from visibility. Raises NotAllowed outside a test world.
    """
    require_test_world(actor)
    rx = subject.rx
    if rx.status not in OPEN and not subject.supplied:
        return []  # it is over: only a supply that took place before could be reported
    accounts = {Side.DOCTOR: rx.prescriber_id, Side.PHARMACY: rx.pharmacy_id}
    who = {side: as_account(actor, pk, KIND[side]) for side, pk in accounts.items() if pk is not None}
    known = facts.facts(subject, who.get(Side.PHARMACY, who[Side.DOCTOR]), now, handed_over_at=now)
    legal = {side: _legal(subject, one, known, now) for side, one in who.items()}
    if any(hold.kind == HoldKind.PHARMACY for hold in subject.holds):
        legal[Side.DOCTOR].add(ANSWER)
    return [(name, side) for name, played in ACTS.items() for side in played.sides if name in legal.get(side, ())]


def _legal(subject: Subject, who: Actor, known: Facts, now: datetime) -> set[str]:
    asks = facts.caller(subject, who, of_the_patient=False)
    found: set[str] = set(map(str, allowed(known, asks, now))) - {Act.ANSWER_HANDED_OVER}
    if subject.rx.pharmacy_id is not None:
        found -= {Act.ROUTE}  # it is there already
    if subject.hold is not None and subject.hold.kind == HoldKind.CANCELLATION:
        before = facts.caller(subject, who, handed_over_at=subject.hold.placed_at - BEFORE, of_the_patient=False)
        found |= {*allowed(known, before, now, (Act.ANSWER_HANDED_OVER,))}
    return found
