"""`trigger`: makes an event of a type happen in the test world, by the acts that make it happen for real."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from elmed_client import CheckLine, Client
from elmed_client.cli.commands import command, connect
from elmed_client.cli.listening import until
from elmed_client.cli.words import DONE, FAILED, MISUSED, CommandFailed, say, say_json, table
from elmed_client.models import Check, Event, Proof, Scenario

if TYPE_CHECKING:
    from elmed_client.cli.commands import Commands

Step = Callable[[Client, Scenario], object]


@dataclass(frozen=True)
class Way:
    """How a type of event comes about: a scenario, then acts."""

    scenario: str
    steps: tuple[Step, ...] = ()


def _act(name: str) -> Step:
    return lambda elmed, played: elmed.sandbox.act(played.prescriptions[-1].id, name)


def _proof(played: Scenario) -> Proof:
    if played.proof is None:
        raise CommandFailed(f"The scenario {played.name} came without a proof.")
    return played.proof


def _route(elmed: Client, played: Scenario) -> object:
    proof = _proof(played)
    return elmed.prescriptions.route(reference=proof.reference, date_of_birth=proof.date_of_birth)


def _check(elmed: Client, played: Scenario, lines: list[CheckLine], *, reserve: bool) -> Check:
    proof = _proof(played)
    return elmed.prescriptions.check(
        reference=proof.reference, date_of_birth=proof.date_of_birth, lines=lines, reserve=reserve
    )


def _reserve(elmed: Client, played: Scenario) -> int:
    """As a shop does it: of the catalogue what the prescription covers."""
    lines = [CheckLine(sku=one.sku, quantity=1) for one in played.products]
    checked = _check(elmed, played, lines, reserve=False)
    covered = [CheckLine(sku=one.sku, quantity=1) for one in checked.lines if one.ok]
    if not covered:
        raise CommandFailed("The test catalogue holds nothing that the prescription covers.")
    kept = _check(elmed, played, covered, reserve=True)
    if kept.reservation_id is None:
        raise CommandFailed("Nothing could be reserved.")
    return kept.reservation_id


def _confirm(elmed: Client, played: Scenario) -> object:
    return elmed.reservations.confirm(_reserve(elmed, played), external_reference=f"trigger-{time.time_ns()}")


WAYS: dict[str, Way] = {
    "prescription.issued": Way("pending_review"),
    "prescription.routed": Way("issued", (_route,)),
    "prescription.verified": Way("verified"),
    "prescription.returned": Way("returned"),
    "prescription.rejected": Way("rejected"),
    "prescription.held": Way("question"),
    "prescription.question_answered": Way("question", (_act("answer_question"),)),
    "prescription.resumed": Way("question", (_act("answer_question"), _act("resume"))),
    "prescription.dispensed": Way("dispensed"),
    "prescription.dispense_reversed": Way("dispensed", (_act("reverse"),)),
    "prescription.line_closed": Way("partial", (_act("close_line"),)),
    "prescription.not_dispensed": Way("not_dispensed"),
    "prescription.cancelled": Way("cancelled"),
    "prescription.cancellation_requested": Way("cancel_race"),
    "prescription.cancellation_confirmed": Way("cancel_race", (_act("confirm_cancel"),)),
    "prescription.cancellation_answered": Way("cancel_race", (_act("answer_handed_over"),)),
    "prescription.cancellation_withdrawn": Way("cancel_race", (_act("withdraw_cancel"),)),
    "prescription.stopped": Way("stopped"),
    "prescription.replaced": Way("replaced"),
    "prescription.expired": Way("expired"),
    "reservation.made": Way("verified", (_reserve,)),
    "reservation.confirmed": Way("verified", (_confirm,)),
    "reservation.freed": Way("verified", (lambda elmed, played: elmed.reservations.release(_reserve(elmed, played)),)),
}  # fmt: skip


def add(commands: Commands) -> None:
    """The command of this file."""
    cause = command(
        commands, "trigger", trigger,
        about="make an event of this type happen in your test world (with a test key)",
        examples="  elmed-client trigger prescription.verified\n  elmed-client trigger reservation.confirmed --json\n"
        "  elmed-client trigger --list",
    )  # fmt: skip
    cause.add_argument("event", nargs="?", metavar="EVENT", help="the type, such as prescription.verified")
    cause.add_argument("--list", action="store_true", help="the types that can be triggered")
    cause.add_argument(
        "--as", dest="side", choices=("doctor", "pharmacy"), help="a developer's account: the side to stand on"
    )


def trigger(options: argparse.Namespace) -> int:
    """Play it, and show the events that came of it; 1 where the wanted one is not among them."""
    if options.list or options.event is None:
        if options.json:
            say_json(list(WAYS))
        else:
            say("\n".join(WAYS))
        return DONE if options.list else MISUSED
    way = WAYS.get(options.event)
    if way is None:
        raise CommandFailed(f"{options.event} cannot be triggered. These can:\n  " + "\n  ".join(WAYS), MISUSED)
    with connect() as elmed:
        me = elmed.me()
        if me.mode != "test":
            raise CommandFailed("This is a live key. Make a test key (elm_test_…) under Settings → API Keys.", MISUSED)
        before = me.newest  # first: what cannot be shown is not played either
        played = elmed.sandbox.play(way.scenario, as_=options.side)
        for step in way.steps:
            step(elmed, played)
        came = list(until(elmed, before, elmed.events.newest()))
    _show(came, json=options.json)
    if options.event not in {one.type for one in came}:
        raise CommandFailed(
            f"It was played, and no {options.event} came: the account may not stand on the side that is told of it, "
            "or the key's scopes do not tell of it.",
            FAILED,
        )
    return DONE


def _show(came: list[Event], *, json: bool) -> None:
    if json:
        for one in came:
            say_json(one.raw)
    else:
        say(
            table(
                ("SEQUENCE", "TYPE", "PRESCRIPTION"),
                [(one.sequence, one.type, one.prescription_id or "-") for one in came],
            )
        )
