"""`elmed-client`: reads the arguments, runs one command, says in plain words what went wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from elmed_client import errors
from elmed_client.cli import account, dispensing, doctor, listening, trigger
from elmed_client.cli.words import (
    DONE,
    EXIT_CODES,
    FAILED,
    INTERRUPTED,
    CommandFailed,
    code_of,
    complain,
    json_of,
    words_of,
)
from elmed_client.version import VERSION

GROUPS = (account, dispensing, listening, trigger, doctor)
_EXAMPLES = """\
examples:
  elmed-client login
  elmed-client prescriptions --status verified
  elmed-client dispense 123 --dry-run
  elmed-client listen --forward-to http://localhost:9000/elmed
  elmed-client trigger prescription.verified
  elmed-client doctor

The key comes from ELMED_API_KEY, else from `login`; the address from ELMED_URL, else from `login`.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit code. With `--json` what went wrong is JSON too, on standard error."""
    options = parser().parse_args(arguments)
    try:
        done: int | None = options.run(options)
        return done or DONE
    except CommandFailed as failure:
        complain(json_of(failure) if options.json else str(failure))
        return failure.code
    except errors.ElmedError as error:
        complain(json_of(error) if options.json else words_of(error))
        return code_of(error)
    except (KeyboardInterrupt, EOFError):
        complain("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    found = argparse.ArgumentParser(
        prog="elmed-client",
        description="ELMED's public API from the command line.",
        epilog=f"{_EXAMPLES}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("--version", action="version", version=f"elmed-client {VERSION}")
    commands = found.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in GROUPS:
        group.add(commands)
    return found


if __name__ == "__main__":
    sys.exit(main())
