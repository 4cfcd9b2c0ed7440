"""`elmed demo`: the whole system with believable data, on this machine only. `make demo` calls it."""

import argparse
from typing import TYPE_CHECKING

from elmed.demo import run as demo

if TYPE_CHECKING:
    from elmed.cli.words import Groups


def add(groups: "Groups") -> None:
    """The command's options."""
    parser = groups.add_parser(
        "demo",
        help="prepare demo data and serve it on this machine",
        description="Uses SQLite in ELMED_DATA (default ./var) and listens on loopback at PORT (default 8000), "
        "whatever DATABASE_URL says. A second run reuses the data.",
    )
    parser.add_argument("--reset", action="store_true", help="throw the demo's data away and start anew")
    parser.add_argument("--prepare-only", action="store_true", help="write the data and demo.json, do not serve")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prepare, then serve until Ctrl-C."""
    if options.reset:
        demo.reset()
    told = demo.prepare()
    if options.prepare_only:
        return 0
    return demo.serve(told)
