"""What a client is told before it asks anything: address, key, patience. Refused here is what could give the key away."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from elmed_client.errors import ConfigurationError

DEFAULT_URL = "https://elmed.healthcare"
API_PATH = "/api/public/v1"
KEY_SHAPE = re.compile(r"elm_(?:test_)?[0-9a-f]{64}")


@dataclass(frozen=True)
class Retries:
    """How often and how patiently a request is tried again. Times are in seconds."""

    most: int = 4
    """Tries after the first one."""
    first: float = 0.5
    """The first pause; each next one is twice as long, less some chance."""
    longest: float = 8.0
    """No pause is longer, but for one that the server asks for."""
    longest_retry_after: float = 65.0
    """A `Retry-After` beyond this is not waited for: the error is raised at once."""


NO_RETRIES = Retries(most=0)


class Secret:
    """A key that does not print itself."""

    def __init__(self, value: str) -> None:
        """Keep it."""
        self._value = value

    def reveal(self) -> str:
        """The key."""
        return self._value

    @property
    def hint(self) -> str:
        """Its kind and last four characters, as the portal lists it."""
        return f"{'elm_test_' if self._value.startswith('elm_test_') else 'elm_'}…{self._value[-4:]}"

    def __repr__(self) -> str:
        """Nothing of it but its hint."""
        return f"<key {self.hint}>"


@dataclass(frozen=True)
class Config:
    """Everything of it."""

    url: str
    key: Secret
    timeout: float = 30.0
    retries: Retries = field(default_factory=Retries)
    application: str | None = None

    @property
    def loopback(self) -> bool:
        """Whether it is this machine: then no proxy is used, which would see the key."""
        return is_loopback(self.url)


def configure(
    api_key: str | None,
    url: str | None,
    *,
    timeout: float = 30.0,
    retries: Retries | None = None,
    application: str | None = None,
) -> Config:
    """A checked configuration; what is None is read from ELMED_API_KEY and ELMED_URL. Raises ConfigurationError."""
    key = (api_key if api_key is not None else os.environ.get("ELMED_API_KEY", "")).strip()
    if not key:
        raise ConfigurationError("No API key: give api_key, or set ELMED_API_KEY.")
    if not KEY_SHAPE.fullmatch(key):
        raise ConfigurationError("That is not an ELMED key: elm_ or elm_test_, and 64 hexadecimal digits.")
    if application is not None and not re.fullmatch(r"[\x20-\x7e]{1,100}", application):
        raise ConfigurationError("application is at most 100 printable ASCII characters, such as 'Till/2.1'.")
    return Config(
        url=api_url(url if url is not None else os.environ.get("ELMED_URL") or DEFAULT_URL),
        key=Secret(key),
        timeout=timeout,
        retries=retries or Retries(),
        application=application,
    )


def api_url(url: str) -> str:
    """The address of the API, from that of the installation or of the API itself. Raises ConfigurationError."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port, httpx.URL(url.strip())
    except (ValueError, httpx.InvalidURL):
        raise ConfigurationError("url is not an address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError("url is an address such as https://elmed.healthcare.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigurationError("url has no user, no query and no fragment.")
    if parts.scheme == "http" and not is_loopback(url):
        raise ConfigurationError(
            "url begins with https://: the key would travel readable. http:// is for this machine."
        )
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path if path.endswith(API_PATH) else path + API_PATH}"


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
