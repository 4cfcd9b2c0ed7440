"""The files that an installation hands out as they are, the shop's plugin and the Python client: the newest of a kind.

They are built by `make plugin` and `make client` into `dist`, beside the source; an installation without the source names
the folder with them in `DOWNLOADS_DIR`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

ROOT: Path = settings.BASE_DIR.parent.parent  # of the source checkout


@dataclass(frozen=True)
class Download:
    """Files whose names differ by their version alone."""

    name: str
    end: str

    def version_of(self, file: Path) -> str:
        """As the file's name says it."""
        return file.name.removeprefix(f"{self.name}-").removesuffix(self.end)

    def is_named(self, name: str) -> bool:
        """Whether a file of this name would be one."""
        return bool(re.fullmatch(rf"{re.escape(self.name)}-[0-9]+(\.[0-9]+)*{re.escape(self.end)}", name))

    def newest(self, folder: Path | None = None) -> Path | None:
        """The file of the highest version in the folder; None where there is none."""
        found = [one for one in (folder or ready()).glob(f"{self.name}-*") if self.is_named(one.name) and one.is_file()]
        return max(found, key=lambda one: [int(part) for part in self.version_of(one).split(".")], default=None)

    def named(self, name: str) -> Path | None:
        """The file of this name; None where there is none, or the name is another's."""
        file = ready() / name
        return file if self.is_named(name) and file.is_file() else None


PLUGIN = Download("elmed-for-woocommerce", ".zip")
CLIENT = Download("elmed_client", "-py3-none-any.whl")


def client_wheel(root: Path = ROOT) -> Path | None:
    """The Python client that fits: of the source's own version where ELMED runs from there, else the newest that lies ready.

    A folder that `DOWNLOADS_DIR` names is its owner's choice. A checkout's `dist` keeps what other versions built.
    """
    source = root / "clients" / "python" / "src" / "elmed_client" / "version.py"
    if settings.DOWNLOADS_DIR or not source.is_file():
        return CLIENT.newest(ready(root))
    version = re.search(r'^VERSION = "([^"]+)"', source.read_text(), re.MULTILINE)
    file = ready(root) / f"{CLIENT.name}-{version[1] if version else ''}{CLIENT.end}"
    return file if file.is_file() else None


def ready(root: Path = ROOT) -> Path:
    """The folder with the files that are built."""
    return Path(settings.DOWNLOADS_DIR) if settings.DOWNLOADS_DIR else root / "dist"
