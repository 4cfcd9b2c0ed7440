"""Where `login` keeps the key: a file that nobody else on this machine can read. The environment goes before it."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from elmed_client import config
from elmed_client.cli.words import MISUSED, CommandFailed


@dataclass(frozen=True)
class Login:
    """A key, the address it is for, and where both come from."""

    key: config.Secret
    url: str
    source: str


def place() -> Path:
    """The file, after the XDG base directory specification."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(base) if base.startswith("/") else Path.home() / ".config"
    return folder / "elmed-client" / "login.json"


def keep(key: config.Secret, url: str) -> Path:
    """Write it, readable by its owner alone from its first byte on. Raises CommandFailed where it cannot be written."""
    file = place()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, new = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "w") as out:
            json.dump({"url": url, "key": key.reveal()}, out)
        Path(new).replace(file)
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written: {error.strerror}. Set ELMED_API_KEY instead.") from None
    return file


def forget() -> bool:
    """Remove it; whether it was there."""
    try:
        place().unlink()
    except FileNotFoundError:
        return False
    return True


def current() -> Login:
    """What to use now. Raises CommandFailed where there is nothing, or a file that others can read."""
    kept = _kept()
    key, url = os.environ.get("ELMED_API_KEY", "").strip(), os.environ.get("ELMED_URL", "").strip()
    if key:
        return Login(config.Secret(key), url or (kept or {}).get("url") or config.DEFAULT_URL, "ELMED_API_KEY")
    if kept is None:
        raise CommandFailed("No key. Run `elmed-client login`, or set ELMED_API_KEY.", MISUSED)
    if url and config.api_url(url) != config.api_url(kept["url"]):
        raise CommandFailed(
            f"ELMED_URL is {url}, and the key that `login` keeps is for {kept['url']}: it is not sent elsewhere. "
            "Set ELMED_API_KEY too, or log in there.",
            MISUSED,
        )
    return Login(config.Secret(kept["key"]), kept["url"], str(place()))


def readable_by_others(file: Path) -> bool:
    """Whether anybody but its owner can read or change it."""
    return os.name == "posix" and bool(stat.S_IMODE(file.stat().st_mode) & 0o077)


def _kept() -> dict[str, str] | None:
    file = place()
    try:
        if readable_by_others(file):
            raise CommandFailed(
                f"Others can read {file}. If nobody did: chmod 600 '{file}'. Else revoke the key.", MISUSED
            )
        found = json.loads(file.read_text())
        return {"key": str(found["key"]), "url": str(found["url"])}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise CommandFailed(f"{file} cannot be read ({type(error).__name__}). Log in again.", MISUSED) from None
