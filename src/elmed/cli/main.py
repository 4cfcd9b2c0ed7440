"""The `elmed` command: finds the group, and says in one line what went wrong where something expected did.

Exit codes: 0 done, 1 refused or failed, 2 not understood (argparse). Each group is a module of this package with
`add(groups)`; what the groups do is decided by the acts they call.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import django
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from pydantic import ValidationError

from elmed import __version__
from elmed.cli.words import CommandFailed, say_error
from elmed.core.refusals import Invalid, Refusal

# The groups, in the order `--help` lists them.
GROUPS = ("setup", "serve", "worker", "migrate", "demo", "accounts", "keys", "prescriptions", "formulary", "check")
DESCRIPTION = (
    "ELMED: electronic prescriptions. Settings come from the environment; docs/reference/settings.md lists them."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        _start(arguments)
        options = build().parse_args(arguments)
        code: int | None = options.run(options)
    except ValidationError as error:
        return _settings_error(error)
    except KeyboardInterrupt:
        say_error("Interrupted.")
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read our output has left
        return 1
    except Exception as error:
        words = expected(error)
        if words is None:
            raise
        say_error(words)
        return 1
    return code or 0


def build() -> argparse.ArgumentParser:
    """The parser with every group."""
    parser = argparse.ArgumentParser(prog="elmed", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"ELMED {__version__}")
    groups = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in GROUPS:
        import_module(f"elmed.cli.{name}").add(groups)
    return parser


def _start(arguments: list[str]) -> None:
    """Load the settings. The demo brings its own environment, so that nothing of a real one gets into it."""
    if arguments[:1] == ["demo"]:
        import_module("elmed.demo.environment").enter()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "elmed.config.settings")
    logging.captureWarnings(True)
    django.setup()


def expected(error: Exception) -> str | None:
    """The one line for an error that a command is expected to meet; None for one that is a fault of ELMED's."""
    if isinstance(error, Invalid):
        return "; ".join(f"{one['pointer'].strip('/') or 'input'}: {one['detail']}" for one in error.errors)
    if isinstance(error, Refusal):
        return f"{error.detail} ({error.code})"
    if isinstance(error, DatabaseError):
        return _database_trouble(str(error).strip().partition("\n")[0])
    if isinstance(error, CommandFailed | ImproperlyConfigured) or type(error).__name__ == "SealingKeyMissing":
        return str(error)
    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
    return None


def _database_trouble(words: str) -> str:
    """What a database's own words mean for whoever runs the command."""
    if "unable to open database file" in words:
        return "There is no database yet. Run `elmed setup`; for the demo's, set ELMED_ENV=demo, and its ELMED_DATA."
    if "no such table" in words or ("relation" in words and "does not exist" in words):
        return "Tables are missing. Run `elmed migrate`."
    return f"The database does not answer: {words}"


def _settings_error(error: ValidationError) -> int:
    for one in error.errors():
        name = "_".join(str(part) for part in one["loc"]).upper()
        say_error(f"{name}: {one['msg']} (see docs/reference/settings.md)")
    return 1
