"""Everything between a call and its value but the sending itself: the request, the errors, whether to try again.

No I/O here: both clients send what `request` makes and ask `judge` or `broken` what came of it.
"""

from __future__ import annotations

import json
import logging
import platform
import random
import warnings
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx

from elmed_client import errors
from elmed_client.call import Call
from elmed_client.config import Config
from elmed_client.decode import decode
from elmed_client.version import VERSION

T = TypeVar("T")
log = logging.getLogger("elmed_client")
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_OURS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)  # what we asked could never be sent
_AWAY = frozenset({502, 503, 504})


class ElmedDeprecationWarning(DeprecationWarning):
    """ELMED says that an endpoint will end."""


@dataclass(frozen=True)
class Again:
    """Try once more after so many seconds."""

    after: float


@dataclass(frozen=True)
class Answer:
    """A 2xx or 304: status, headers, JSON (None where there is none)."""

    status: int
    headers: httpx.Headers
    content: Any


@dataclass(frozen=True)
class RateLimit:
    """What the last answer told of the key's minute: its requests, those left, seconds until it begins anew."""

    limit: int
    remaining: int
    reset: int


def user_agent(application: str | None) -> str:
    """Who asks: this client, Python, httpx, and the program that uses them."""
    ours = f"elmed-client/{VERSION} Python/{platform.python_version()} httpx/{httpx.__version__}"
    return f"{application} {ours}" if application else ours


def request(config: Config, call: Call[Any]) -> httpx.Request:
    """The request of a call. Sent again it is the same, with the same `Idempotency-Key`."""
    headers = {"Accept": "application/json", "User-Agent": user_agent(config.application)}
    headers |= {name: value for name, value in call.headers.items() if value is not None}
    if not call.keyless:
        headers["Authorization"] = f"Bearer {config.key.reveal()}"
    if call.idempotency_key is not None:
        headers["Idempotency-Key"] = call.idempotency_key
    content = None
    if call.body is not None:
        content = json.dumps(call.body, ensure_ascii=False).encode()
        headers["Content-Type"] = "application/json"
    timeout = httpx.Timeout(config.timeout + call.patience, connect=min(config.timeout, 10.0))
    return httpx.Request(
        call.method,
        config.url + call.where(),
        params=call.parameters() or None,
        headers=headers,
        content=content,
        extensions={"timeout": timeout.as_dict()},
    )


def judge(config: Config, call: Call[Any], response: httpx.Response, attempt: int) -> Answer | Again:
    """What an answer means; `attempt` counts from 0. Raises what errors.py lists."""
    _told(call, response)
    if response.is_success or response.status_code == 304:
        return Answer(response.status_code, response.headers, _json(response))
    if response.is_redirect or not response.is_error:
        raise errors.UnexpectedAnswerError(
            f"{call.operation}: answered {response.status_code}, a redirect. It is not followed, since the key would go "
            "with it. Is the address right?"
        )
    wait = retry_after(response.headers)
    error = errors.from_answer(
        response.status_code, _problem(response), request_id=response.headers.get("X-Request-Id"), retry_after=wait
    )
    pause = _pause(config, attempt, wait) if attempt < config.retries.most and _passes(call, error) else None
    if pause is None:
        raise error
    return Again(pause)


def broken(config: Config, call: Call[Any], error: httpx.RequestError, attempt: int) -> Again | errors.ElmedError:
    """What the lack of an answer means: try again where that is safe, else the error to raise."""
    safe = _harmless(call) or isinstance(error, _NOT_SENT)
    if safe and attempt < config.retries.most and not isinstance(error, _OURS):
        return Again(_backoff(config, attempt))
    late = isinstance(error, httpx.TimeoutException)
    what = "no answer in time from" if late else "no connection to"
    words = f"{call.operation}: {what} {config.url} ({type(error).__name__}: {error})"
    return errors.TimedOutError(words) if late else errors.ConnectionFailedError(words)


def value(call: Call[T], answer: Answer) -> T:
    """The typed value of an answer."""
    if call.answer is None:
        return None  # type: ignore[return-value]
    if answer.content is None:
        raise errors.UnexpectedAnswerError(f"{call.operation}: answered {answer.status} without JSON.")
    return decode(call.answer, answer.content, where=call.operation)


def rate_limit(headers: httpx.Headers) -> RateLimit | None:
    """`RateLimit` and `RateLimit-Policy`, read; None where they are absent or of another shape."""
    try:
        policy = _parts(headers["RateLimit-Policy"])
        left = _parts(headers["RateLimit"])
        return RateLimit(int(policy["q"]), int(left["r"]), int(left["t"]))
    except (KeyError, ValueError):
        return None


def retry_after(headers: httpx.Headers) -> float | None:
    """Seconds of `Retry-After`, given as a number or as a date; None where there is none."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=timezone.utc)
    return max(0.0, (until - datetime.now(timezone.utc)).total_seconds())


def _harmless(call: Call[Any]) -> bool:
    """Whether a second time changes nothing more."""
    return call.method == "GET" or call.repeatable or call.idempotency_key is not None


def _passes(call: Call[Any], error: errors.APIError) -> bool:
    """Whether it can be other in a moment, and asking again is safe."""
    if isinstance(error, errors.RateLimitedError):
        return True  # refused before anything was done
    return _harmless(call) and (error.status in _AWAY or error.code == "request_in_progress")


def _pause(config: Config, attempt: int, asked: float | None) -> float | None:
    """How long to wait; None where the server asks for more patience than there is."""
    if asked is None:
        return _backoff(config, attempt)
    if asked > config.retries.longest_retry_after:
        return None
    return asked + random.uniform(0, min(1.0, asked / 10 + 0.1))  # noqa: S311 - so that not all come back at once


def _backoff(config: Config, attempt: int) -> float:
    ceiling = min(config.retries.longest, config.retries.first * 2**attempt)
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - nothing secret


def _json(response: httpx.Response) -> Any:
    if response.status_code in (202, 204, 304) or not response.content:
        return None
    try:
        return json.loads(response.content)
    except ValueError:
        raise errors.UnexpectedAnswerError(
            f"answered {response.status_code} with something that is not JSON. Is this the address of ELMED's API?"
        ) from None


def _problem(response: httpx.Response) -> dict[str, Any]:
    """The problem document; empty where something between us and ELMED answered."""
    if "json" not in response.headers.get("Content-Type", ""):
        return {}
    try:
        found = json.loads(response.content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _told(call: Call[Any], response: httpx.Response) -> None:
    """Log it, without query and body; warn of what will end."""
    log.debug(
        "%s %s -> %d (%s)",
        call.method,
        call.where(),
        response.status_code,
        response.headers.get("X-Request-Id", "no request id"),
    )
    if "Deprecation" in response.headers:
        sunset = response.headers.get("Sunset")
        words = f"{call.method} {call.path} is deprecated" + (f" and ends {sunset}." if sunset else ".")
        warnings.warn(words, ElmedDeprecationWarning, stacklevel=2)


def _parts(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(",", maxsplit=1)[0].split(";")[1:])
    return {name: text for name, _, text in pairs}


class _WithoutQueries(logging.Filter):
    """httpx logs whole addresses; a query of ELMED's can hold a prescription's reference or a patient's id."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_cut(one) for one in record.args)
        return True


def _cut(one: Any) -> Any:
    return one.copy_with(query=None) if isinstance(one, httpx.URL) and "/api/public/v1" in one.path else one


logging.getLogger("httpx").addFilter(_WithoutQueries())
