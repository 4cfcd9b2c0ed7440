"""A site and its ELMED together: brought up, given the plugin, tested by PHPUnit, and taken down.

The runner (woocommerce/tests/run.py) and `python -m woocommerce.tests.site` use this and nothing below it. Four ports
from `port` on: the site, the way to ELMED, the tests' door into it, ELMED itself.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from woocommerce.tests.site import database, packages, wordpress
from woocommerce.tests.site.places import REPOSITORY, TESTS, BedError


class Bed:
    """Everything one run needs. Use it as a context manager: what it started ends with it."""

    def __init__(
        self, *, name: str, port: int, suite: str = "trixie", woocommerce: Path | None = None, hpos: bool = True,
        plugin: bool = True, link: bool = False, postgres: str | None = None, network: bool = False,
    ) -> None:  # fmt: skip
        self.name, self.port, self.suite = name, port, suite
        self.woocommerce, self.hpos = woocommerce, hpos
        self.plugin, self.link, self.postgres, self.network = plugin, link, postgres, network
        self.site: wordpress.Site
        self._mariadb: database.Server
        self._elmed: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Bed":
        """Bring it up. Raises BedError with what is missing."""
        packages.need_php()
        self._mariadb = database.server()
        try:
            self._bring_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _bring_up(self) -> None:
        self.site = wordpress.make(
            name=self.name, port=self.port, server=self._mariadb, suite=self.suite, network=self.network
        )
        self.site.write(elmed=self._start_elmed(), mariadb=self._mariadb.version(), php=_php_version())
        if self.woocommerce is not None:
            wordpress.add_woocommerce(self.site, self.woocommerce, hpos=self.hpos)
        (self.site.base / "debug.log").unlink(missing_ok=True)  # from here on, what it says is the plugin's doing
        if self.plugin:
            self.put_plugin()
            if self.woocommerce is not None:
                self.site.activate(wordpress.MAIN_FILE)
        self.site.serve()

    def put_plugin(self) -> None:
        """The plugin from its zip (or, linked, from the work tree)."""
        source = wordpress.plugin_source(link=self.link)
        self.site.put_plugin(source)
        self.site.write(plugin=str(source))

    def _start_elmed(self) -> Mapping[str, Any]:
        url = self.postgres if self.postgres is not None else _postgres(self.name)
        data = self.site.base / "elmed"
        data.mkdir()
        log = (data / "control.log").open("w")
        self._elmed = subprocess.Popen(
            [sys.executable, "-m", "woocommerce.tests.site.control", "--port", str(self.port), "--data", str(data),
             "--database", url],
            cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        assert self._elmed.stdout is not None
        first = self._elmed.stdout.readline()
        if not first:
            raise BedError(f"ELMED's side did not start: {(data / 'control.log').read_text()[-2000:]}")
        facts: dict[str, Any] = json.loads(first)
        return facts | {"database": "PostgreSQL" if url else "SQLite"}

    @property
    def ran_on(self) -> str:
        """The versions of everything."""
        facts = self.site.facts
        shop = f"WooCommerce {facts['woocommerce']}" if "woocommerce" in facts else "no WooCommerce"
        return (
            f"WordPress {facts['wordpress']}, {shop}, PHP {facts['php']}, MariaDB {facts['mariadb']}, "
            f"ELMED on {facts['elmed']['database']}"
        )

    def phpunit(self, *arguments: str, environment: Mapping[str, str] | None = None) -> int:
        """Run PHPUnit against the site; its exit code."""
        command = ["phpunit", "-c", str(TESTS / "phpunit.xml"), *arguments]
        given = {**os.environ, "ELMED_TEST_SITE": str(self.site.base / "site.json"), **(environment or {})}
        return subprocess.run(command, env=given, cwd=TESTS, check=False).returncode

    def __exit__(self, *_: object) -> None:
        """End what was started. The site's files stay, to be looked at, until `forget` or the next of that name."""
        if hasattr(self, "site"):
            self.site.stop()
        if self._elmed is not None:
            self._elmed.terminate()
            self._elmed.wait(30)
        if hasattr(self, "site"):
            self.site.database.drop()
        self._mariadb.stop()

    def forget(self) -> None:
        """Remove the site's files too: nothing of it is worth a look."""
        shutil.rmtree(self.site.base, ignore_errors=True)


def _php_version() -> str:
    return subprocess.run(["php", "-r", "echo PHP_VERSION;"], capture_output=True, text=True, check=True).stdout


def _postgres(name: str) -> str:
    """A database of its own on the local PostgreSQL; empty (SQLite) where none lets this user in."""
    from tests.run import local_server

    url = os.environ.get("ELMED_TEST_POSTGRES") or local_server()
    return f"{url.rpartition('/')[0]}/elmed_shop_{name}" if url else ""


def woocommerce_dir() -> Path | None:
    """WOOCOMMERCE_DIR, where it is set. Raises BedError where it leads nowhere."""
    given = os.environ.get("WOOCOMMERCE_DIR", "")
    if not given:
        return None
    if not Path(given).exists():
        raise BedError(f"WOOCOMMERCE_DIR={given}: there is nothing there.")
    return Path(given).resolve()
