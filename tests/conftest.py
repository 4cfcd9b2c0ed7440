"""What every test gets: a sealing key of its own, and the cast on request."""

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from elmed.core.clock import real_now
from elmed.prescriptions import seal
from elmed.request_log.collect import collector
from tests.cast import Cast, assemble


@pytest.fixture(autouse=True, scope="session")
def sealing_key(tmp_path_factory):
    """A sealing key for the run."""
    from django.conf import settings

    settings.SEALING_KEYS_DIR = tmp_path_factory.mktemp("keys")
    seal.make_key(settings.SEALING_KEYS_DIR, real_now())


@pytest.fixture(autouse=True, scope="session")
def quick_hashes():
    """Passwords are hashed as in production, but with no work to it: signing in is not what most tests are about."""
    hasher = Argon2PasswordHasher
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("time_cost", 1), ("memory_cost", 8), ("parallelism", 1)):
            patch.setattr(hasher, name, value)
        yield


@pytest.fixture
def cast(db) -> Cast:
    """Everybody."""
    return assemble()


@pytest.fixture(autouse=True, scope="session")
def no_writing_aside():
    """The request log is written where a test says so (the fixture `request_log`), never by a thread of its own."""
    collector.threaded = False


@pytest.fixture
def request_log(db):
    """The request log: `request_log()` writes what was noted and gives the rows, the oldest first."""
    from elmed.request_log.models import LoggedRequest

    collector.clear()

    def rows():
        collector.flush()
        return list(LoggedRequest.objects.order_by("pk"))

    yield rows
    collector.clear()
