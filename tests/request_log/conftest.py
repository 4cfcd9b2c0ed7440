"""The API's people."""

from tests.api.conftest import *  # noqa: F403
