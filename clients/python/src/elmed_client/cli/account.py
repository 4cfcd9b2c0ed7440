"""login, logout and whoami."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from elmed_client import Client, config
from elmed_client.cli import store
from elmed_client.cli.commands import command, connect
from elmed_client.cli.words import clean, say, say_json
from elmed_client.models import Me

if TYPE_CHECKING:
    from elmed_client.cli.commands import Commands


def add(commands: Commands) -> None:
    """The commands of this file."""
    entering = command(
        commands, "login", login,
        about="check a key and keep it in a file that only you can read",
        examples="  elmed-client login\n  elmed-client login --url http://localhost:8000 < key.txt",
    )  # fmt: skip
    entering.add_argument("--url", help=f"the address of ELMED (default: ELMED_URL, else {config.DEFAULT_URL})")
    command(
        commands, "logout", logout,
        about="forget the key that login kept; it stays valid until you revoke it", examples="  elmed-client logout",
    )  # fmt: skip
    command(
        commands, "whoami", whoami,
        about="whose key this is and what it may do", examples="  elmed-client whoami\n  elmed-client whoami --json",
    )  # fmt: skip


def login(options: argparse.Namespace) -> None:
    """The key is typed without echo, or read from standard input: an argument would be seen by `ps`."""
    question = "API key (Settings → API Keys; it is not shown): "
    secret = getpass.getpass(question) if sys.stdin.isatty() else sys.stdin.readline()
    checked = config.configure(secret, options.url)
    with Client(secret, url=checked.url, application="elmed-client-cli") as elmed:
        me = elmed.me()
    file = store.keep(checked.key, checked.url)
    if options.json:
        say_json({"file": str(file), "url": checked.url, "me": me.raw})
    else:
        say(f"Logged in as {clean(me.account.name)} ({me.mode}). The key is in {file}.")


def logout(options: argparse.Namespace) -> None:
    """Remove the file."""
    gone = store.forget()
    if options.json:
        say_json({"forgotten": gone})
    else:
        say(
            "The key is forgotten. Revoke it under Settings → API Keys if nobody needs it."
            if gone
            else "No key was kept."
        )


def whoami(options: argparse.Namespace) -> None:
    """GET /me."""
    with connect() as elmed:
        me = elmed.me()
        if options.json:
            say_json(me.raw)
        else:
            say(described(me, elmed.url))


def described(me: Me, url: str) -> str:
    """A key in a few lines."""
    ends = f"{me.key.expires_at:%Y-%m-%d %H:%M} UTC" if me.key.expires_at else "when it is revoked"
    rows = [
        ("account", f"{me.account.name} ({me.account.kind}, id {me.account.id})"),
        ("key", f"{me.key.name} (id {me.key.id}), ends {ends}"),
        ("world", "TEST DATA" if me.mode == "test" else me.mode),
        ("scopes", ", ".join(me.scopes)),
        ("limit", f"{me.limits.requests_per_minute} requests a minute"),
        ("address", url),
    ]
    return "\n".join(f"{name:8} {clean(text)}" for name, text in rows)
