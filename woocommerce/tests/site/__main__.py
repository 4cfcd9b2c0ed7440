"""By hand: `python -m woocommerce.tests.site up --name mine --port 8300` brings a site and its ELMED up until Ctrl-C.

`… phpunit --name mine -- --filter Sync` runs PHPUnit against it from another terminal; `… plugin --name mine` puts
the plugin's present zip into it. `make test-shop` does not come through here.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from woocommerce.tests.site import wordpress
from woocommerce.tests.site.bed import Bed, woocommerce_dir
from woocommerce.tests.site.places import TESTS, BedError, folder


def main() -> int:
    """Read the command and do it."""
    parser = argparse.ArgumentParser(prog="python -m woocommerce.tests.site", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring a site and its ELMED up until Ctrl-C; WOOCOMMERCE_DIR adds WooCommerce")
    up.add_argument("--port", type=int, required=True, help="the first of four ports")
    up.add_argument("--wordpress", choices=("trixie", "sid"), default="trixie", help="the Debian suite it comes from")
    up.add_argument("--posts", action="store_true", help="orders as posts, not in their own tables (HPOS off)")
    up.add_argument("--link", action="store_true", help="the plugin from the work tree, not from the zip")
    up.add_argument("--no-plugin", action="store_true")
    up.add_argument("--network", action="store_true", help="a network of two sites, the second at /two/")
    for one in (up, commands.add_parser("plugin", help="put the plugin's zip, built now, into a site that is up")):
        one.add_argument("--name", required=True)
    tests = commands.add_parser("phpunit", help="run PHPUnit against a site that is up")
    tests.add_argument("--name", required=True)
    tests.add_argument("arguments", nargs="*", help="for phpunit, after --")
    options = parser.parse_args()
    doing = {"up": _up, "plugin": _plugin, "phpunit": _phpunit}
    try:
        return doing[options.command](options)
    except BedError as error:
        print(error, file=sys.stderr)
        return 1


def _up(options: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    bed = Bed(
        name=options.name, port=options.port, suite=options.wordpress, woocommerce=woocommerce_dir(),
        hpos=not options.posts, plugin=not options.no_plugin, link=options.link, network=options.network,
    )  # fmt: skip
    with bed:
        print(json.dumps(bed.site.facts, indent=1, default=str))
        print(f"{bed.site.url}/wp-admin/ (admin, admin); Ctrl-C ends it", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("ended")
    return 0


def _facts(name: str) -> dict[str, Any]:
    file = folder("sites") / name / "site.json"
    if not file.is_file():
        raise BedError(f"No site of that name: {file}")
    facts: dict[str, Any] = json.loads(file.read_text())
    return facts


def _plugin(options: argparse.Namespace) -> int:
    facts = _facts(options.name)
    source = wordpress.plugin_source(link=False)
    wordpress.unpack(source, Path(facts["www"]) / "wp-content" / "plugins")
    print(source)
    return 0


def _phpunit(options: argparse.Namespace) -> int:
    _facts(options.name)
    environment = {**os.environ, "ELMED_TEST_SITE": str(folder("sites") / options.name / "site.json")}
    command = ["phpunit", "-c", str(TESTS / "phpunit.xml"), *options.arguments]
    return subprocess.run(command, env=environment, cwd=TESTS, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
