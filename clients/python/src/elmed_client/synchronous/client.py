"""`Client`: one attribute a resource."""

from __future__ import annotations

from types import TracebackType

import httpx

from elmed_client.call import Call
from elmed_client.config import Retries, configure
from elmed_client.core import RateLimit
from elmed_client.models import Me
from elmed_client.synchronous.dispensing import Dispenses, Prescriptions
from elmed_client.synchronous.events import Events
from elmed_client.synchronous.others import Integrations, Keys, Meta, Patients
from elmed_client.synchronous.sandbox import Sandbox
from elmed_client.synchronous.sending import Sender
from elmed_client.synchronous.shop import Products, Reservations, Sales
from elmed_client.synchronous.webhook_endpoints import WebhookEndpoints


class Client:
    """ELMED's API with one key. Use it as a context manager, or call `close()` at the end.

    `api_key` and `url` come from ELMED_API_KEY and ELMED_URL where they are not given. `application` names your
    program in `User-Agent`. A `transport` of httpx's carries proxies or certificates of your own.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        url: str | None = None,
        timeout: float = 30.0,
        retries: Retries | None = None,
        application: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Check what was given; nothing is sent. Raises ConfigurationError."""
        config = configure(api_key, url, timeout=timeout, retries=retries, application=application)
        self._sender = Sender(config, transport)
        self.prescriptions = Prescriptions(self._sender)
        self.dispenses = Dispenses(self._sender)
        self.reservations = Reservations(self._sender)
        self.patients = Patients(self._sender)
        self.products = Products(self._sender)
        self.sales = Sales(self._sender)
        self.events = Events(self._sender)
        self.webhook_endpoints = WebhookEndpoints(self._sender)
        self.sandbox = Sandbox(self._sender)
        self.meta = Meta(self._sender)
        self.keys = Keys(self._sender)
        self.integrations = Integrations(self._sender)

    @property
    def url(self) -> str:
        """The address of the API."""
        return self._sender.config.url

    @property
    def rate_limit(self) -> RateLimit | None:
        """What the last answer told of the key's minute; None before the first."""
        return self._sender.rate_limit

    def me(self) -> Me:
        """Whose key this is, its scopes, its world and its limits."""
        return self._sender.send(Call("me", "GET", "/me", Me))

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    def __enter__(self) -> Client:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def __repr__(self) -> str:
        """The address and the key's hint, never the key."""
        return f"<{type(self).__name__} {self.url} {self._sender.config.key.hint}>"
