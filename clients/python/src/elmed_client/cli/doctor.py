"""`doctor`: one report of whether this machine, this key and its webhooks work. It holds no medical data and no key."""

from __future__ import annotations

import argparse
import socket
import ssl
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from elmed_client import Client, ConfigurationError, ElmedError, Retries
from elmed_client.cli import store
from elmed_client.cli.commands import command
from elmed_client.cli.words import DONE, FAILED, CommandFailed, clean, say, say_json, words_of
from elmed_client.config import api_url, is_loopback
from elmed_client.core import user_agent
from elmed_client.models import Me, WebhookDelivery, WebhookEndpoint

if TYPE_CHECKING:
    from elmed_client.cli.commands import Commands

OK, WARN, WRONG = "ok", "look", "wrong"
_SLOW = 1.0  # seconds
_SKEW_LOOK, _SKEW_WRONG = 30, 300  # seconds; receivers of webhooks refuse what is 300 s away
_SOON = 14  # days
_ONCE = Retries(most=1, longest_retry_after=5)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    about: str
    state: str
    words: str
    data: dict[str, Any] = field(default_factory=dict)


def add(commands: Commands) -> None:
    """The command of this file."""
    command(
        commands, "doctor", doctor,
        about="check key, scopes, clock, limits, webhooks, TLS and latency, without a word of medical data; exit 1 if something is wrong",
        examples="  elmed-client doctor\n  elmed-client doctor --json",
    )  # fmt: skip


def doctor(options: argparse.Namespace) -> int:
    """Look at everything that can still be looked at, and report."""
    found = []
    for one in findings():
        found.append(one)
        if not options.json:
            say(f"{one.state:6} {one.about:9} {clean(one.words)}")
    wrong = sum(one.state == WRONG for one in found)
    if options.json:
        say_json({"wrong": wrong, "findings": [asdict(one) for one in found]})
    else:
        say(f"\n{'Nothing is wrong.' if not wrong else f'{wrong} wrong.'}")
    return FAILED if wrong else DONE


def findings() -> Iterator[Finding]:
    """Each in turn; what makes the rest impossible ends it."""
    yield Finding("client", OK, user_agent(None))
    try:
        login = store.current()
        url = api_url(login.url)
        Client(login.key.reveal(), url=url).close()
    except (CommandFailed, ConfigurationError) as failure:
        yield Finding("key", WRONG, str(failure))
        return
    yield Finding("key", OK, f"{login.key.hint} from {login.source}", {"hint": login.key.hint})
    yield from _once(_tls, url)
    reached = yield from _reach(url)
    if not reached:
        return
    with Client(login.key.reveal(), url=url, retries=_ONCE, application="elmed-client-doctor") as elmed:
        try:
            me = elmed.me()
        except ElmedError as error:
            yield Finding("account", WRONG, words_of(error).replace("\n", " "))
            return
        yield from _about_the_key(me)
        yield from _limits(elmed, me)
        yield _events(elmed, me)
        yield from _webhooks(elmed, me)


def _once(look: Callable[[Any], Finding | None], subject: Any) -> Iterator[Finding]:
    found = look(subject)
    if found is not None:
        yield found


def _tls(url: str) -> Finding | None:
    """The certificate that this machine sees, and when it ends."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return Finding("tls", OK, f"none, and none needed: {parts.hostname} is this machine")
    try:
        with (
            socket.create_connection((parts.hostname or "", parts.port or 443), timeout=10) as link,
            ssl.create_default_context().wrap_socket(link, server_hostname=parts.hostname) as safe,
        ):
            certificate, version = safe.getpeercert() or {}, safe.version()
    except ssl.SSLError as error:
        return Finding("tls", WRONG, f"the certificate does not hold: {error.reason or error}")
    except OSError as error:
        return Finding("tls", WARN, f"not looked at: no direct connection ({error}); a proxy may be in between")
    days = int((ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) // 86400)
    return Finding(
        "tls", WARN if days < _SOON else OK, f"{version}, the certificate ends in {days} days", {"days": days}
    )


def _reach(url: str) -> Generator[Finding, None, bool]:
    """How long an answer takes, and how far the two clocks are apart. Returns whether there was an answer."""
    times: list[float] = []
    skews: list[float] = []
    try:
        with httpx.Client(timeout=10, trust_env=not is_loopback(url), follow_redirects=False) as http:
            for _ in range(4):
                sent, began = time.time(), time.monotonic()
                answer = http.get(f"{url}/openapi.json", headers={"User-Agent": user_agent("elmed-client-doctor")})
                times.append(time.monotonic() - began)
                skews.append(_skew(answer, sent))
    except httpx.HTTPError as error:
        yield Finding("reach", WRONG, f"{url} does not answer: {type(error).__name__}: {error}")
        return False
    if answer.is_redirect or answer.status_code != 200:
        yield Finding("reach", WRONG, f"{url} answered {answer.status_code}: is the address right?")
        return False
    best = sorted(times[1:])[1]
    words = f"{url} in {best * 1000:.0f} ms, the first in {times[0] * 1000:.0f} ms"
    yield Finding("reach", WARN if best > _SLOW else OK, words, {"milliseconds": round(best * 1000)})
    skew = sorted(skews)[2]
    state = WRONG if abs(skew) > _SKEW_WRONG else WARN if abs(skew) > _SKEW_LOOK else OK
    after = "" if state == OK else ". Set this machine's clock: webhooks and hand-over times depend on it"
    yield Finding("clock", state, f"{round(skew):+d} s against ELMED's{after}", {"seconds": round(skew)})
    return True


def _skew(answer: httpx.Response, sent: float) -> float:
    """Seconds that this machine's clock is ahead; `Date` has whole seconds, so half a one is given back."""
    told = answer.headers.get("Date")
    if told is None:
        return 0.0
    return sent - (parsedate_to_datetime(told).timestamp() + 0.5)


