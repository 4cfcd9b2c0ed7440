"""`elmed worker`: does what is due by the clock (jobs/periodic.py) and sends webhooks. Run one or more beside `elmed serve`."""

import argparse
import signal
import threading
from typing import TYPE_CHECKING

from django.db import connection

from elmed.cli.words import say
from elmed.config.environment import environment
from elmed.core.clock import real_now
from elmed.jobs.models import PeriodicRun
from elmed.jobs.periodic import PERIODIC
from elmed.jobs.worker import run_due, run_forever
from elmed.webhooks import run as webhooks

if TYPE_CHECKING:
    from elmed.cli.words import Groups


def add(groups: "Groups") -> None:
    """The command's options."""
    parser = groups.add_parser("worker", help="send webhooks and mails, and do the periodic work: expiry, clean-up")
    parser.add_argument("--once", action="store_true", help="do what is due now, send what waits, and end")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Work until SIGINT or SIGTERM."""
    PeriodicRun.objects.exists()  # tables missing or database away: say so at once
    # SQLite has one writer at a time: more threads would only wait for each other.
    threads = environment().webhook_threads if connection.vendor == "postgresql" else 2
    if options.once:
        done = run_due(real_now())
        for work in PERIODIC:
            say(f"{work.name}: {done.get(work.name, 'not due, or failed')}")
        webhooks.deliver_all(threads=threads)
        return 0
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    say("Worker running.")
    sending = threading.Thread(target=webhooks.run_forever, args=(stop, threads), name="webhooks")
    sending.start()
    try:
        run_forever(stop)
    finally:
        stop.set()
        sending.join()
    say("Worker stopped.")
    return 0
