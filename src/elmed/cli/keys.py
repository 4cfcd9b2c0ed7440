"""`elmed keys`: API keys of an account. The rules are access/keys.py's; a list shows hints only."""

import argparse
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from elmed.access import keys
from elmed.access.actors import Actor, of_command
from elmed.access.models import ApiKey
from elmed.access.permissions import SCOPE_MEANING
from elmed.access.queries import keys_of
from elmed.accounts.models import Account
from elmed.cli.words import say, table, whole
from elmed.core.clock import real_now
from elmed.core.models import Mode
from elmed.core.refusals import NotVisible

if TYPE_CHECKING:
    from elmed.cli.words import Groups


def add(groups: "Groups") -> None:
    """The commands' options."""
    group = groups.add_parser("keys", help="make, list, rotate and revoke API keys")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)

    make = commands.add_parser("create", help="a key, printed once")
    make.add_argument("--account", type=int, required=True, help="the account's id (`elmed accounts list`)")
    make.add_argument("--name", required=True, help="what the key is for")
    make.add_argument(
        "--scope", action="append", required=True, choices=[scope.value for scope in SCOPE_MEANING], help="repeatable"
    )
    make.add_argument("--test", action="store_true", help="a test key (elm_test_…), for the account's test world")
    make.add_argument("--days", type=whole(1, 36500), help="how long it lives; without it, until revoked")
    make.add_argument("--ip", action="append", default=[], help="an address or network it may be used from; repeatable")
    make.set_defaults(run=create)

    shown = commands.add_parser("list", help="keys with their hint; the key itself is not stored")
    shown.add_argument("--account", type=int, required=True)
    shown.set_defaults(run=show)

    gone = commands.add_parser("revoke", help="stop a key, from the very next request")
    gone.add_argument("key", type=int, help="the key's id (`elmed keys list`)")
    gone.set_defaults(run=revoke)

    turned = commands.add_parser("rotate", help="a new key with the same rights, printed once; the old one ends soon")
    turned.add_argument("key", type=int, help="the key's id (`elmed keys list`)")
    turned.add_argument("--account", type=int, required=True, help="the account it belongs to")
    turned.add_argument("--overlap-days", type=int, default=0, help="how long the old one lives on: 0 (default) to 7")
    turned.set_defaults(run=rotate)

    limited = commands.add_parser("limit", help="as ELMED's staff: set one key's requests a minute")
    limited.add_argument("key", type=int, help="the key's id (`elmed keys list`)")
    limited.add_argument("requests_per_minute", type=int)
    limited.set_defaults(run=limit)


def _account_actor(account_id: int) -> Actor:
    account = Account.objects.select_related("world").filter(pk=account_id).first()
    if account is None:
        raise NotVisible("account")
    return of_command(account)


def create(options: argparse.Namespace) -> int:
    """Make a key and print it, this once."""
    expires_at = real_now() + timedelta(days=options.days) if options.days is not None else None
    key, secret = keys.create(
        _account_actor(options.account),
        name=options.name,
        scopes=options.scope,
        mode=Mode.TEST if options.test else Mode.LIVE,
        expires_at=expires_at,
        allowed_ips=options.ip,
    )
    say(f"Key {key.pk}, shown this once:")
    say(secret)
    return 0


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"


def show(options: argparse.Namespace) -> int:
    """Print an account's keys."""
    now = real_now()
    rows = [
        (key.pk, f"…{key.hint}", key.mode, _state(key, now), ",".join(key.scopes), key.name)
        for key in keys_of(_account_actor(options.account))
    ]
    table(("id", "hint", "mode", "state", "scopes", "name"), rows)
    return 0


def revoke(options: argparse.Namespace) -> int:
    """Revoke any account's key, as ELMED's staff."""
    key = keys.revoke(of_command(), options.key)
    say(f"Key {key.pk} (…{key.hint}) is revoked.")
    return 0


def rotate(options: argparse.Namespace) -> int:
    """Make the key's successor and print it, this once."""
    key, secret = keys.rotate(_account_actor(options.account), options.key, overlap_days=options.overlap_days)
    say(f"Key {key.pk}, shown this once; key {options.key} ends in {options.overlap_days} days:")
    say(secret)
    return 0


def limit(options: argparse.Namespace) -> int:
    """Set a key's limit, as ELMED's staff."""
    key = keys.set_limit(of_command(), options.key, requests_per_minute=options.requests_per_minute)
    say(f"Key {key.pk} (…{key.hint}) may do {key.requests_per_minute} requests a minute.")
    return 0
