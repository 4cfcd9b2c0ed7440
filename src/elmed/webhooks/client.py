"""One POST to a receiver that nobody trusts: the address judged at the moment of connecting, 15 seconds in all, no
redirects, and of the answer only its status. Called by deliver.py.
"""

import contextvars
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore
from django.utils.translation import gettext_noop as _

from elmed.webhooks.address import Inward, addresses, parts

SECONDS = 15.0
MOST_BYTES = 64 * 1024  # of an answer's body that are read, for the connection's sake; the rest is not waited for
_plain: contextvars.ContextVar[bool] = contextvars.ContextVar("plain")
_end: contextvars.ContextVar[float] = contextvars.ContextVar("end")  # time.monotonic() at which everything is over

# Why a try did not succeed, in words: for the log of deliveries.
ERRORS: dict[str, str] = {
    "status": _("The answer was not 2xx."),
    "redirect": _("The answer was a redirect. They are not followed: give the final address."),
    "timeout": _("No answer within 15 seconds."),
    "connection": _("No connection, or it broke off before the answer."),
    "tls": _("The certificate or the TLS connection did not hold."),
    "not_http": _("What was answered is not HTTP."),
    "inward_address": _("The address is not in the public internet."),
    "unknown_host": _("The host name has no address."),
    "invalid_url": _("The URL cannot be called."),
    "https_only": _("Only https:// addresses are told."),
    "internal": _("A fault on our side. It is tried again."),
}


@dataclass(frozen=True)
class Outcome:
    """What came of a try. `status` is None where no answer came; `error` is empty for a 2xx."""

    status: int | None
    error: str
    milliseconds: int
    retry_after: float | None = None  # seconds, as the receiver asks

    @property
    def delivered(self) -> bool:
        """Whether it was taken."""
        return not self.error


class _Timed(httpcore.NetworkStream):
    """A connection on which nothing takes longer than what is left of the 15 seconds: a trickle is no answer."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, _left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, _left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(httpcore.ConnectTimeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Outward(httpcore.SyncBackend):
    """Connects only to an address that was judged, and to that very one; TLS still asks for the name's certificate."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failed: Exception | None = None
        for address in addresses(host, port, plain=_plain.get()):
            try:
                stream = super().connect_tcp(
                    address, port, _left(httpcore.ConnectTimeout), local_address, socket_options
                )
            except httpcore.ConnectError as error:
                failed = error
                continue
            return _Timed(stream)
        raise failed or httpcore.ConnectError("no address")


def _left(late: type[Exception]) -> float:
    left = _end.get() - time.monotonic()
    if left <= 0:
        raise late("over")
    return left


class Client:
    """A pool of connections, shared by a worker's threads; those to one receiver are used again."""

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        """`ssl_context`: the system's authorities, unless a test says another."""
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context or ssl.create_default_context(),
            max_connections=200,
            max_keepalive_connections=50,
            keepalive_expiry=20,
            network_backend=_Outward(),
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Send it once. Never raises for what the receiver or the network does."""
        began = time.monotonic()
        status, error, retry_after = self._try(url, body, headers, began)
        milliseconds = round((time.monotonic() - began) * 1000)
        return Outcome(status, error, milliseconds, retry_after)

    def _try(
        self, url: str, body: bytes, headers: Mapping[str, str], began: float
    ) -> tuple[int | None, str, float | None]:
        _end.set(began + SECONDS)
        _plain.set(url.lower().startswith("http:"))
        try:
            parts(url)
            with self._pool.stream(
                "POST", url, content=body, headers=list(headers.items()), extensions={"timeout": {"pool": SECONDS}}
            ) as answer:
                status, wait = answer.status, _retry_after(answer.headers)
                _drain(answer)
        except (Inward, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.NetworkError, OSError) as failed:
            return None, _code(failed), None
        if 200 <= status < 300:
            return status, "", None
        return status, "redirect" if 300 <= status < 400 else "status", wait


def _code(failed: Exception) -> str:
    """Which of ERRORS it was."""
    if isinstance(failed, Inward):
        return failed.code
    if isinstance(failed, httpcore.TimeoutException):
        return "timeout"
    if isinstance(failed, httpcore.ProtocolError):
        return "not_http"
    # The pool raises it `from None`, which leaves the context alone.
    return "tls" if isinstance(failed, ssl.SSLError) or isinstance(failed.__context__, ssl.SSLError) else "connection"


def _drain(answer: httpcore.Response) -> None:
    """Read a short body, so that the connection can be used again; the status was said before it, whatever it does."""
    taken = 0
    try:
        for chunk in answer.iter_stream():
            taken += len(chunk)
            if taken > MOST_BYTES:
                return
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError):
        return


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> float | None:
    """Seconds that `Retry-After` asks for, in either of its two forms (RFC 9110, section 10.2.3)."""
    text = next((value.decode("latin-1").strip() for name, value in headers if name.lower() == b"retry-after"), "")
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        return None
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)
