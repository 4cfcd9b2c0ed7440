"""events and listen."""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from elmed_client import Client, ConnectionFailedError, EventsExpiredError, RateLimitedError, ServerError, webhooks
from elmed_client.cli import values
from elmed_client.cli.commands import command, connect
from elmed_client.cli.words import MISUSED, CommandFailed, complain, say, say_json, table, words_of
from elmed_client.config import is_loopback
from elmed_client.core import user_agent
from elmed_client.models import Event

if TYPE_CHECKING:
    from elmed_client.cli.commands import Commands

_ANSWER_WITHIN = 15.0  # seconds, as ELMED gives a receiver
_WITHHELD = "withheld"  # what the key's scopes do not tell of
_PAUSE = 5.0  # seconds, when ELMED is away


def add(commands: Commands) -> None:
    """The commands of this file."""
    feed = command(
        commands, "events", events,
        about="list events, or follow them",
        examples="  elmed-client events\n  elmed-client events --follow --type prescription.verified\n"
        "  elmed-client events --after 42 --json",
    )  # fmt: skip
    feed.add_argument(
        "--after", type=values.sequence, metavar="SEQUENCE", help="go on after this number (0: from the oldest kept)"
    )
    feed.add_argument("--limit", type=values.count, default=20, help="the newest so many (default 20)")
    feed.add_argument("--type", action="append", dest="types", metavar="TYPE", help="only this type; repeatable")
    feed.add_argument("--follow", action="store_true", help="then each as it happens, until Ctrl-C")
    ear = command(
        commands, "listen", listen,
        about="post each event as it happens to a local address, signed as ELMED signs webhooks",
        examples="  elmed-client listen --forward-to http://localhost:9000/elmed\n"
        "  elmed-client listen --forward-to http://localhost:9000/elmed --type prescription.verified",
    )  # fmt: skip
    ear.add_argument("--forward-to", required=True, metavar="URL", help="where your receiver listens")
    ear.add_argument("--type", action="append", dest="types", metavar="TYPE", help="only this type; repeatable")
    ear.add_argument("--after", type=values.sequence, metavar="SEQUENCE", help="begin after this number instead of now")


def events(options: argparse.Namespace) -> None:
    """GET /events."""
    with connect() as elmed:
        newest = _now(elmed, options)
        after = max(0, newest - options.limit) if options.after is None else options.after
        found = [
            one for one in _kept(elmed, after, newest, asked=options.after is not None) if _wanted(one, options.types)
        ]
        if options.json:
            for one in found:
                say_json(one.raw)
        else:
            say(table(_HEAD, map(_row, found)) if found else "None.")
        if options.follow:
            for one in following(elmed, max(after, newest)):
                if _wanted(one, options.types):
                    say_json(one.raw) if options.json else say("  ".join(map(str, _row(one))).rstrip())


def listen(options: argparse.Namespace) -> None:
    """Forward until Ctrl-C. What the receiver does not take is told and not sent again."""
    _check_address(options.forward_to)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    with connect() as elmed, httpx.Client(timeout=_ANSWER_WITHIN, trust_env=False) as receiver:
        newest = _now(elmed, options)
        after = newest if options.after is None else options.after
        if options.json:
            say_json({"secret": secret, "forward_to": options.forward_to, "after": after})
        else:
            say(f"Ready. Your receiver's secret until Ctrl-C: {secret}")
            say(f"Events after {after} go to {options.forward_to}.")
        for event in following(elmed, after):
            if not event.withheld and _wanted(event, options.types):
                outcome = forward(receiver, options.forward_to, event, secret)
                if options.json:
                    say_json({"sequence": event.sequence, "type": event.type, "answered": outcome})
                else:
                    say("  ".join(map(str, (*_row(event), "->", outcome))))


def _now(elmed: Client, options: argparse.Namespace) -> int:
    """The newest number. Raises CommandFailed for types and numbers that are none: nothing would ever come of them."""
    if options.types:
        known = {one.type for one in elmed.meta.event_types()} | {_WITHHELD}
        if wrong := [one for one in options.types if one not in known]:
            raise CommandFailed(
                f"--type {wrong[0]}: no event has that type. These are:\n  " + "\n  ".join(sorted(known)), MISUSED
            )
    newest = elmed.events.newest()
    if options.after is not None and options.after > newest:
        raise CommandFailed(f"--after {options.after}: no event has that number yet; the newest is {newest}.", MISUSED)
    return newest


def following(elmed: Client, after: int) -> Iterator[Event]:
    """Events for ever; while ELMED is away or busy it is said, and asked again."""
    follower = elmed.events.follow(after=after)
    while True:
        try:
            yield from follower
        except (ConnectionFailedError, ServerError, RateLimitedError) as error:
            complain(f"{words_of(error).splitlines()[0]} Trying again from {follower.cursor}.")
            time.sleep(_PAUSE)


def message(event: Event) -> bytes:
    """A webhook's body, byte for byte as ELMED makes it."""
    raw = dict(event.raw)
    content = {"type": raw["type"], "timestamp": raw["created_at"], "data": raw}
    return json.dumps(content, separators=(",", ":")).encode()


def forward(receiver: httpx.Client, url: str, event: Event, secret: str) -> int | str:
    """Post one event; the status that was answered, or what went wrong."""
    body = message(event)
    headers = webhooks.sign(body, message_id=f"evt_{event.id}", timestamp=int(time.time()), secret=secret)
    headers |= {"Content-Type": "application/json", "User-Agent": user_agent("elmed-client-listen")}
    try:
        with receiver.stream("POST", url, content=body, headers=headers) as answer:
            return answer.status_code
    except httpx.TimeoutException:
        return "no answer in 15 s"
    except httpx.HTTPError as error:
        return f"not reached ({type(error).__name__})"


_HEAD = ("SEQUENCE", "AT (UTC)", "TYPE", "PRESCRIPTION", "VERSION")


def _row(one: Event) -> tuple[object, ...]:
    at = f"{one.created_at:%Y-%m-%d %H:%M:%S}" if one.created_at else "-"
    return one.sequence, at, one.type, one.prescription_id or "-", one.version or "-"


def _kept(elmed: Client, after: int, newest: int, *, asked: bool) -> list[Event]:
    """Those that are there; of the newest so many, if nobody asked from where, those that are still kept."""
    try:
        return list(until(elmed, after, newest))
    except EventsExpiredError:
        if asked:
            raise
        return list(until(elmed, 0, newest))


def until(elmed: Client, after: int, newest: int) -> Iterator[Event]:
    """Those that are there."""
    while after < newest:
        page = elmed.events.list(after=after or None, limit=100)
        if not page.data:
            return
        yield from page.data
        after = page.data[-1].sequence


def _wanted(one: Event, types: list[str] | None) -> bool:
    return not types or one.type in types


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and bool(httpx.URL(url))
    except (ValueError, httpx.InvalidURL):
        sound = False
    if not sound:
        raise CommandFailed("--forward-to is an address such as http://localhost:9000/elmed.", MISUSED)
    if parts.scheme == "http" and not is_loopback(url):
        raise CommandFailed("--forward-to is of this machine, or https://.", MISUSED)
