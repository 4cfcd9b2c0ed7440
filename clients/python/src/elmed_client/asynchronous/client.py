"""`AsyncClient`: one attribute a resource."""

from __future__ import annotations

from types import TracebackType

import httpx

from elmed_client.asynchronous.dispensing import AsyncDispenses, AsyncPrescriptions
from elmed_client.asynchronous.events import AsyncEvents
from elmed_client.asynchronous.others import AsyncIntegrations, AsyncKeys, AsyncMeta, AsyncPatients
from elmed_client.asynchronous.sandbox import AsyncSandbox
from elmed_client.asynchronous.sending import AsyncSender
from elmed_client.asynchronous.shop import AsyncProducts, AsyncReservations, AsyncSales
from elmed_client.asynchronous.webhook_endpoints import AsyncWebhookEndpoints
from elmed_client.call import Call
from elmed_client.config import Retries, configure
from elmed_client.core import RateLimit
from elmed_client.models import Me


class AsyncClient:
    """ELMED's API with one key. Use it as a context manager, or call `aclose()` at the end.

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
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Check what was given; nothing is sent. Raises ConfigurationError."""
        config = configure(api_key, url, timeout=timeout, retries=retries, application=application)
        self._sender = AsyncSender(config, transport)
        self.prescriptions = AsyncPrescriptions(self._sender)
        self.dispenses = AsyncDispenses(self._sender)
        self.reservations = AsyncReservations(self._sender)
        self.patients = AsyncPatients(self._sender)
        self.products = AsyncProducts(self._sender)
        self.sales = AsyncSales(self._sender)
        self.events = AsyncEvents(self._sender)
        self.webhook_endpoints = AsyncWebhookEndpoints(self._sender)
        self.sandbox = AsyncSandbox(self._sender)
        self.meta = AsyncMeta(self._sender)
        self.keys = AsyncKeys(self._sender)
        self.integrations = AsyncIntegrations(self._sender)

    @property
    def url(self) -> str:
        """The address of the API."""
        return self._sender.config.url

    @property
    def rate_limit(self) -> RateLimit | None:
        """What the last answer told of the key's minute; None before the first."""
        return self._sender.rate_limit

    async def me(self) -> Me:
        """Whose key this is, its scopes, its world and its limits."""
        return await self._sender.send(Call("me", "GET", "/me", Me))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._sender.aclose()

    async def __aenter__(self) -> AsyncClient:
        """Itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.aclose()

    def __repr__(self) -> str:
        """The address and the key's hint, never the key."""
        return f"<{type(self).__name__} {self.url} {self._sender.config.key.hint}>"
