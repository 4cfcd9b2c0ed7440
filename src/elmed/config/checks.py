"""Is this configuration safe? A list of named checks; `elmed check` prints them, `elmed serve` refuses on an error.

They look at the environment and at the files it points to, and ask the database two questions (demo data; whether the keys
open its second factors).
What can be set is in environment.py.
"""

import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, transaction

from elmed.access import factor_secrets
from elmed.accounts.models import Person
from elmed.config.environment import Environment, environment
from elmed.webhooks import sealed

DEMO_DOMAIN = "demo.example"
SECRET_KEY_LENGTH = 50
RESERVED = ("example", "example.com", "example.org", "example.net", "test", "invalid", "localhost")


class Severity(StrEnum):
    """How bad it is: an error keeps a production server from starting."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Found:
    """What a check found wrong, and what to do."""

    check: str
    severity: Severity
    words: str


@dataclass(frozen=True)
class Check:
    """A name, how bad it is in production (elsewhere everything is a warning), and the question: words, or None."""

    name: str
    severity: Severity
    ask: Callable[[Environment], str | None]


def secret_key_file() -> Path:
    """Where `elmed setup` writes the secret key."""
    return Path(settings.DATA_DIR) / "secret-key"


def is_loopback(host: str | None) -> bool:
    """Whether that name or address is this machine itself."""
    if host is None or host == "localhost":
        return host is not None
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _reserved(domain: str) -> bool:
    return any(domain == name or domain.endswith(f".{name}") for name in RESERVED)


def _open_to_others(file: Path) -> bool:
    return bool(stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO))


def _secret_key(_env: Environment) -> str | None:
    if settings.SECRET_KEY == "unset" or settings.SECRET_KEY.startswith("insecure-"):  # noqa: S105 - the very words of settings.py
        return "There is no secret key. Run `elmed setup`, or set SECRET_KEY."
    if len(settings.SECRET_KEY) < SECRET_KEY_LENGTH:
        return f"SECRET_KEY has fewer than {SECRET_KEY_LENGTH} characters. `elmed setup` makes a good one."
    if not environment().secret_key.get_secret_value() and _open_to_others(secret_key_file()):
        return f"{secret_key_file()} can be read by others. chmod 600 it."
    return None


def _database(_env: Environment) -> str | None:
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return "SQLite is for the demo and for development. Set DATABASE_URL to a PostgreSQL database."
    return None


def _base_url(env: Environment) -> str | None:
    site = urlsplit(env.base_url)
    if site.scheme not in ("http", "https") or not site.hostname:
        return "BASE_URL is not an address such as https://rx.yourdomain."
    if site.scheme != "https" and not is_loopback(site.hostname):
        return "BASE_URL is not https: passwords, keys and patients' data would travel in the clear."
    if site.scheme != "https":
        return None
    return f"{site.hostname} is a reserved name: set BASE_URL to your own." if _reserved(site.hostname) else None


def _sealing_keys(_env: Environment) -> str | None:
    folder = Path(settings.SEALING_KEYS_DIR)
    private = [file for file in sorted(folder.glob("*.pem")) if not file.name.endswith(".pub.pem")]
    if not private:
        return f"There is no sealing key in {folder}. Run `elmed setup`."
    if any(_open_to_others(file) for file in private):
        return f"A sealing key in {folder} can be read by others. chmod 600 it."
    return None


def _second_factor_keys(_env: Environment) -> str | None:
    file = factor_secrets.key_file()
    try:
        factor_secrets.ring()
    except factor_secrets.FactorKeyMissing as error:
        return str(error)
    if not settings.SECOND_FACTOR_KEYS and _open_to_others(file):
        return f"{file} can be read by others. chmod 600 it."
    try:
        with transaction.atomic():
            closed, mute = factor_secrets.count_unreadable(), sealed.count_unreadable()
    except DatabaseError:
        return None  # no tables yet
    if mute and not closed:
        return f"The secrets of {mute} webhooks cannot be read with this installation's second-factor keys: bring the right file back."
    words = f"{closed} second factors cannot be read with this installation's second-factor keys: those people cannot sign in. "
    return (
        f"{words}Bring the right file back; what lay unencrypted, `elmed accounts encrypt-second-factors` encrypts."
        if closed
        else None
    )


def _second_factor(env: Environment) -> str | None:
    if env.elmed_env == "production" and env.require_second_factor is False:
        return (
            "REQUIRE_SECOND_FACTOR=false: a stolen password alone signs prescriptions and opens records. "
            "Leave it out, and doctors, pharmacists and staff set up a second factor at their next sign-in."
        )
    return None


def _mail(env: Environment) -> str | None:
    if not env.email_host:
        return "No SMTP server: nobody gets mail. Set EMAIL_HOST."
    if not env.email_use_tls and not is_loopback(env.email_host):
        return "Mail leaves without TLS. Set EMAIL_USE_TLS=true."
    return None


def _sender(env: Environment) -> str | None:
    domain = env.email_from.rpartition("@")[2]
    return "EMAIL_FROM is only an example. Set it to an address of your own domain." if _reserved(domain) else None


def _support(env: Environment) -> str | None:
    default = str(Environment.model_fields["support_email"].default)
    domain = env.support_email.rpartition("@")[2]
    own = urlsplit(env.base_url).hostname or ""
    not_ours = env.support_email == default and not own.endswith(default.rpartition("@")[2])
    if not_ours or _reserved(domain) or "@" not in env.support_email:
        return "SUPPORT_EMAIL is only an example: people would write to nobody. Set your own address."
    return None


def _debug(_env: Environment) -> str | None:
    return "Django's DEBUG is on." if settings.DEBUG else None


def _demo_data(_env: Environment) -> str | None:
    if (Path(settings.DATA_DIR) / "demo.json").exists():
        return f"{settings.DATA_DIR} holds a demo, whose passwords are public. Use another ELMED_DATA."
    try:
        with transaction.atomic():
            found = Person.objects.filter(email__iendswith=f"@{DEMO_DOMAIN}").exists()
    except DatabaseError:
        return None  # no tables yet; the check "database" of a running server says more
    return "The database holds the demo's people, whose passwords are public. Use an empty one." if found else None


def _listens_openly(env: Environment) -> str | None:
    if env.trusted_proxies == 0 and not is_loopback(env.listen_address):
        return (
            "The server listens beyond this machine without a proxy in front, so without TLS. "
            "Set LISTEN_ADDRESS=127.0.0.1 behind one, and TRUSTED_PROXIES."
        )
    return None


CHECKS: tuple[Check, ...] = (
    Check("secret key", Severity.ERROR, _secret_key),
    Check("sealing key", Severity.ERROR, _sealing_keys),
    Check("second-factor key", Severity.ERROR, _second_factor_keys),
    Check("database", Severity.ERROR, _database),
    Check("public address", Severity.ERROR, _base_url),
    Check("mail server", Severity.ERROR, _mail),
    Check("mail sender", Severity.ERROR, _sender),
    Check("support address", Severity.ERROR, _support),
    Check("debug", Severity.ERROR, _debug),
    Check("demo data", Severity.ERROR, _demo_data),
    Check("second factor", Severity.WARNING, _second_factor),
    Check("open listener", Severity.WARNING, _listens_openly),
)


def findings(env: Environment | None = None) -> Sequence[Found]:
    """What is wrong, in the table's order. Outside production nothing is worse than a warning."""
    env = env or environment()
    found = []
    for check in CHECKS:
        if words := check.ask(env):
            severity = check.severity if env.elmed_env == "production" else Severity.WARNING
            found.append(Found(check.name, severity, words))
    return found
