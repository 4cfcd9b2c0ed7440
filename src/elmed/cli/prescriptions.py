"""`elmed prescriptions`: expire what is overdue, check every seal, and the acts of ELMED's staff.

The acts' rules are in prescriptions/states.py.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from elmed.access.actors import clock, of_command
from elmed.access.visibility import visible
from elmed.cli.words import say
from elmed.core.clock import real_now
from elmed.jobs.periodic import expire_prescriptions, worlds
from elmed.prescriptions import seal
from elmed.prescriptions.actions.correct import correct
from elmed.prescriptions.actions.hold import hold, resume
from elmed.prescriptions.actions.transfer import transfer
from elmed.prescriptions.models import Prescription
from elmed.prescriptions.snapshot import intact

if TYPE_CHECKING:
    from elmed.cli.words import Groups

CHUNK = 500


def add(groups: "Groups") -> None:
    """The commands' options."""
    group = groups.add_parser("prescriptions", help="expire what is overdue, check the seals, staff's acts")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    ended = commands.add_parser("expire", help="expire what is overdue now, in every world (the worker does it too)")
    ended.set_defaults(run=expire)
    for name, meaning in (
        ("hold", "pause one, on suspicion of fraud"),
        ("resume", "end staff's own pause"),
        ("transfer", "take one from a pharmacy that cannot act any more, so that the patient can go elsewhere"),
        ("correct", "mark one as entered in error, for good"),
    ):
        act = commands.add_parser(name, help=f"as ELMED's staff: {meaning}")
        act.add_argument("prescription", type=int, help="the prescription's id")
        if name != "resume":
            act.add_argument("--reason", required=True)
        act.set_defaults(run=staff_act, act=name)
    checked = commands.add_parser(
        "check-signatures", help="verify the seal of every signed prescription; exit 1 if one fails"
    )
    checked.set_defaults(run=check_signatures)


def expire(_options: argparse.Namespace) -> int:
    """Do now what the worker does each minute."""
    say(f"{expire_prescriptions(real_now())} prescriptions expired.")
    return 0


def staff_act(options: argparse.Namespace) -> int:
    """One act of ELMED's staff, as the table of legal acts allows it."""
    acts: dict[str, Callable[..., Prescription]] = {
        "hold": hold, "resume": resume, "transfer": transfer, "correct": correct,
    }  # fmt: skip
    words = {"reason": options.reason} if options.act != "resume" else {}
    rx = acts[options.act](of_command(), options.prescription, now=real_now(), **words)
    say(f"Prescription {rx.pk} is {rx.status}.")
    return 0


def signed() -> Iterator[Prescription]:
    """Every signed prescription of every world with its lines, in chunks by id."""
    for world_id, mode, _ in worlds(real_now()):
        rows = visible(clock(world_id, mode), Prescription).filter(issued_at__isnull=False).order_by("pk")
        last = 0
        while chunk := list(rows.filter(pk__gt=last).prefetch_related("lines")[:CHUNK]):
            yield from chunk
            last = chunk[-1].pk


def check_signatures(_options: argparse.Namespace) -> int:
    """Verify each seal, and that the rows still say what was signed."""
    seal.key_ring()  # without a key nothing can be judged: say so, rather than that everything fails
    progress = sys.stderr.isatty()
    count, broken = 0, []
    for count, rx in enumerate(signed(), start=1):
        if not intact(rx, list(rx.lines.all())):
            broken.append(rx.pk)
        if progress and count % CHUNK == 0:
            print(f"\r{count} checked", end="", file=sys.stderr, flush=True)
    if progress:
        print("\r", end="", file=sys.stderr)
    for pk in broken:
        say(f"The seal of prescription {pk} does not hold.")
    say(f"{count} signed prescriptions: {count - len(broken)} intact, {len(broken)} broken.")
    return 1 if broken else 0
