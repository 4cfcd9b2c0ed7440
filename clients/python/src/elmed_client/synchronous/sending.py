"""The I/O: sends what core.py makes, waits where it says so."""

from __future__ import annotations

import time
from typing import Any, TypeVar

import httpx

from elmed_client import core
from elmed_client.call import Call
from elmed_client.config import Config
from elmed_client.errors import ElmedError

T = TypeVar("T")


class Sender:
    """Sends calls over one pool of connections."""

    def __init__(self, config: Config, transport: httpx.BaseTransport | None) -> None:
        """Open nothing yet. Redirects are never followed; to this machine no proxy is used."""
        self.config = config
        self.rate_limit: core.RateLimit | None = None
        self._http = httpx.Client(
            transport=transport, follow_redirects=False, trust_env=not config.loopback, timeout=config.timeout
        )

    def send(self, call: Call[T]) -> T:
        """The call's value. Raises what errors.py lists."""
        return core.value(call, self.ask(call))

    def ask(self, call: Call[Any]) -> core.Answer:
        """The answer itself."""
        request = core.request(self.config, call)
        attempt = 0
        while True:
            outcome = self._tried(call, request, attempt)
            if isinstance(outcome, core.Answer):
                return outcome
            if isinstance(outcome, ElmedError):
                raise outcome
            time.sleep(outcome.after)
            attempt += 1

    def _tried(self, call: Call[Any], request: httpx.Request, attempt: int) -> core.Answer | core.Again | ElmedError:
        """One try. Errors of httpx end here: they carry the request, and with it the key."""
        try:
            response = self._http.send(request)
        except httpx.RequestError as error:
            return core.broken(self.config, call, error, attempt)
        self.rate_limit = core.rate_limit(response.headers) or self.rate_limit
        return core.judge(self.config, call, response, attempt)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
