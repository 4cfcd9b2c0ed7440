"""The demo's data, made once a file and taken back at its end."""

import pytest

from elmed.core.clock import real_now
from elmed.demo.seed import seed


@pytest.fixture(scope="module")
def told(django_db_setup, django_db_blocker):
    """The demo, made once; taken back at the end of the module."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield seed("http://localhost:8000", real_now())
        transaction.set_rollback(True)
