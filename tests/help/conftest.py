"""The words of a page as somebody reads them, and the sign-in of the portals' tests."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from tests.portals.conftest import sign_in  # noqa: F401 - a fixture


def plain(html: str) -> str:
    """Without tags, with single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture
def read(db) -> Callable[..., str]:
    """A page of the help by the name of its address, as somebody gets it who is not signed in."""

    def get(name: str, query: str = "", client: Client | None = None) -> str:
        answer = (client or Client()).get(reverse(name) + query)
        assert answer.status_code == 200
        return answer.content.decode()

    return get
