"""Where a webhook may go: outward only. Judged when an endpoint is made, and again on the address that is connected to.

Whoever chooses a URL that the server calls could otherwise reach what stands behind its firewall (server-side request
forgery). A name is resolved once and the very address that was judged is connected to, so that it cannot change between
the two. Ranges: IANA's special-purpose registries, as `ipaddress` has them, and those that carry an IPv4 address inside.
"""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from elmed.config.environment import environment

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_LENGTH = 500
# Not of the public internet, though this Python's `is_global` has some of them so.
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "168.63.129.16/32",
        "fec0::/10",
        "3fff::/20",
        "5f00::/16",
        "100::/64",
    )
)
# Each carries an IPv4 address inside, or stands for one: mapped, compatible, NAT64 (two prefixes), 6to4, Teredo.
_EMBEDDING = tuple(
    ipaddress.IPv6Network(text)
    for text in ("::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)


class Inward(Exception):
    """The URL, or what its name stands for, is not to be called. `code` and words for whoever chose it."""

    def __init__(self, code: str, words: str) -> None:
        """Keep both."""
        super().__init__(words)
        self.code, self.words = code, words


def outward(address: Address) -> bool:
    """Whether the address lies in the public internet."""
    if isinstance(address, ipaddress.IPv6Address) and any(address in network for network in _EMBEDDING):
        return False
    if any(address.version == network.version and address in network for network in _SPECIAL):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def local_allowed() -> bool:
    """Whether http to 127.0.0.1 is taken: in the demo and in development, where the receiver is on the same machine."""
    return environment().elmed_env in ("demo", "development")


def check_url(url: str) -> None:
    """Raise Inward unless a webhook may be sent there: what it says, and where its name leads now."""
    host, port = parts(url)
    addresses(host, port, plain=url.lower().startswith("http:"))


def host_of(url: str) -> str:
    """The host of a URL that was let through: what a mail says of it."""
    return urlsplit(url).hostname or ""


def parts(url: str) -> tuple[str, int]:
    """Host and port. Raises Inward for what is no plain https URL (http to this machine, in the demo)."""
    if len(url) > MAX_LENGTH or re.search(r"[^\x21-\x7e]|\\", url):
        words = _("At most %(most)d characters of ASCII, without spaces.") % {"most": MAX_LENGTH}
        raise Inward("invalid_url", words)
    try:
        split = urlsplit(url)
        host, port = split.hostname or "", split.port
    except ValueError:
        raise Inward("invalid_url", _("This is not a URL.")) from None
    plain = split.scheme == "http" and host in ("127.0.0.1", "localhost") and local_allowed()
    if split.scheme != "https" and not plain:
        raise Inward("https_only", _("Only https:// addresses are told."))
    if not host or split.username is not None or split.password is not None or "@" in split.netloc:
        raise Inward("invalid_url", _("A host name, and no user or password in the URL."))
    if split.fragment or url.endswith("#") or ";" in split.path:
        raise Inward("invalid_url", _("No fragment (#…) and no semicolon in the URL."))
    if port == 0:
        raise Inward("invalid_url", _("Port 0 cannot be called."))
    return host, port or (80 if plain else 443)


def addresses(host: str, port: int, *, plain: bool) -> list[str]:
    """Every address that the name stands for now, all of them judged. Raises Inward where one leads inward.

    `plain`: http to this machine, which `parts` has let through.
    """
    if plain:
        return ["127.0.0.1"]
    found = _resolve(host, port)
    if not found:
        raise Inward("unknown_host", _("This host name has no address."))
    for text in found:
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            raise Inward("inward_address", _("This address cannot be called.")) from None
        if not outward(address):
            raise Inward("inward_address", _("This address is not in the public internet."))
    return found


def _resolve(host: str, port: int) -> list[str]:
    """The system's answer, in its order. `getaddrinfo` also reads the odd spellings of IPv4 (`0x7f.1`, `2130706433`)."""
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(row[4][0]) for row in rows))
