"""Notes of requests, kept in memory and written by a thread of this process, every second or when many have come.

A request only appends to a list: it never waits for the database, and nothing that goes wrong here reaches it. While
the database is away notes are kept; what does not fit any more is dropped, counted and logged.
"""

import logging
import os
import threading
import time
from collections import Counter, deque
from datetime import date, timedelta
from multiprocessing import util

from django.db import InterfaceError, OperationalError, connection

from elmed.core.clock import real_now
from elmed.request_log.note import Note
from elmed.request_log.write import forget_known, write

log = logging.getLogger("elmed.request_log")
PAUSE = 1.0  # seconds between two batches
BATCH = 1_000  # notes in one statement; as many wake the writer sooner
MOST = 20_000  # notes in memory
MOST_REFUSED = 500  # of them with a key that does not work: anybody can send those
CHEAP_A_MINUTE = 60  # noted a key and minute of what nothing limits (note.cheap_to_repeat)
WRITTEN_AT_END = 5.0  # seconds that a process waits at its end


class Collector:
    """One process's notes and their writer. The writer begins with the first note: after a server has forked."""

    def __init__(self) -> None:
        """With nothing noted."""
        self.threaded = True  # tests write by `flush`
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._notes: deque[Note] = deque()
        self._refused: deque[Note] = deque()
        self._held: list[Note] = []  # taken, and not written yet
        self._dropped = 0
        self._minute = 0
        self._cheap: Counter[int | bytes | None] = Counter()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, note: Note) -> None:
        """Keep it until it is written."""
        notes, most = (self._refused, MOST_REFUSED) if note.key_id is None else (self._notes, MOST)
        if len(notes) >= most or (note.cheap_to_repeat and self._too_often(note)):
            self._dropped += 1
            return
        notes.append(note)
        if self._thread is None and self.threaded:
            self._start()
        if len(notes) == BATCH:
            self._wake.set()

    def _too_often(self, note: Note) -> bool:
        minute = int(time.monotonic()) // 60
        if minute != self._minute:
            self._minute, self._cheap = minute, Counter()
        who = note.key_id or note.digest
        self._cheap[who] += 1
        return self._cheap[who] > CHEAP_A_MINUTE

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                # Runs at the end of a server's worker too, which `atexit` does not.
                util.Finalize(None, self.close, exitpriority=10)
                self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            self._wake.wait(PAUSE)
            self._wake.clear()
            self._write_all()
        connection.close()

    def _write_all(self) -> None:
        try:
            while self.flush() == BATCH:
                pass
            if self._dropped:
                dropped, self._dropped = self._dropped, 0
                log.warning("%s requests were left out of the request log", dropped)
            forget_known(real_now().date() - timedelta(days=1))
        except (OperationalError, InterfaceError):
            log.warning("the request log waits for the database")
            connection.close()
            self._end.wait(PAUSE)
        except Exception:
            log.exception("some requests are missing in the request log")
            self._held = []  # else the same batch would fail for ever
            connection.close()

    def flush(self) -> int:
        """Write one batch now. Returns how many notes were taken. Raises DatabaseError: they are kept then."""
        with self._writing:
            while len(self._held) < BATCH and (self._notes or self._refused):
                self._held.append((self._notes or self._refused).popleft())
            taken = len(self._held)
            if taken:
                write(self._held)
                self._held = []
        return taken

    def clear(self) -> None:
        """Forget what is not written."""
        with self._writing:
            self._notes.clear()
            self._refused.clear()
            self._held, self._dropped, self._cheap = [], 0, Counter()
            forget_known(date.max)

    def close(self) -> None:
        """Write what is left, for some seconds, and end the thread."""
        self._end.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(WRITTEN_AT_END)
        left = len(self._notes) + len(self._refused) + len(self._held) + self._dropped
        if left:
            log.warning("%s requests were left out of the request log", left)


collector = Collector()
