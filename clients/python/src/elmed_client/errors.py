"""What can go wrong, one exception a kind. `except ElmedError` catches everything that this package raises itself.

None of them holds the API key, a header or a request: they may be logged as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class ElmedError(Exception):
    """The base of all of them."""


class ConfigurationError(ElmedError, ValueError):
    """The client was told something that cannot work, such as a key of another shape or an address without https."""


class ConnectionFailedError(ElmedError):
    """No answer came. Of a write without an `Idempotency-Key` nobody knows whether it was done."""


class TimedOutError(ConnectionFailedError):
    """No answer came in time."""


class UnexpectedAnswerError(ElmedError):
    """What answered does not speak ELMED's API: a proxy's page, a redirect, JSON of another shape."""


class WebhookVerificationError(ElmedError):
    """A message that ELMED did not send, or that is too old. Answer it with 400 and do nothing else."""


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with a request: `pointer` into the body (RFC 6901), or the name of a `parameter`."""

    pointer: str | None
    parameter: str | None
    code: str
    detail: str


class APIError(ElmedError):
    """ELMED answered with a problem (RFC 9457): `code` is stable, `detail` is for people, `request_id` for support."""

    def __init__(self, status: int, problem: Mapping[str, Any], *, request_id: str | None = None) -> None:
        """Take the answer apart."""
        self.status = status
        self.problem = dict(problem)
        self.code = str(problem.get("code") or f"http_{status}")
        self.title = str(problem.get("title") or "")
        self.detail = str(problem.get("detail") or self.title or "The answer says no more.")
        self.request_id = str(problem.get("request_id") or request_id or "") or None
        said = f" ({self.request_id})" if self.request_id else ""
        super().__init__(f"{status} {self.code}: {self.detail}{said}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes."""
        return type(self), (self.status, self.problem)


class InvalidRequestError(APIError):
    """400, 405, 413, 415 or 422: the request itself is wrong; `errors` says where."""

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """Each thing that is wrong."""
        found = self.problem.get("errors")
        return tuple(
            FieldError(
                pointer=one.get("pointer"),
                parameter=one.get("parameter"),
                code=str(one.get("code", "")),
                detail=str(one.get("detail", "")),
            )
            for one in (found if isinstance(found, list) else [])
            if isinstance(one, Mapping)
        )


class AuthenticationError(APIError):
    """401: no key, or one that is malformed, unknown, revoked or expired."""


class PermissionDeniedError(APIError):
    """403: the key is good, but may not do that."""

    @property
    def needed_scopes(self) -> tuple[str, ...]:
        """With one of these scopes the key could; empty where scopes are not the matter."""
        return _texts(self.problem.get("needed_scopes"))


class NotFoundError(APIError):
    """404: not there, or not visible to this account; the two look alike."""


class ConflictError(APIError):
    """409: not now. Nothing was changed."""

    @property
    def current_status(self) -> str | None:
        """The prescription's status, where that is the reason."""
        found = self.problem.get("current_status")
        return str(found) if found is not None else None

    @property
    def allowed_actions(self) -> tuple[str, ...]:
        """What this key can do instead."""
        return _texts(self.problem.get("allowed_actions"))


class EventsExpiredError(APIError):
    """410: events after that number are not kept any more. Read the prescriptions anew, go on without `after`."""


class PreconditionFailedError(APIError):
    """412: it changed since you read it."""

    @property
    def current_version(self) -> int | None:
        """To what."""
        found = self.problem.get("current_version")
        return found if isinstance(found, int) else None


class RateLimitedError(APIError):
    """429 `rate_limited`, and the client's retries were used up."""

    def __init__(
        self,
        status: int,
        problem: Mapping[str, Any],
        *,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Keep how long to wait, in seconds."""
        super().__init__(status, problem, request_id=request_id)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes."""
        return _limited, (self.status, self.problem, self.retry_after)


class ChecksLockedError(APIError):
    """429 `reference_locked` or `checks_paused`: too many wrong proofs. Tell the shopper; never wait for it."""

    @property
    def until(self) -> str | None:
        """When it opens, RFC 3339."""
        found = self.problem.get("until")
        return str(found) if found is not None else None


class ServerError(APIError):
    """5xx: ELMED's fault, or its database is away. Nothing was changed."""


_BY_STATUS: dict[int, type[APIError]] = {
    401: AuthenticationError, 403: PermissionDeniedError, 404: NotFoundError, 409: ConflictError,
    410: EventsExpiredError, 412: PreconditionFailedError,
}  # fmt: skip


def from_answer(
    status: int, problem: Mapping[str, Any], *, request_id: str | None = None, retry_after: float | None = None
) -> APIError:
    """The exception that an answer of 4xx or 5xx stands for."""
    if status == 429:
        if problem.get("code") in LOCKS:
            return ChecksLockedError(status, problem, request_id=request_id)
        return RateLimitedError(status, problem, request_id=request_id, retry_after=retry_after)
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else InvalidRequestError)
    return kind(status, problem, request_id=request_id)


LOCKS = frozenset({"reference_locked", "checks_paused"})  # 429s that waiting does not help against


def _limited(status: int, problem: Mapping[str, Any], retry_after: float | None) -> RateLimitedError:
    return RateLimitedError(status, problem, retry_after=retry_after)


def _texts(found: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in found) if isinstance(found, list) else ()
