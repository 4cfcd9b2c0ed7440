"""A reader far behind: a page of the feed costs the same at the beginning of a long list, in its middle and at its end."""

import json

import pytest
from django.db import connection

from elmed.core.clock import real_now
from elmed.core.models import LIVE_WORLD_ID
from elmed.events import feed
from elmed.events.models import Event, EventCounter, EventListing
from elmed.jobs.periodic import purge_event_lists
from tests import factories as f
from tests.api.client import statements

MANY = 20_000


@pytest.fixture
def behind(cast, pharmacy):
    """The pharmacy's list with so many entries of one prescription; other accounts' events lie in between. Its newest number."""
    rx = f.verified(cast)
    counter = EventCounter.objects.get(account=cast.pharmacy, world_id=LIVE_WORLD_ID)
    at, first = real_now(), counter.last + 1
    made = Event.objects.bulk_create(
        [
            Event(type="prescription.held", world_id=LIVE_WORLD_ID, prescription_id=rx.pk, version=1, source="portal", created_at=at)
            for _ in range(2 * MANY)
        ],
        batch_size=2_000,
    )  # fmt: skip
    EventListing.objects.bulk_create(
        [
            EventListing(
                event=one, account=cast.pharmacy if own else cast.other_pharmacy, world_id=LIVE_WORLD_ID,
                sequence=(first if own else 1_000_000) + number // 2,
            )
            for number, one in enumerate(made)
            for own in [number % 2 == 0]
        ],
        batch_size=2_000,
    )  # fmt: skip
    counter.last = first + MANY - 1
    counter.save()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    pharmacy.get("/me")  # opens the key's window
    return counter.last


def test_a_page_takes_the_same_statements_anywhere(pharmacy, behind):
    counts = set()
    for after in (1, behind // 2, behind - 100):
        answers = []
        counts.add(
            statements(
                lambda at=after, kept=answers: kept.append(pharmacy.get(f"/events?after={at}&limit=100")) or kept[0]
            )
        )
        found = json.loads(answers[0].content)
        assert [one["sequence"] for one in found["data"]] == list(range(after + 1, after + 101))
        assert found["has_more"] is (after + 100 < behind)
    assert len(counts) == 1
    assert counts.pop() <= (2 if connection.vendor == "postgresql" else 6)
    assert statements(lambda: pharmacy.get(f"/events?after={behind}")) <= (
        3 if connection.vendor == "postgresql" else 7
    )


def test_a_page_is_read_from_the_index_and_no_further(cast, behind):
    """Neither the rows before it nor the other accounts' are looked at; nothing is sorted."""
    for after in (0, behind // 2, behind - 100):
        rows = EventListing.objects.filter(account=cast.pharmacy, world_id=LIVE_WORLD_ID, sequence__gt=after)
        plan = rows.order_by("sequence").values_list("sequence", "event__type")[:101].explain()
        assert "event_sequence_unique" in plan or "INDEX" in plan.upper(), plan
        assert (
            "Seq Scan" not in plan and "Sort" not in plan and "SCAN events" not in plan and "TEMP B-TREE" not in plan
        ), plan


def test_a_reader_comes_to_the_end(cast, behind):
    """Page by page, each number once; the clean-up meanwhile takes nothing that is kept."""
    after, pages = 0, 0
    while True:
        page = feed.page(cast.pharmacy.pk, LIVE_WORLD_ID, after=after, limit=100)
        assert [one.sequence for one in page.entries] == list(range(after + 1, page.last + 1))
        after, pages = page.last, pages + 1
        if pages == 50:
            assert purge_event_lists(real_now()) == 0
        if not page.has_more:
            break
    assert (after, pages) == (behind, -(-behind // 100))
