"""A worker's loop: make deliveries of what happened, take what is due, send it from a few threads.

Beside the periodic work (jobs/worker.py), since nobody should wait five seconds for an event, nor everybody for one
receiver that hangs.
"""

import logging
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from elmed.core.clock import real_now
from elmed.webhooks.client import Client
from elmed.webhooks.deliver import deliver, due_endpoints, take
from elmed.webhooks.fan_out import fan_out
from elmed.webhooks.shares import Due, Shares

log = logging.getLogger(__name__)
PAUSE = 0.5  # seconds between two looks where there is nothing to do


class Sender:
    """The threads of one worker, and whose deliveries are under way in them."""

    def __init__(self, threads: int) -> None:
        """With so many deliveries at once."""
        self._shares = Shares(threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="webhooks")
        self._client = Client()
        self._busy: dict[Future[bool], Due] = {}
        self._opened: set[BaseDatabaseWrapper] = set()  # the threads' own connections

    def round(self) -> bool:
        """Hand out what is due to free threads. Whether there was anything to do."""
        now = real_now()
        moved = fan_out(now) > 0
        self._clear()
        handed, shares, under_way = False, self._shares, list(self._busy.values())
        due = due_endpoints(now, 4 * shares.threads, leaving_out=shares.full(under_way))
        for one in shares.in_turn(due, under_way):
            free = shares.room(one, self._busy.values())
            for delivery_id in take(one.endpoint_id, real_now(), free) if free else ():
                self._busy[self._pool.submit(self._deliver, delivery_id)] = one
                handed = True
        return moved or handed

    def settle(self, seconds: float) -> None:
        """Wait until a thread is free, or so long."""
        wait(self._busy, timeout=seconds, return_when=FIRST_COMPLETED)

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        self._clear()
        return bool(self._busy)

    def close(self) -> None:
        """Finish what is under way, take nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.close()
        for one in self._opened:
            one.inc_thread_sharing()  # its thread has ended
            one.close()

    def _clear(self) -> None:
        self._busy = {future: one for future, one in self._busy.items() if not future.done()}

    def _deliver(self, delivery_id: int) -> bool:
        self._opened.add(connections[DEFAULT_DB_ALIAS])
        try:
            return deliver(delivery_id, self._client) is not None
        except (DatabaseError, InterfaceError):  # its lease ends by itself, and it is sent again
            log.warning("webhook delivery %s could not be noted", delivery_id)
            connection.close()
        except Exception:
            log.exception("webhook delivery %s failed", delivery_id)
        return False


def run_forever(stop: threading.Event, threads: int) -> None:
    """Deliver until `stop` is set. A database that is away is waited for, not died of."""
    sender = Sender(threads)
    try:
        while not stop.is_set():
            try:
                if sender.round() or sender.busy:
                    sender.settle(PAUSE)
                else:
                    stop.wait(PAUSE)
            except (DatabaseError, InterfaceError):
                log.warning("the database does not answer; trying again")
                connection.close()
                stop.wait(PAUSE)
            except Exception:  # whatever it was: nobody else would send
                log.exception("a round of webhooks failed")
                stop.wait(PAUSE)
    finally:
        sender.close()
        connection.close()


def deliver_all(*, threads: int = 4) -> None:
    """Everything that is due now, and then return: `elmed worker --once`, and tests."""
    sender = Sender(threads)
    try:
        while sender.round() or sender.busy:
            sender.settle(PAUSE)
    finally:
        sender.close()
