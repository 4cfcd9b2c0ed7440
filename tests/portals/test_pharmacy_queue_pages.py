"""The queue's pages: together they are the list, in its order, whichever way a page is looked for."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.patients.models import Patient
from elmed.portals.pharmacy import queue, queue_rows, uncollected
from elmed.prescriptions import pharmacy_lists, queries
from elmed.prescriptions.actions.reject import reject
from tests import factories


@pytest.fixture
def pharmacist(sign_in, monkeypatch):
    monkeypatch.setattr(queue, "PAGE_SIZE", 2)
    return sign_in("pharmacist")


def pages(browser, **query):
    """The prescriptions of each page, as its links lead on."""
    found, page = [], "1"
    while page:
        with CaptureQueriesContext(connection) as captured:
            answer = browser.get(reverse("pharmacy_queue"), query | {"page": page})
        assert len(captured) <= 12, [one["sql"] for one in captured]
        text = answer.content.decode()
        found.append([int(pk) for pk in re.findall(r'data-row="(\d+)"', text)])
        assert f"Page {page}" in text
        onward = re.search(r'rel="next" href="\?[^"]*page=(\d+)"', text)
        page = onward and onward[1]
    return found


def listed(rows, size=2):
    every = list(rows.values_list("pk", flat=True))
    return [every[at : at + size] for at in range(0, len(every), size)]


@pytest.fixture
def ended(cast):
    """Five: of this pharmacy, and what another one holds now between them."""
    for number in range(5):
        at = real_now() - timedelta(hours=9 - number)
        if number in (1, 3):
            factories.returned_part_supplied(cast, now=at)
        else:
            rx = factories.pending_review(cast, now=at)
            reject(cast.actor("pharmacist"), rx.pk, reason="Not legible", now=at)


def test_what_is_done_in_both_ways_of_seeing_it(cast, pharmacist, ended):
    expected = listed(pharmacy_lists.at_step(cast.actor("pharmacist"), "done"))
    assert [len(page) for page in expected] == [2, 2, 1]
    assert pages(pharmacist, step="done") == expected


def test_of_what_is_done_the_newest(cast, pharmacist, ended, monkeypatch):
    monkeypatch.setattr(queue, "MOST", 4)
    assert pages(pharmacist, step="done") == listed(pharmacy_lists.at_step(cast.actor("pharmacist"), "done"))[:2]


def test_a_step_and_the_same_narrowed(cast, pharmacist):
    for number in range(5):
        factories.pending_review(cast, now=real_now() - timedelta(hours=number))
    expected = listed(pharmacy_lists.at_step(cast.actor("pharmacist"), "pending_review"))
    assert pages(pharmacist) == expected
    name = cast.doctor.name
    assert pages(pharmacist, prescriber=name[1:].upper()) == expected
    nobody = pharmacist.get(reverse("pharmacy_queue"), {"prescriber": "Nobody"}).content.decode()
    assert "Nothing at this step matches." in nobody


@pytest.mark.parametrize("few", [200, 0])
def test_a_search_of_few_people_and_of_many(cast, pharmacist, ended, monkeypatch, few):
    monkeypatch.setattr(queue_rows, "FEW", few)
    expected = listed(queries.listed(cast.actor("pharmacist")))
    assert [len(page) for page in expected] == [2, 2, 1]
    assert pages(pharmacist, q="dea") == expected
    assert pages(pharmacist, q="Dean, Ca") == expected
    assert pages(pharmacist, born="1961-02-03") == expected
    for nobody in ({"q": "deb"}, {"q": "Dean, Co"}, {"q": "dea", "born": "1961-02-04"}):
        assert 'data-row="' not in pharmacist.get(reverse("pharmacy_queue"), nobody).content.decode()


def test_a_name_of_twelve_letters_that_can_be_a_reference(cast, pharmacist, ended):
    Patient.objects.update(family_name="ABCDEFGHJKMN")
    expected = listed(queries.listed(cast.actor("pharmacist")))
    assert pages(pharmacist, q="abcdefghjkmn") == expected
    assert 'data-row="' not in pharmacist.get(reverse("pharmacy_queue"), {"q": "abcdefghjkmp"}).content.decode()


@pytest.mark.parametrize("asked", ["9", "0", "-1", "x", "99999999999999999999"])
def test_a_page_that_is_not_there_is_the_first(pharmacist, ended, asked):
    url = reverse("pharmacy_queue")
    first = pharmacist.get(url, {"step": "done"}).content.decode()
    other = pharmacist.get(url, {"step": "done", "page": asked}).content.decode()
    rows = re.findall(r'data-row="(\d+)"', first)
    assert re.findall(r'data-row="(\d+)"', other) == rows
    assert len(rows) == 2


def test_what_is_not_collected_in_pages(cast, sign_in, monkeypatch):
    """In the order in which each was ready: one that was due later stands behind."""
    monkeypatch.setattr(uncollected, "PAGE_SIZE", 2)
    now = real_now()
    repeat = factories.verified(
        cast, now=now - timedelta(days=40), repeats_allowed=1, minimum_dispense_interval_days=20
    )
    factories.supply(cast, repeat, now=now - timedelta(days=40))
    waiting = [factories.verified(cast, now=now - timedelta(days=days)).pk for days in (10, 18, 30, 25)]
    expected = [waiting[2], waiting[3], repeat.pk, waiting[1], waiting[0]]
    pharmacist, found = sign_in("pharmacist"), []
    for page in (1, 2, 3):
        text = pharmacist.get(reverse("pharmacy_uncollected"), {"page": page}).content.decode()
        found.append([int(pk) for pk in re.findall(r'<th scope="row"><a href="/pharmacy/prescriptions/(\d+)', text)])
        assert ('rel="next"' in text) == (page < 3)
    assert found == [expected[:2], expected[2:4], expected[4:]]
