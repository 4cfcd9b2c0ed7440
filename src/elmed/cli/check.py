"""`elmed check`: is this configuration safe? The checks are in config/checks.py."""

import argparse
from typing import TYPE_CHECKING

from django.db import connection

from elmed.cli.words import say
from elmed.config.checks import CHECKS, Severity, findings
from elmed.config.environment import environment

if TYPE_CHECKING:
    from elmed.cli.words import Groups


def add(groups: "Groups") -> None:
    """The command's options."""
    parser = groups.add_parser("check", help="judge the configuration; exit 1 where production would refuse it")
    parser.add_argument("--strict", action="store_true", help="exit 1 on warnings too")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print what is wrong, worst first."""
    connection.ensure_connection()
    found = sorted(findings(), key=lambda one: one.severity)
    for one in found:
        say(f"{one.severity.value:8} {one.check}: {one.words}")
    errors = sum(one.severity is Severity.ERROR for one in found)
    say(f"{len(CHECKS)} checks, {errors} errors, {len(found) - errors} warnings ({environment().elmed_env})")
    return 1 if errors or (options.strict and found) else 0
