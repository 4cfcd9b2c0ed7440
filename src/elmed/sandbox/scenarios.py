"""The scenarios of the test world: a table, read top to bottom, and the one function that plays one.

docs/reference/sandbox.md and the API's description are made from it. How each comes about says plays.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from elmed.access.actors import Actor
from elmed.access.room import require_room
from elmed.core.refusals import Invalid
from elmed.events.record import together
from elmed.prescriptions.vocabulary import Status
from elmed.sandbox import plays
from elmed.sandbox.people import Stage, require_test_world, set_up, side_of
from elmed.sandbox.plays import Left


@dataclass(frozen=True)
class Scenario:
    """What it is good for, what it leaves, and what to try with it."""

    play: Callable[[Stage], Left]
    status: Status | None  # of the prescription it is about; None: there is none
    what: str
    attempt: str


S = Status
# fmt: off
SCENARIOS: dict[str, Scenario] = {
    "pending_review": Scenario(plays.written, S.PENDING_REVIEW, "Signed and sent to the pharmacy; its pharmacist has not checked it.", "A dispense is refused (409 `invalid_status`). Let the pharmacist `verify` it, or `reject` it."),
    "verified": Scenario(plays.ready, S.VERIFIED, "Checked and ready: one line.", "Dispense all of it, or some; take the dispense back."),
    "two_lines": Scenario(lambda stage: plays.ready(stage, "ramipril", "atorvastatin"), S.VERIFIED, "Checked and ready: two lines.", "Dispense one line only: it becomes `partially_dispensed`."),
    "partial": Scenario(plays.partial, S.PARTIALLY_DISPENSED, "Half of it was supplied at the counter.", "Dispense the rest. More than that is 409 `quantity_unavailable`."),
    "dispensed": Scenario(plays.dispensed, S.DISPENSED, "All of it was supplied at the counter.", "Another dispense is 409 `invalid_status`. Take the dispense back with `reverse`; after 72 hours it cannot be."),
    "expired": Scenario(plays.expired, S.EXPIRED, "Checked a week ago, valid for five days: it ended by itself.", "A dispense is refused (409); what was handed over before the end can be reported for 72 hours, with `handed_over_at`."),
    "expiring": Scenario(lambda stage: plays.ready(stage, days=2), S.VERIFIED, "Checked and ready, valid until tomorrow.", "Move the clock three days on: it is `expired`, and `prescription.expired` is in the feed."),
    "not_yet_valid": Scenario(lambda stage: plays.written(stage, begins=7), S.PENDING_REVIEW, "Its validity begins in a week.", "Let the pharmacist `verify` it: a dispense is 409 `not_yet_valid`. Move the clock eight days on, and it is possible."),
    "controlled": Scenario(lambda stage: plays.ready(stage, "morphine"), S.VERIFIED, "A controlled medicine, checked and ready.", "A dispense through the API is 409 `controlled_portal_only`; the shop's check says `not_online`."),
    "no_substitution": Scenario(lambda stage: plays.ready(stage, "levothyroxine"), S.VERIFIED, "Checked and ready; the doctor allows no substitution.", "Dispense it with `substituted`: 409 `substitution_not_allowed`."),
    "repeat": Scenario(plays.repeat, S.VERIFIED, "The first of three issues was supplied; the next one comes 21 days later at the earliest.", "A dispense is 409 `too_early`. Move the clock 21 days on and dispense the next issue."),
    "awaiting_pharmacist": Scenario(plays.written, S.PENDING_REVIEW, "For a web shop: the proof is right, the pharmacist has not checked it.", "`POST /prescriptions/check` with `reserve`: `awaiting_pharmacist`, reserved all the same. Let the pharmacist `verify` it and read the reservation: `ready`."),
    "reserved": Scenario(plays.reserved, S.VERIFIED, "Ready, and all of it is reserved for 15 minutes by another order of the shop.", "A check says `reserved`, a dispense is 409 `quantity_unavailable`. Move the clock 900 seconds on: it is free."),
    "issued": Scenario(lambda stage: plays.written(stage, routed=False), S.ISSUED, "Signed, and sent to no pharmacy. A pharmacy does not see it yet.", "Bring it to the pharmacy with the proof: `POST /prescriptions/route`."),
    "held_elsewhere": Scenario(plays.held_elsewhere, S.VERIFIED, "Another pharmacy holds it and has checked it. The pharmacy does not see it.", "`POST /prescriptions/route` is 409 `held_elsewhere`; a check says `not_routed_here`."),
    "wrong_dob": Scenario(plays.wrong_dob, S.VERIFIED, "Ready; the proof that comes with it has a wrong date of birth.", "A check with that `proof` is 404 `no_matching_prescription`; five of them lock the reference (429)."),
    "cancel_race": Scenario(plays.cancel_race, S.ON_HOLD, "Ready; in this moment the doctor asked to cancel it.", "A dispense is refused (409). Let the pharmacy `confirm_cancel` or `answer_handed_over`, or the doctor `withdraw_cancel`; after 24 hours without an answer it is `cancelled`."),
    "question": Scenario(plays.question, S.ON_HOLD, "The pharmacist paused it and asked the doctor a question.", "Let the doctor answer (`answer_question`), then the pharmacist `resume` it."),
    "cancelled": Scenario(plays.cancelled, S.CANCELLED, "The doctor cancelled it before the check.", "Read it; every act is refused (409)."),
    "rejected": Scenario(plays.rejected, S.REJECTED, "The pharmacist did not accept it.", "Read `status_reason`."),
    "not_dispensed": Scenario(plays.not_dispensed, S.NOT_DISPENSED, "Ready, and nobody came: the pharmacist closed it.", "Read `status_reason`."),
    "returned": Scenario(plays.returned, S.ISSUED, "The pharmacy gave it back. The pharmacy does not see it any more.", "For a pharmacy it is 404 from that moment; `prescription.returned` is in the feed."),
    "stopped": Scenario(plays.stopped, S.STOPPED, "Half of it was supplied; then the doctor stopped it.", "A dispense is refused (409), but for one handed over before."),
    "replaced": Scenario(plays.replaced, S.PENDING_REVIEW, "The doctor signed another in its place: two prescriptions, the older one cancelled.", "Follow `replaces`."),
    "replace_race": Scenario(plays.replace_race, S.PENDING_REVIEW, "Ready; in this moment the doctor signed another in its place. The older one is `on_hold` until its pharmacy says whether it was handed over.", "A dispense of the older one is refused (409). Let the pharmacy `confirm_cancel` it, and `verify` the new one: that is dispensed. Or `answer_handed_over`: the new one waits for the doctor."),
    "patient": Scenario(plays.patient_only, None, "A patient with a recorded allergy, met by the doctor; no prescription.", "A doctor reads it at `/patients/{id}`; to a pharmacy it is 404."),
}
# fmt: on


@dataclass(frozen=True)
class Played:
    """A scenario that was played."""

    name: str
    scenario: Scenario
    stage: Stage
    left: Left


def play(actor: Actor, name: str, *, side: str | None = None, ago: timedelta = timedelta()) -> Played:
    """Play a scenario in the account's test world: its account stands on the side it has, synthetic people on the other.

    `ago`: how long before the world's present. Time is read once the world is locked, since its clock may have moved.

    Raises NotAllowed outside a test world, Invalid for an unknown name or another side, NotNow where the world is full.
    """
    require_test_world(actor)
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise Invalid.field(
            "/name", "unknown_scenario", f"There is no such scenario. There are: {', '.join(SCENARIOS)}."
        )
    own = side_of(actor, side)
    with transaction.atomic(), together():
        stage = set_up(actor, own, ago=ago)
        require_room(actor)
        return Played(name, scenario, stage, scenario.play(stage))
