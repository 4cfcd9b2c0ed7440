"""Builds the WooCommerce plugin's zip: `make plugin` writes dist/elmed-for-woocommerce-VERSION.zip.

The same files make the same bytes: names sorted, one timestamp, one mode, one way of compressing. The version is the
main file's header; readme.txt and the constant must say the same. The Python standard library is enough.
"""

import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "elmed-for-woocommerce"
PLUGIN = ROOT / "woocommerce" / NAME
SHIPPED = {".php", ".txt", ".js", ".css", ".pot", ".po", ".mo", ".png", ".svg"}
# Where each of the three stands, and the file it stands in.
VERSIONS = {
    "header": (f"{NAME}.php", r"^\s*\*\s*Version:\s*(\S+)\s*$"),
    "constant": (f"{NAME}.php", r"ELMED_WC_VERSION',\s*'([^']+)'"),
    "readme.txt": ("readme.txt", r"^Stable tag:\s*(\S+)\s*$"),
}
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say


class NotBuilt(Exception):
    """The plugin cannot be shipped as it is; the message says why."""


def build(*, plugin: Path = PLUGIN, into: Path = ROOT / "dist") -> Path:
    """Write the zip and return where. Raises NotBuilt: versions that differ, a file that nobody ships."""
    target = into / f"{NAME}-{version(plugin)}.zip"
    found = files(plugin)
    into.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w") as archive:
        for file in found:
            entry = zipfile.ZipInfo(f"{NAME}/{file.relative_to(plugin).as_posix()}", LONG_AGO)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes(), compresslevel=9)
    partial.replace(target)
    return target


def version(plugin: Path = PLUGIN) -> str:
    """The one version. Raises NotBuilt where the three places do not agree."""
    said = {}
    for place, (name, pattern) in VERSIONS.items():
        text = (plugin / name).read_text() if (plugin / name).is_file() else ""
        match = re.search(pattern, text, re.MULTILINE)
        said[place] = match[1] if match else "nothing"
    if len(set(said.values())) != 1 or "nothing" in said.values():
        raise NotBuilt("The versions differ: " + ", ".join(f"{place} says {word}" for place, word in said.items()))
    return said["header"]


def files(plugin: Path) -> list[Path]:
    """What is shipped, sorted by name. Raises NotBuilt at a file of a kind that is not, rather than dropping it."""
    found = sorted(
        (one for one in plugin.rglob("*") if one.is_file()), key=lambda one: one.relative_to(plugin).as_posix()
    )
    strange = [one for one in found if one.suffix not in SHIPPED or _hidden(one.relative_to(plugin))]
    if strange:
        names = ", ".join(one.relative_to(plugin).as_posix() for one in strange)
        raise NotBuilt(f"Not for a plugin's zip: {names}")
    return found


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


if __name__ == "__main__":
    try:
        print(build().relative_to(ROOT))
    except NotBuilt as error:
        sys.exit(str(error))
