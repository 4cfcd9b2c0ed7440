"""Every setting ELMED reads, with its type, default and meaning: the environment is the only source.

Called by settings.py once at start; `elmed check` judges the values; the docs' table of settings is
generated from the descriptions here. A new setting is one new field.
"""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(BaseSettings):
    """The process's environment, typed. An unreadable value stops the program with the variable's name."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", env_ignore_empty=True)

    elmed_env: Literal["production", "development", "demo"] = Field(
        "production",
        description="`production` refuses unsafe settings; `demo` and `development` listen on loopback only.",
    )
    elmed_data: Path = Field(
        Path("var"), description="Folder of the embedded database, of the keys and of `demo.json`."
    )
    database_url: str = Field(
        "",
        description="`postgres://user:password@host/name`. Empty: SQLite in `ELMED_DATA`, for demo and development.",
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs sessions and cursors. Empty: read from `ELMED_DATA/secret-key`, which `elmed setup` writes.",
    )
    sealing_keys_dir: Path | None = Field(
        None,
        description="Folder of the Ed25519 sealing keys (PEM). Empty: `ELMED_DATA/sealing-keys`. "
        "Back it up apart from the database.",
    )
    second_factor_keys: SecretStr = Field(
        SecretStr(""),
        description="Encrypt the secrets of second factors in the database: Fernet keys with commas between them, the newest "
        "first. Empty: read from `ELMED_DATA/second-factor-keys`, which `elmed setup` writes.",
    )
    downloads_dir: Path | None = Field(
        None,
        description="Folder of the files that people download: the shop's plugin (`make plugin`) and the Python client "
        "(`make client`). Empty: `dist` of the source, where ELMED runs from there.",
    )
    site_name: str = Field("ELMED", description="The name people read on pages and in mails.")
    base_url: str = Field("http://localhost:8000", description="The public address, without a slash at the end.")
    support_email: str = Field(
        "support@elmed.healthcare", description="The support address on pages and in the guides."
    )
    allowed_hosts: str = Field("", description="More host names than that of `BASE_URL`, separated by commas.")
    port: int = Field(8000, ge=1, le=65535, description="The port that `elmed serve` and `elmed demo` listen on.")
    listen_address: str = Field(
        "127.0.0.1", description="The address that `elmed serve` listens on; the demo always uses loopback."
    )
    web_workers: int = Field(
        1, ge=1, le=64, description="Server processes. SQLite wants 1; PostgreSQL about one a core."
    )
    web_threads: int = Field(
        8, ge=1, le=256, description="Threads a server process; each holds one database connection."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=10, description="How many proxies in front append to `X-Forwarded-For`. 0: the header is ignored."
    )
    idle_lock_minutes: int = Field(
        15, ge=1, le=600, description="After so many minutes without use a page is covered until the password is given."
    )
    idle_end_minutes: int = Field(
        60, ge=3, le=720, description="After so many minutes without use one has to sign in again."
    )
    require_second_factor: bool | None = Field(
        None,
        description="Whether doctors, pharmacies' people and ELMED's staff need a second factor to sign in. "
        "Empty: in production.",
    )
    email_host: str = Field("", description="SMTP server. Empty: mails are written to `ELMED_DATA/mail`.")
    email_port: int = Field(587, description="SMTP port.")
    email_user: str = Field("", description="SMTP user.")
    email_password: SecretStr = Field(SecretStr(""), description="SMTP password.")
    email_use_tls: bool = Field(
        True, description="TLS with the SMTP server: from the first byte at port 465, else STARTTLS."
    )
    email_from: str = Field(
        "no-reply@localhost", description="The sender of mails, an address alone; the name before it is `SITE_NAME`."
    )
    time_zone: str = Field(
        "Europe/London",
        description="The jurisdiction's time zone: a prescription is valid to the end of its last day there.",
    )
    validity_months: int = Field(
        6, ge=1, le=24, description="Jurisdiction: how long a prescription is valid at most, in months."
    )
    controlled_validity_days: int = Field(
        28, ge=1, le=366, description="Jurisdiction: the same with a controlled medicine, in days."
    )
    max_repeats: int = Field(12, ge=0, le=99, description="Jurisdiction: the most repeats a prescription may allow.")
    controlled_max_repeats: int = Field(
        0, ge=0, le=99, description="Jurisdiction: the same with a controlled medicine."
    )
    controlled_portal_only: bool = Field(
        True, description="Jurisdiction: controlled medicines are dispensed in the portal only, never by a key."
    )
    currency: str = Field(
        "GBP",
        pattern="^[A-Z]{3}$",
        description="Jurisdiction: the currency (ISO 4217) of a new product, unless somebody says another.",
    )
    formulary_allow_demonstration: bool = Field(
        False,
        description="Whether production signs medicines from demonstration data, which is not for clinical use. "
        "Only for trying out.",
    )
    signing_limit_ten_minutes: int = Field(
        60, ge=1, le=10_000, description="How many prescriptions a doctor may sign within ten minutes."
    )
    signing_limit_day: int = Field(
        300, ge=1, le=100_000, description="How many prescriptions a doctor may sign within 24 hours."
    )
    test_world_size: int = Field(
        1000, ge=1, le=1_000_000,
        description="With so many prescriptions or patients, an account's test world takes no more, played or written, until it is reset.",
    )  # fmt: skip
    webhook_threads: int = Field(
        16, ge=1, le=256, description="Webhooks that a worker sends at once; each thread holds one database connection."
    )
    max_body_bytes: int = Field(
        1024 * 1024, ge=1024, description="Largest request body the API takes, in bytes (413 above it)."
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The settings, read once a process."""
    return Environment()
