"""Waiting for the next event (`wait` of `GET /events`), by whoever serves the request.

In a server's thread few may wait, since a thread that waits answers nobody else: half of them, and the next asker gets
an empty page at once. `elmed serve --only-events` (api/many_waiting.py) lets thousands wait in one process instead.
Both look at the lists' counters a few times a second. NOTIFY is not used: PostgreSQL lets only one transaction at a
time commit with one, and a pooler that shares connections between transactions loses it.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse

from elmed.config.environment import environment
from elmed.events.queries import last_number

MOST_SECONDS = 25
PAUSE = 0.5  # seconds between a thread's looks
ELSEWHERE = "elmed.waits_elsewhere"  # in a request's META: do not wait in this thread, say what is waited for
_places = threading.BoundedSemaphore(environment().web_threads // 2)


@dataclass(frozen=True)
class Wish:
    """Somebody waits until the list has a number after `last`, `seconds` at most; `again` makes the answer anew."""

    account_id: int
    world_id: int
    last: int
    seconds: int
    again: Callable[[], HttpResponse]


class Waits(HttpResponse):
    """An empty page whose asker would wait: the server that can does, and sends what `wish.again` answers."""

    wish: Wish


def in_this_thread(account_id: int, world_id: int, *, last: int, seconds: int) -> bool:
    """Wait for a number after `last`. False where none came in time, or all places to wait are taken."""
    if not _places.acquire(blocking=False):
        return False
    try:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(PAUSE, left))
            if last_number(account_id, world_id) > last:
                return True
        return False
    finally:
        _places.release()
