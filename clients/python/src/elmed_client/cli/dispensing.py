"""prescriptions and dispense."""

from __future__ import annotations

import argparse
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

from elmed_client import Client, DispenseLine, PermissionDeniedError
from elmed_client.cli import values
from elmed_client.cli.commands import command, connect
from elmed_client.cli.words import MISUSED, CommandFailed, clean, complain, say, say_json, table
from elmed_client.models import DispenseResult, Prescription

if TYPE_CHECKING:
    from elmed_client.cli.commands import Commands


def add(commands: Commands) -> None:
    """The commands of this file."""
    listing = command(
        commands, "prescriptions", prescriptions,
        about="list prescriptions, or show one",
        examples="  elmed-client prescriptions --status verified\n  elmed-client prescriptions 123\n"
        "  elmed-client prescriptions --updated-since 2026-11-22T00:00:00Z --all --json",
    )  # fmt: skip
    listing.add_argument("id", nargs="?", type=values.identifier, help="show this one in full")
    listing.add_argument("--status", action="append", help="only this status; repeatable")
    listing.add_argument(
        "--updated-since", type=values.moment, metavar="TIME", help="changed at or after this moment (RFC 3339)"
    )
    listing.add_argument("--reference", help="only the one with this reference")
    many = listing.add_mutually_exclusive_group()
    many.add_argument("--limit", type=values.count, default=20, help="at most so many (default 20)")
    many.add_argument("--all", action="store_true", help="all of them")
    giving = command(
        commands, "dispense", dispense,
        about="record that a prescription was handed over: all that remains, or the lines you name",
        examples="  elmed-client dispense 123 --dry-run\n  elmed-client dispense 123 --external-reference 1042\n"
        "  elmed-client dispense 123 --line 456=14 --line 457=0.5 --yes",
    )  # fmt: skip
    giving.add_argument("id", type=values.identifier, help="the prescription's id")
    giving.add_argument(
        "--line",
        action="append",
        type=values.line,
        metavar="MEDICATION_ID=QUANTITY",
        help="so much of this line; repeatable",
    )
    giving.add_argument("--reservation", type=values.identifier, metavar="ID", help="what this reservation keeps")
    giving.add_argument("--external-reference", metavar="NUMBER", help="your own number, such as the order's")
    giving.add_argument("--note", help="a note, shown to your pharmacy")
    giving.add_argument("--idempotency-key", metavar="KEY", help="repeat a call whose answer you did not get")
    giving.add_argument("--dry-run", action="store_true", help="say what would happen, and keep nothing")
    giving.add_argument("--yes", action="store_true", help="do not ask")


def prescriptions(options: argparse.Namespace) -> None:
    """GET /prescriptions, or one of them."""
    if options.id is not None and (options.status or options.updated_since or options.reference or options.all):
        raise CommandFailed("One is shown by its id alone: leave the filters out.", MISUSED)
    with connect() as elmed:
        if options.id is not None:
            one = elmed.prescriptions.get(options.id)
            say_json(one.raw) if options.json else say(described(one))
            return
        listed = elmed.prescriptions.list(
            status=options.status,
            updated_since=options.updated_since,
            reference=options.reference,
            limit=100 if options.all else min(options.limit, 100),
        )
        found = listed if options.all else islice(listed, options.limit)
        if options.json:
            for item in found:
                say_json(item.raw)
            return
        rows = [
            (one.id, one.status, one.reference, f"{one.updated_at:%Y-%m-%d %H:%M}", one.patient.name, _medicines(one))
            for one in found
        ]
    say(table(("ID", "STATUS", "REFERENCE", "CHANGED (UTC)", "PATIENT", "MEDICINES"), rows) if rows else "None.")


def dispense(options: argparse.Namespace) -> None:
    """Show it, ask, and hand over exactly what was shown: if it changed meanwhile, nothing happens."""
    lines = [DispenseLine(medication_id=id, quantity=quantity) for id, quantity in options.line or []]
    with connect() as elmed:
        known = _seen(elmed, options.id)
        if not options.dry_run and not options.yes:
            _ask(known, options, lines)
        done = elmed.prescriptions.dispense(
            options.id,
            lines=lines or None,
            reservation_id=options.reservation,
            external_reference=options.external_reference,
            note=options.note,
            if_match=None if options.idempotency_key else known,
            idempotency_key=options.idempotency_key,
            dry_run=options.dry_run,
        )
    if options.json:
        say_json(done.raw)
    else:
        say(_told(done, dry_run=options.dry_run))


def described(one: Prescription) -> str:
    """A prescription as a pharmacist reads it."""
    head = [
        ("status", one.status + (f": {one.status_reason}" if one.status_reason else "")),
        ("reference", one.reference),
        ("patient", f"{one.patient.name}, born {one.patient.date_of_birth} (id {one.patient.id})"),
        ("prescriber", f"{one.prescriber.name}, {one.prescriber.phone or 'no phone'}"),
        ("valid", f"{one.valid_from} to {one.valid_until}, repeats left: {one.repeats_remaining}"),
        ("notes", one.notes),
        ("possible", ", ".join(one.allowed_actions) or "nothing with this key"),
    ]
    rows = [
        (line.id, line.medication.text, f"{line.quantity_remaining} of {line.quantity.value} {line.quantity.unit}",
         line.dosage_instruction) for line in one.medications
    ]  # fmt: skip
    words = "\n".join(f"{name:11}{clean(text)}" for name, text in head if text)
    return f"Prescription {one.id}, version {one.version}\n{words}\n\n" + table(
        ("LINE", "MEDICINE", "REMAINS", "DOSE"), rows
    )


def _seen(elmed: Client, id: int) -> Prescription | None:
    """It as it is now; None to a key that cannot read it, such as a shop's."""
    try:
        return elmed.prescriptions.get(id)
    except PermissionDeniedError:
        return None


def _ask(known: Prescription | None, options: argparse.Namespace, lines: list[DispenseLine]) -> None:
    if not sys.stdin.isatty():
        raise CommandFailed(
            "Nobody is there to ask: add --yes to dispense, or --dry-run to see what would happen.", MISUSED
        )
    if known is not None:
        complain(described(known))
    named = ", ".join(f"{line.quantity} of line {line.medication_id}" for line in lines)
    kept = f"what reservation {options.reservation} keeps" if options.reservation else "all that remains"
    complain(f"\nDispense {named or kept} of prescription {options.id}? This is recorded. [y/N] ")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CommandFailed("Nothing was dispensed.")


def _told(done: DispenseResult, *, dry_run: bool) -> str:
    given = ", ".join(f"{line.quantity} of line {line.medication_id}" for line in done.dispense.lines)
    now = (
        f"; the prescription {'would be' if dry_run else 'is'} {done.prescription.status}" if done.prescription else ""
    )
    if dry_run:
        return f"Nothing was kept. It would be {given}{now}."
    return f"Dispensed {given}{now}. Dispense {done.dispense.id}; to take it back, reverse it within 72 hours."


def _medicines(one: Any) -> str:
    return "; ".join(line.medication.text for line in one.medications)
