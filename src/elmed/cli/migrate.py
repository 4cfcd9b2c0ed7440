"""`elmed migrate`: bring the database's tables up to this version. Run it before `serve` after each update."""

import argparse
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from elmed.cli.words import say

if TYPE_CHECKING:
    from elmed.cli.words import Groups


def add(groups: "Groups") -> None:
    """The command's options."""
    parser = groups.add_parser("migrate", help="create or update the database's tables")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where something is to be done")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Apply what is missing."""
    if options.check:
        try:
            call_command("migrate", check_unapplied=True, verbosity=1)
        except SystemExit:
            return 1
        say("Nothing to do.")
        return 0
    migrate(verbosity=1)
    return 0


def migrate(*, verbosity: int = 0) -> None:
    """Apply every migration; the embedded database's folder is made first."""
    if connection.vendor == "sqlite":
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    call_command("migrate", interactive=False, verbosity=verbosity)
