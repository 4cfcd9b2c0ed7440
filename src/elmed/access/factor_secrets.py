"""The secrets of second factors lie encrypted in the database: an app's, and the seed of the recovery codes. The keys lie outside.

Fernet (AES-128-CBC with HMAC-SHA-256). The keys are SECOND_FACTOR_KEYS, or the lines of the file that `elmed setup` writes,
the newest first: it encrypts, all of them open. allauth asks portals/adapter.py, which asks here; a secret that is not
encrypted is not taken. Passkeys need none of this: the database holds their public halves alone.
"""

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

MARK = "fernet:"
FIELDS = ("secret", "seed", "migrated_codes")  # of an Authenticator's data: an app's, the recovery codes', older codes


class FactorKeyMissing(ImproperlyConfigured):
    """There is no key for the secrets of second factors, or it is none. `elmed setup` makes one."""


class Unreadable(ValueError):
    """A stored secret that no key of this installation opens."""


def encrypt(text: str) -> str:
    """With the newest key. Raises FactorKeyMissing."""
    return MARK + ring()[0].encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """What `encrypt` was given. Raises FactorKeyMissing, Unreadable."""
    if not stored.startswith(MARK):
        raise Unreadable("A second factor's secret lies unencrypted in the database. Run `elmed migrate`.")
    token = stored.removeprefix(MARK).encode()
    for keys in (ring, _ring_anew):  # a key that was added since this process started is read from the file once more
        try:
            return MultiFernet(keys()).decrypt(token).decode()
        except InvalidToken:
            continue
    raise Unreadable("No second-factor key of this installation opens a second factor's secret. See `elmed check`.")


def key_file() -> Path:
    """Where `elmed setup` writes the keys."""
    return Path(settings.SECOND_FACTOR_KEYS_FILE)


def make_key() -> Path:
    """Write a new key into the file, before those that are there; its owner alone can read it."""
    file = key_file()
    known = file.read_text() if file.exists() else ""
    part = file.with_name(f"{file.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(f"{Fernet.generate_key().decode()}\n{known}")
    part.replace(file)
    _load.cache_clear()
    return file


def ring() -> list[Fernet]:
    """The keys, the newest first, read once a process. Raises FactorKeyMissing."""
    return _load(settings.SECOND_FACTOR_KEYS, str(key_file()))


@transaction.atomic
def encrypt_all(model: Any = Authenticator) -> int:
    """Encrypt every secret with the newest key: what lay open, and what an older key closed. Returns of how many factors.

    Raises FactorKeyMissing, Unreadable; then nothing is changed.
    """
    changed = 0
    for row in model.objects.select_for_update().filter(type__in=("totp", "recovery_codes")).order_by("pk"):
        data = {name: _anew(value) if name in FIELDS else value for name, value in row.data.items()}
        if data != row.data:
            row.data = data
            row.save(update_fields=["data"])
            changed += 1
    return changed


def open_all(model: Any = Authenticator) -> None:
    """Put every secret back as it was before it was encrypted: the way back of the migration."""
    for row in model.objects.select_for_update().filter(type__in=("totp", "recovery_codes")).order_by("pk"):
        row.data = {name: _opened(value) if name in FIELDS else value for name, value in row.data.items()}
        row.save(update_fields=["data"])


def count_unreadable() -> int:
    """How many factors have a secret that these keys do not open. Raises FactorKeyMissing."""
    count = 0
    for row in Authenticator.objects.filter(type__in=("totp", "recovery_codes")).iterator():
        try:
            for name in FIELDS:
                _each(row.data.get(name, []), decrypt)
        except Unreadable:
            count += 1
    return count


def _anew(value: Any) -> Any:
    return _each(
        value, lambda text: text if _newest(text) else encrypt(decrypt(text) if text.startswith(MARK) else text)
    )


def _opened(value: Any) -> Any:
    return _each(value, lambda text: decrypt(text) if text.startswith(MARK) else text)


def _each(value: Any, change: Any) -> Any:
    """`value` is one secret, or a list of them."""
    return [change(one) for one in value] if isinstance(value, list) else change(value)


def _newest(stored: str) -> bool:
    try:
        ring()[0].decrypt(stored.removeprefix(MARK).encode())
    except InvalidToken:
        return False
    return stored.startswith(MARK)


def _ring_anew() -> list[Fernet]:
    _load.cache_clear()
    return ring()


@lru_cache(maxsize=4)
def _load(keys: str, file: str) -> list[Fernet]:
    words = keys or (Path(file).read_text() if Path(file).is_file() else "")
    found = [one for one in re.split(r"[\s,]+", words) if one]
    if not found:
        raise FactorKeyMissing(f"There is no second-factor key in {file}. Run `elmed setup`.")
    try:
        return [Fernet(one) for one in found]
    except ValueError:
        raise FactorKeyMissing(
            "A second-factor key is not 32 bytes in URL-safe base64. `elmed setup` makes one."
        ) from None
