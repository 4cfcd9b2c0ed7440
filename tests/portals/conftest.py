"""The cast, signed in through the real sign-in page."""

from collections.abc import Callable
from functools import lru_cache

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse

from tests.cast import Cast

PASSWORD = "correct-horse-battery-staple"


@lru_cache(maxsize=1)
def encoded() -> str:
    """The password's hash, made once: it takes a while by design."""
    return make_password(PASSWORD)


@pytest.fixture
def sign_in(cast: Cast) -> Callable[[str], Client]:
    """A browser of one of the cast, signed in just now."""

    def browser(name: str) -> Client:
        person = cast.people[name]
        person.password = encoded()
        person.save(update_fields=["password"])
        EmailAddress.objects.get_or_create(
            user=person, email=person.email, defaults={"verified": True, "primary": True}
        )
        client = Client()
        answer = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        assert answer.status_code == 302, answer.content.decode()[:2000]
        return client

    return browser
