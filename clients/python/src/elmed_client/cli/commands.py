"""What every command shares: its place in the parser, `--json`, and a client with the current key."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from elmed_client import Client
from elmed_client.cli import store
from elmed_client.config import Retries

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # argparse has no public name for it


def command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int | None], *, about: str, examples: str
) -> argparse.ArgumentParser:
    """Add one."""
    found = commands.add_parser(
        name,
        help=about,
        description=about[0].upper() + about[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("--json", action="store_true", help="JSON for programs: one document, or one a line")
    found.set_defaults(run=run)
    return found


def connect(retries: Retries | None = None) -> Client:
    """A client with the current key. Raises CommandFailed, ConfigurationError."""
    login = store.current()
    return Client(login.key.reveal(), url=login.url, retries=retries, application="elmed-client-cli")
