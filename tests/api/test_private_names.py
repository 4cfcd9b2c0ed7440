"""The one private name of a library that ELMED sets: it must still be there, and still be heeded."""

import pytest
from django.db import connection
from psycopg import _queries


def test_psycopg_still_heeds_the_length_that_the_settings_raise():
    if connection.vendor != "postgresql":
        pytest.skip("psycopg is not used")
    assert _queries.MAX_CACHED_STATEMENT_LENGTH == 16_384
    assert "MAX_CACHED_STATEMENT_LENGTH" in _queries.PostgresQuery.convert.__code__.co_names
