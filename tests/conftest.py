"""What every test gets: a sealing key of its own, and the cast on request."""

import pytest

from elmed.core.clock import real_now
from elmed.prescriptions import seal
from tests.cast import Cast, assemble


@pytest.fixture(autouse=True, scope="session")
def sealing_key(tmp_path_factory):
    """A sealing key for the run."""
    from django.conf import settings

    settings.SEALING_KEYS_DIR = tmp_path_factory.mktemp("keys")
    seal.make_key(settings.SEALING_KEYS_DIR, real_now())


@pytest.fixture
def cast(db) -> Cast:
    """Everybody."""
    return assemble()
