"""What every test gets: a sealing key of its own, and the cast on request."""

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from elmed.core.clock import real_now
from elmed.prescriptions import seal
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
