"""`elmed worker`: does what is due by the clock (jobs/periodic.py). Run one or more beside `elmed serve`."""

import argparse
import signal
import threading
from typing import TYPE_CHECKING

from elmed.cli.words import say
from elmed.core.clock import real_now
from elmed.jobs.models import PeriodicRun
from elmed.jobs.periodic import PERIODIC
from elmed.jobs.worker import run_due, run_forever

if TYPE_CHECKING:
    from elmed.cli.words import Groups


def add(groups: "Groups") -> None:
    """The command's options."""
    parser = groups.add_parser("worker", help="do the periodic work: expiry, unanswered cancellations, clean-up")
    parser.add_argument("--once", action="store_true", help="do what is due now, and end")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Work until SIGINT or SIGTERM."""
    PeriodicRun.objects.exists()  # tables missing or database away: say so at once
    if options.once:
        done = run_due(real_now())
        for work in PERIODIC:
            say(f"{work.name}: {done.get(work.name, 'not due, or failed')}")
        return 0
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    say("Worker running.")
    run_forever(stop)
    say("Worker stopped.")
    return 0
