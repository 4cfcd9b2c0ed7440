"""The page that shows every component: each in its states, no id twice."""

import re

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db

STATES = (
    "Allergies:", "No known allergies", "Allergies: not recorded", "Weight: not recorded", "weighed ", "Not in the formulary",
    "In your words", "You keep it:", "The doctor keeps it:", "Remaining:", "given up", "substituted", "taken back",
    "Received by her daughter.", "Sent to a pharmacy", "Your password", "Or the code", "data-passkey-confirm",
)  # fmt: skip


def test_every_state_is_shown_and_no_id_twice(client):
    page = client.get(reverse("components")).content.decode()
    assert [one for one in STATES if one not in page] == []
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), [one for one in ids if ids.count(one) > 1]