def _about_the_key(me: Me) -> Iterator[Finding]:
    world = "TEST DATA" if me.mode == "test" else "live"
    yield Finding("account", OK, f"{me.account.kind} {me.account.id}, {world}, key {me.key.id} “{me.key.name}”")
    if me.key.expires_at is None:
        yield Finding("expiry", OK, "the key does not end by itself")
    else:
        days = (me.key.expires_at - datetime.now(timezone.utc)).days
        after = "; rotate it under Settings → API Keys" if days < _SOON else ""
        yield Finding("expiry", WARN if days < _SOON else OK, f"the key ends in {days} days{after}", {"days": days})
    yield Finding("scopes", OK if me.scopes else WRONG, ", ".join(me.scopes) or "none", {"scopes": list(me.scopes)})


def _limits(elmed: Client, me: Me) -> Iterator[Finding]:
    most, left = me.limits.requests_per_minute, elmed.rate_limit
    if left is None:
        yield Finding("limit", OK, f"{most} requests a minute")
        return
    few = left.remaining < most / 10
    words = f"{left.remaining} of {most} requests left for {left.reset} s"
    yield Finding("limit", WARN if few else OK, words, {"limit": most, "remaining": left.remaining})


def _events(elmed: Client, me: Me) -> Finding:
    try:
        newest = me.newest
        elmed.events.list(after=newest, limit=1)
    except ElmedError as error:
        return Finding("events", WRONG, words_of(error).replace("\n", " "))
    return Finding("events", OK, f"the feed answers; the newest is {newest}", {"newest": newest})


def _webhooks(elmed: Client, me: Me) -> Iterator[Finding]:
    if "webhooks:manage" not in me.scopes:
        yield Finding("webhooks", OK, "not looked at: the key has no webhooks:manage")
        return
    try:
        endpoints = elmed.webhook_endpoints.list()
        if not endpoints:
            yield Finding("webhooks", OK, "none")
        for endpoint in endpoints:
            yield _endpoint(endpoint, elmed.webhook_endpoints.deliveries(endpoint.id, limit=20).first().data)
    except ElmedError as error:
        yield Finding("webhooks", WRONG, words_of(error).replace("\n", " "))


def _endpoint(one: WebhookEndpoint, log: tuple[WebhookDelivery, ...]) -> Finding:
    """By its delivery log: whether what was sent last was taken."""
    parts = urlsplit(one.url)
    name = f"{one.id} {parts.scheme}://{parts.netloc}"  # a path may hold a secret
    data: dict[str, Any] = {"id": one.id, "enabled": one.enabled, "off_reason": one.off_reason}
    if not one.enabled:
        state = WARN if one.off_reason == "by_hand" else WRONG
        return Finding("webhooks", state, f"{name} is off: {one.off_reason}", data)
    tried = [delivery for delivery in log if delivery.attempts]
    failed = [delivery for delivery in tried if delivery.state != "delivered"]
    data |= {"looked_at": len(tried), "not_delivered": len(failed)}
    if not tried:
        return Finding("webhooks", OK, f"{name}: nothing was sent yet", data)
    if tried[0].state == "delivered":
        words = f"{name}: the last message was taken in {tried[0].attempts[-1].milliseconds} ms"
        return Finding(
            "webhooks",
            WARN if failed else OK,
            words + (f"; {len(failed)} of {len(tried)} were not" if failed else ""),
            data,
        )
    last = tried[0].attempts[-1]
    answered = f"answered {last.status}" if last.status else f"{last.error}"
    return Finding(
        "webhooks",
        WRONG,
        f"{name}: the last message was not taken ({answered}); {len(failed)} of {len(tried)} were not",
        data,
    )
