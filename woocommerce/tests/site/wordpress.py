"""A WordPress site: its files, wp-config, database, plugins and web server.

Called by the runner and by hand (`__main__`). The plugin comes from its zip, as a shop would get it; only `--link`
puts the work tree there instead, for whoever writes it.
"""

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.plugin import NotBuilt, build
from woocommerce.tests.site import packages
from woocommerce.tests.site.database import Database, Server
from woocommerce.tests.site.places import BED, PLUGIN, PLUGIN_NAME, BedError, folder

MAIN_FILE = f"{PLUGIN_NAME}/{PLUGIN_NAME}.php"
WORKERS = "4"


@dataclass
class Site:
    """One site. `base` holds www (the files), debug.log, mails.jsonl and site.json (what the tests read)."""

    name: str
    port: int
    base: Path
    database: Database
    suite: str
    facts: dict[str, Any] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def www(self) -> Path:
        """WordPress's own folder."""
        return self.base / "www"

    @property
    def url(self) -> str:
        """Where the site answers."""
        return f"http://127.0.0.1:{self.port}"

    def php(self, *arguments: str | Path) -> str:
        """Run a PHP script for this site. Raises BedError with what it said."""
        done = subprocess.run(
            ["php", "-d", "memory_limit=512M", *map(str, arguments)],
            env={**os.environ, "ELMED_TEST_HOST": f"127.0.0.1:{self.port}"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BedError(f"{Path(str(arguments[0])).name}: {(done.stderr + done.stdout).strip()[-2000:]}")
        return done.stdout

    def activate(self, *plugins: str) -> None:
        """Activate plugins as wp-admin does, for all sites. Raises BedError with WordPress's refusal."""
        self.php(BED / "activate.php", self.www, *plugins)

    def put_plugin(self, source: Path) -> None:
        """Put the plugin into the site: a zip is unpacked, a folder linked."""
        plugins = self.www / "wp-content" / "plugins"
        if source.suffix == ".zip":
            unpack(source, plugins)
            return
        _remove(plugins / source.name)
        (plugins / source.name).symlink_to(source)

    def write(self, **facts: Any) -> None:
        """What the tests need to know of the site."""
        self.facts |= facts
        (self.base / "site.json").write_text(json.dumps(self.facts, indent=1, default=str))

    def serve(self) -> None:
        """Start the web server and wait for the site's first answer. Raises BedError where it does not come."""
        with (self.base / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["php", "-d", "memory_limit=256M", "-d", "opcache.enable_cli=1", "-S", f"127.0.0.1:{self.port}",
                 "-t", str(self.www), str(BED / "router.php")],
                env={**os.environ, "PHP_CLI_SERVER_WORKERS": WORKERS}, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        for _ in range(100):
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/wp-login.php", timeout=20).close()
                return
            except urllib.error.HTTPError as error:
                raise BedError(f"The site answers {error.code}: {error.read()[:500]!r}") from None
            except OSError:
                time.sleep(0.1)
        raise BedError(f"The web server did not start; see {self.base / 'web.log'}.")

    def stop(self) -> None:
        """End the web server with its workers."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(10)


def unpack(archive: Path, plugins: Path) -> None:
    """The plugin's zip in the place of whatever of it was there."""
    _remove(plugins / PLUGIN_NAME)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(plugins)


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def make(*, name: str, port: int, server: Server, suite: str, network: bool = False) -> Site:
    """A fresh WordPress of that Debian suite, installed, with no plugin; or a network with a second site at /two/."""
    base = folder("sites") / name
    if base.exists():
        shutil.rmtree(base)
    base.mkdir()
    shutil.copytree(packages.wordpress(suite), base / "www", copy_function=os.link)
    site = Site(name, port, base, server.fresh(f"elmed_shop_{name}"), suite)
    (site.www / "wp-config.php").write_text(_config(site))
    for made in ("mu-plugins", "uploads"):
        (site.www / "wp-content" / made).mkdir(exist_ok=True)
    shutil.copy(BED / "mu-plugin.php", site.www / "wp-content" / "mu-plugins" / "elmed-tests.php")
    site.php(BED / "install.php", site.www)
    if network:
        _become_network(site)
    site.write(network=network)
    site.write(name=name, url=site.url, www=site.www, base=base, wordpress=version_of(site.www), suite=suite)
    return site


def _become_network(site: Site) -> None:
    """As WordPress's own guide has it: the network's tables, then the words in wp-config.php."""
    site.php(BED / "network.php", site.www, "tables")
    config = site.www / "wp-config.php"
    lines = [line for line in config.read_text().splitlines() if "'WP_HOME'" not in line and "'WP_SITEURL'" not in line]
    words = f"""define( 'MULTISITE', true ); define( 'SUBDOMAIN_INSTALL', false );
define( 'DOMAIN_CURRENT_SITE', '127.0.0.1:{site.port}' ); define( 'PATH_CURRENT_SITE', '/' );
define( 'SITE_ID_CURRENT_SITE', 1 ); define( 'BLOG_ID_CURRENT_SITE', 1 );"""
    config.write_text("\n".join([lines[0], words, *lines[1:], ""]))
    site.php(BED / "network.php", site.www, "site")


def version_of(www: Path) -> str:
    """WordPress's own word for its version."""
    found = re.search(r"\$wp_version = '([^']+)'", (www / "wp-includes" / "version.php").read_text())
    return found[1] if found else "unknown"


def _config(site: Site) -> str:
    keys = (
        "AUTH_KEY",
        "SECURE_AUTH_KEY",
        "LOGGED_IN_KEY",
        "NONCE_KEY",
        "AUTH_SALT",
        "SECURE_AUTH_SALT",
        "LOGGED_IN_SALT",
        "NONCE_SALT",
    )
    words = {
        "DB_NAME": site.database.name, "DB_USER": site.database.name, "DB_PASSWORD": site.database.password,
        "DB_HOST": f"localhost:{site.database.server.socket}", "DB_CHARSET": "utf8mb4", "DB_COLLATE": "",
        "WP_HOME": site.url, "WP_SITEURL": site.url, "WP_ENVIRONMENT_TYPE": "production",
        "ELMED_TEST_FOLDER": str(site.base), "ELMED_TEST_PORTS": f"{site.port + 1},{site.port + 3}",
        "WP_DEBUG_LOG": str(site.base / "debug.log"), **{key: secrets.token_hex(32) for key in keys},
    }  # fmt: skip
    switches = {
        "WP_DEBUG": True, "WP_DEBUG_DISPLAY": False, "SCRIPT_DEBUG": False, "DISABLE_WP_CRON": True,
        "AUTOMATIC_UPDATER_DISABLED": True,
    }  # fmt: skip
    lines = [f"defined( '{name}' ) || define( '{name}', '{value}' );" for name, value in words.items()]
    lines += [f"define( '{name}', {str(value).lower()} );" for name, value in switches.items()]
    return "\n".join([
        "<?php", *lines, "ini_set( 'display_errors', '0' );", "$table_prefix = 'wp_';",
        "defined( 'ABSPATH' ) || define( 'ABSPATH', __DIR__ . '/' );", "require_once ABSPATH . 'wp-settings.php';", "",
    ])  # fmt: skip


def add_woocommerce(site: Site, source: Path, *, hpos: bool) -> None:
    """A built WooCommerce, activated and made into a shop. Raises BedError where it is none."""
    built = require_built(source)
    shutil.copytree(built, site.www / "wp-content" / "plugins" / "woocommerce", copy_function=_link_or_copy)
    site.activate("woocommerce/woocommerce.php")
    where = "hpos" if hpos else "posts"
    version = site.php(BED / "shop.php", site.www, where).strip().splitlines()[-1]
    if site.facts["network"]:
        site.php(BED / "shop.php", site.www, where, "/two/")
    site.write(woocommerce=version, hpos=hpos)


def require_built(source: Path) -> Path:
    """The folder of a built WooCommerce, which a zip is unpacked to. Raises BedError where it is none."""
    built = _unpacked(source)
    if not (built / "woocommerce.php").is_file() or not (built / "vendor" / "autoload.php").is_file():
        raise BedError(
            f"WOOCOMMERCE_DIR={source} is not a built WooCommerce (a folder with woocommerce.php and vendor/)."
        )
    return built


def _link_or_copy(source: str, target: str) -> None:
    """A hard link where both lie on one disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _unpacked(source: Path) -> Path:
    """The folder itself, or what its zip holds."""
    if not source.is_file():
        return source
    known = source.stat()  # another release's zip has the same name
    target = folder("woocommerce") / f"{source.stem}-{known.st_size}-{int(known.st_mtime)}"
    if not (target / "woocommerce" / "woocommerce.php").is_file():
        with zipfile.ZipFile(source) as archive:
            archive.extractall(target)
    return target / "woocommerce"


def plugin_source(*, link: bool) -> Path:
    """What is put into the site: the work tree's folder, or the zip built from it now. Raises BedError."""
    if link:
        return PLUGIN
    try:
        return build()
    except NotBuilt as error:
        raise BedError(str(error)) from None
