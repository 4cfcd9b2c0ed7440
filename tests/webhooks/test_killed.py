"""`elmed worker` is killed in the middle of a delivery: its lease ends by itself, and another sends what it may have sent."""

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from elmed.access.factor_secrets import key_file
from elmed.config.environment import Environment
from elmed.core.clock import real_now
from elmed.webhooks.models import Attempt, Delivery
from tests.api.servers import database_url
from tests.cast import assemble
from tests.webhooks.receiver import OK
from tests.webhooks.test_shares import told
from tests.webhooks.test_worker import soon

WITHIN = 60
pytestmark = pytest.mark.django_db(transaction=True)


class Shared:
    """The tests' database as a process sees it: PostgreSQL's itself; of SQLite's, which lies in memory, a file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "elmed.sqlite3" if connection.vendor == "sqlite" else None
        self.url = f"sqlite:///{self.file}" if self.file else database_url()

    def hand_out(self) -> None:
        """What is written here is there."""
        if self.file:
            connection.ensure_connection()
            with closing(sqlite3.connect(self.file)) as file:
                connection.connection.backup(file)

    def take_back(self) -> None:
        """What was written there is here."""
        if self.file:
            with closing(sqlite3.connect(self.file)) as file:
                file.backup(connection.connection)


@pytest.fixture
def worker(tmp_path):
    """Start `elmed worker` on a database; whatever still runs is ended."""
    running = []

    def start(database, *options):
        clean = {name: value for name, value in os.environ.items() if name.lower() not in Environment.model_fields}
        own = {
            "ELMED_ENV": "development", "ELMED_DATA": str(tmp_path), "DATABASE_URL": database.url,
            "SECRET_KEY": settings.SECRET_KEY, "SEALING_KEYS_DIR": str(settings.SEALING_KEYS_DIR),
            "SECOND_FACTOR_KEYS": settings.SECOND_FACTOR_KEYS or key_file().read_text(),
        }  # fmt: skip
        log = (tmp_path / f"worker-{len(running)}.log").open("wb")
        child = subprocess.Popen(
            [sys.executable, "-m", "elmed.cli", "worker", *options], env=clean | own, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        running.append(child)
        return child

    yield start
    for child in running:
        child.kill()
        child.wait(WITHIN)


def test_what_a_killed_worker_was_sending_is_sent_by_the_next(transactional_db, receiver, worker, tmp_path):
    cast, database, ended = assemble(), Shared(tmp_path), threading.Event()
    receiver.answers = [lambda _link: ended.wait(), lambda link: link.sendall(OK)]
    told(cast.actor("pharmacist"), 1, url=receiver.url)
    database.hand_out()
    began = real_now()
    first = worker(database)
    soon(lambda: len(receiver.got) == 1, WITHIN)  # it was sent, and its answer is not there yet
    first.kill()
    assert first.wait(WITHIN) == -9
    ended.set()

    database.take_back()
    left = Delivery.objects.get()
    assert (left.state, left.attempts, Attempt.objects.count()) == ("waiting", 0, 0)
    assert left.due_at > began  # the dead one's lease, which nobody gives back

    Delivery.objects.update(due_at=real_now())  # it is over
    database.hand_out()
    assert worker(database, "--once").wait(WITHIN) == 0
    database.take_back()
    made = Delivery.objects.get()
    assert (made.state, made.attempts, Attempt.objects.get().status) == ("delivered", 1, 200)
    one, again = receiver.got  # twice, as at least once allows; a receiver tells it by the id
    assert one.headers["webhook-id"] == again.headers["webhook-id"]
    assert one.body == again.body
