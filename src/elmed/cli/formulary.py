"""`elmed formulary`: load medicines and interactions, and say what is loaded. The rules are in medications/importing.py."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from elmed.cli.words import CommandFailed, say, say_error, table
from elmed.core.clock import real_now
from elmed.medications import demonstration, importing, queries
from elmed.medications.files import interactions_of, medicines_of
from elmed.medications.importing import Fate, Outcome, Release
from elmed.medications.rxnorm import RxNorm

if TYPE_CHECKING:
    from elmed.cli.words import Groups

NO_LIMITS = (
    "RxNorm holds no dose limits, interactions, weekly-only or controlled medicines: those checks have nothing to go by. "
    "See docs/how-to/formulary.md."
)


def add(groups: "Groups") -> None:
    """The commands' options."""
    group = groups.add_parser("formulary", help="load medicines and interactions; what is loaded")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    load = commands.add_parser(
        "import", help="load a file: its medicines take the place of the source's earlier version"
    )
    what = load.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--csv", type=Path, metavar="FILE", help="medicines, in the columns of docs/reference/formulary-files.md"
    )
    what.add_argument("--rxnorm-rrf", type=Path, metavar="DIR", help="the folder of a RxNorm release's RRF files")
    what.add_argument("--interactions", type=Path, metavar="FILE", help="the interactions of a source that is loaded")
    what.add_argument("--demonstration", action="store_true", help="the demonstration data of the package")
    load.add_argument("--source", help="the source's name; the same name again replaces its version")
    load.add_argument("--release", help="which version of the source it is, for example 2026-11")
    load.add_argument("--licence", default="", help="under which terms it may be used")
    load.add_argument("--dry-run", action="store_true", help="say what would become of each row, and write nothing")
    load.set_defaults(run=load_file)
    shown = commands.add_parser("status", help="the sources, their versions and how much they hold")
    shown.set_defaults(run=show)


def load_file(options: argparse.Namespace) -> int:
    """Load what the options name. Exit 1 where a row cannot be: then nothing was written."""
    now = real_now()
    if options.demonstration:
        if options.dry_run or options.source or options.release:
            raise CommandFailed("--demonstration takes no other option.")
        return _told(demonstration.load(now), dry_run=False)
    if options.interactions is not None:
        if not options.source:
            raise CommandFailed("Say which source they belong to: --source NAME (`elmed formulary status` lists them).")
        rows = interactions_of(options.interactions)
        return _told(
            importing.replace_interactions(options.source, rows, dry_run=options.dry_run), dry_run=options.dry_run
        )
    if options.rxnorm_rrf is not None:
        return _rxnorm(options)
    if not options.source:
        raise CommandFailed("Give the source a name: --source NAME.")
    outcome = importing.replace(
        _release(options, options.source), medicines_of(options.csv), now, dry_run=options.dry_run
    )
    return _told(outcome, dry_run=options.dry_run)


def _rxnorm(options: argparse.Namespace) -> int:
    reader = RxNorm(options.rxnorm_rrf)
    outcome = importing.replace(
        _release(options, options.source or "RxNorm"), reader.rows(), real_now(), dry_run=options.dry_run
    )
    for reason, count in sorted(reader.skipped.items()):
        say(f"{count} left out: {reason}.")
    code = _told(outcome, dry_run=options.dry_run)
    say(NO_LIMITS)
    return code


def _release(options: argparse.Namespace, source: str) -> Release:
    if not options.release:
        raise CommandFailed("Say which version it is: --release 2026-11.")
    return Release(source, options.release, options.licence)


def _told(outcome: Outcome, *, dry_run: bool) -> int:
    """Each row's fate where it was asked for, every error, and the counts."""
    if dry_run:
        _rows(row for row in outcome.fates if row.fate is not Fate.ERROR)
    for row in outcome.errors:
        say_error(f"line {row.line}: {'; '.join(row.problems)}")
    say(", ".join(f"{outcome.counts[fate]} {fate}" for fate in Fate if outcome.counts[fate]) + ".")
    if outcome.errors:
        say_error("Nothing was written. Correct the lines, and load the file again.")
        return 1
    say("Nothing was written: this was a dry run." if dry_run else "Loaded.")
    return 0


def _rows(rows: Iterable[importing.RowFate]) -> None:
    for row in rows:
        say(f"{row.fate:10} {row.item}  {row.label}")


def show(_options: argparse.Namespace) -> int:
    """The sources, and whether what is offered may be used for patients."""
    found = queries.status()
    if not found:
        say("No formulary is loaded. Medicines are written as free text; see docs/how-to/formulary.md.")
        return 0
    head = ("source", "version", "loaded", "offered", "retired", "interactions", "licence")
    table(head, [
        (one.source.name, one.source.version, f"{one.source.loaded_at:%Y-%m-%d}", one.offered, one.retired,
         one.interactions, one.source.licence)
        for one in found
    ])  # fmt: skip
    if not any(one.offered for one in found if not one.source.demonstration):
        say("Demonstration data are in use: not for clinical use.")
    elif pairs := sum(one.interactions for one in found if one.source.demonstration):
        say(
            f"{pairs} interactions of the demonstration are checked too, where no other source has the pair: "
            "their warnings say that they are demonstration data."
        )
    return 0
