"""Debian packages: installs PHP, PHPUnit and MariaDB where they are absent, and unpacks WordPress without installing it.

WordPress comes from another suite of the very archives this machine's own apt sources name; the list is written at
run time, so that no address stands in the repository. Called by wordpress.py and the runner.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from woocommerce.tests.site.places import BedError, folder

PHP = ("php-cli", "php-mysql", "php-curl", "php-xml", "php-mbstring", "php-intl", "php-gd", "php-zip")
PHP_MODULES = ("mysqli", "curl", "dom", "mbstring", "intl", "gd", "zip")
SUITES = ("trixie", "sid")
# Of what the package depends on, only the files that WordPress includes; a web server and PHP are here already.
PARTS = re.compile(r"^ +Depends: ((?:libjs-|libphp-|php-getid3)\S*)$", re.MULTILINE)
ETC = Path("/etc")
THEME = "wordpress-theme-twentytwentyfive"


def install(*names: str) -> None:
    """Install Debian packages. Raises BedError where this user or machine cannot."""
    if shutil.which("apt-get") is None:
        raise BedError(f"Missing: {', '.join(names)}; and there is no apt-get to install them with.")
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    print(f"installing {', '.join(names)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *names]):
        done = subprocess.run(
            [*root, "apt-get", *command], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BedError(f"Could not install {', '.join(names)}: {done.stderr.strip() or done.stdout.strip()}")


def need_php() -> None:
    """PHP with its extensions, and PHPUnit 9.6."""
    if not _php_modules() >= set(PHP_MODULES):
        install(*PHP)
    if shutil.which("phpunit") is None:
        install("phpunit")
    if not _php_modules() >= set(PHP_MODULES):
        raise BedError(f"PHP lacks {', '.join(set(PHP_MODULES) - _php_modules())}.")


def _php_modules() -> set[str]:
    if shutil.which("php") is None:
        return set()
    listed = subprocess.run(["php", "-m"], capture_output=True, text=True, check=False).stdout
    return set(listed.lower().split())


def wordpress(suite: str) -> Path:
    """A whole WordPress, every link of it resolved, out of that Debian suite. Unpacked once and kept."""
    target = folder("wordpress") / suite
    if (target / "wp-load.php").is_file():
        return target
    debs = _download(suite)
    unpacked = folder("unpacked") / suite
    shutil.rmtree(unpacked, ignore_errors=True)
    for deb in debs:
        subprocess.run(["dpkg-deb", "-x", deb, unpacked], check=True)
    rough = target.with_suffix(".partial")
    shutil.rmtree(rough, ignore_errors=True)
    source = unpacked / "usr/share/wordpress"
    refuse_missing(source)
    shutil.copytree(source, rough, symlinks=False)
    (rough / "wp-config.php").unlink(missing_ok=True)  # Debian's; the site has its own
    rough.rename(target)
    shutil.rmtree(unpacked)
    return target


def refuse_missing(source: Path) -> None:
    """Raise BedError where a link leads to a file of a package that was not unpacked; a web server's settings may go."""
    for link in [path for path in source.rglob("*") if path.is_symlink() and not path.exists()]:
        if link.name != ".htaccess":
            raise BedError(f"WordPress from Debian lacks {link.relative_to(source)}, which is {link.readlink()}.")
        link.unlink()


def _download(suite: str) -> list[Path]:
    """The .deb files of WordPress, of the parts it includes and of a theme."""
    apt = _apt(suite)
    subprocess.run([*apt, "update", "-qq"], check=True)
    listed = subprocess.run(
        ["apt-cache", *apt[1:], "depends", "wordpress"], capture_output=True, text=True, check=True
    ).stdout
    names = sorted({"wordpress", THEME, *PARTS.findall(listed)})
    debs = folder("debs", suite)
    done = subprocess.run([*apt, "download", *names], cwd=debs, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BedError(f"WordPress could not be downloaded from Debian {suite}: {done.stderr.strip()}")
    return sorted(debs.glob("*.deb"))


def _apt(suite: str) -> list[str]:
    """apt-get with lists and cache of its own, knowing that one suite only."""
    if shutil.which("apt-get") is None:
        raise BedError("WordPress comes from Debian packages, and there is no apt-get here.")
    own = folder("apt", suite)
    for name in ("lists/partial", "cache/archives/partial", "parts"):
        (own / name).mkdir(parents=True, exist_ok=True)
    (own / "parts" / "wordpress.sources").write_text(other_suite(suite))
    options = {
        "Dir::Etc::SourceList": "/dev/null", "Dir::Etc::SourceParts": own / "parts", "Dir::State::Lists": own / "lists",
        "Dir::Cache": own / "cache", "Dir::State::status": "/dev/null", "APT::Sandbox::User": "root",
    }  # fmt: skip
    return ["apt-get", *(f"-o{name}={value}" for name, value in options.items())]


def other_suite(suite: str) -> str:
    """This machine's own main archive as a deb822 stanza, the suite replaced. Raises BedError where it has none."""
    here = re.search(r"^VERSION_CODENAME=(\S+)$", (ETC / "os-release").read_text(), re.MULTILINE)
    own = next(_stanzas(here[1]), None) if here else None
    if own is None:
        raise BedError("No Debian archive in this machine's apt sources: WordPress cannot be had from it.")
    fields = own | {"Suites": suite, "Components": "main"}
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def _stanzas(codename: str) -> Iterator[dict[str, str]]:
    """The stanzas of the machine's sources that carry the release itself, in either of apt's two formats."""
    for file in sorted((ETC / "apt/sources.list.d").glob("*.sources")):
        for block in re.split(r"\n\s*\n", file.read_text()):
            fields = dict(re.findall(r"^([A-Za-z-]+):\s*(.*)$", block, re.MULTILINE))
            if codename in fields.get("Suites", "").split() and "deb" in fields.get("Types", "").split():
                kept = {
                    name: fields[name] for name in ("URIs", "Suites", "Components", "Signed-By") if fields.get(name)
                }
                yield {"Types": "deb", **kept}
    for file in [ETC / "apt/sources.list", *sorted((ETC / "apt/sources.list.d").glob("*.list"))]:
        text = file.read_text() if file.is_file() else ""
        for options, address, named in re.findall(r"^deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s", text, re.MULTILINE):
            if named == codename:
                signed = re.search(r"signed-by=(\S+)", options)
                yield {"Types": "deb", "URIs": address, "Suites": named, "Components": "main"} | (
                    {"Signed-By": signed[1]} if signed else {}
                )
