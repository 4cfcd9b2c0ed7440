"""The pharmacy's queue: its steps and filters, why a row waits, the next one, and what an open page is told."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.events.models import AccessRecord
from elmed.prescriptions.actions.hold import hold
from tests import factories


@pytest.fixture
def pharmacist(sign_in):
    return sign_in("pharmacist")


def page_of(rx):
    return f'href="{reverse("pharmacy_prescription", args=[rx.pk])}"'


def read(browser, **query):
    answer = browser.get(reverse("pharmacy_queue"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_row_says_who_what_since_when_and_why(cast, pharmacist):
    rx = factories.verified(cast, now=real_now() - timedelta(hours=5))
    hold(
        cast.actor("pharmacist"), rx.pk, reason="Dose", question="Is 500 mg meant?", now=real_now() - timedelta(hours=3)
    )
    text = read(pharmacist, step="on_hold")
    for words in (
        "DEAN, Cara",
        "03-Feb-1961",
        "amoxicillin 500 mg capsules",
        "Is 500 mg meant?",
        "3\xa0hours",
        "valid until",
    ):
        assert words in text, words
    asked = factories.cancellation_requested(cast, now=real_now())
    assert "The doctor asks to cancel it: answer" in read(pharmacist, step="on_hold")
    assert page_of(asked) in read(pharmacist, step="on_hold")


def test_what_is_not_due_yet_says_until_when(cast, pharmacist):
    rx = factories.verified(cast, now=real_now(), repeats_allowed=1, minimum_dispense_interval_days=20)
    factories.supply(cast, rx, now=real_now())
    text = read(pharmacist, step="verified")
    assert "Too early until" in text and "Not due yet" in text
    factories.held(cast, "pharmacist", rx, now=real_now())
    assert "Not due yet" not in read(pharmacist, step="on_hold")  # there the hold waits


def test_what_another_pharmacy_holds_now_is_done_here(cast, pharmacist, sign_in):
    from elmed.prescriptions.actions.route import route

    rx = factories.returned_part_supplied(cast, now=real_now())
    route(cast.actor("doctor"), rx.pk, pharmacy_id=cast.other_pharmacy.pk, now=real_now())
    assert page_of(rx) not in read(pharmacist, step="pending_review")
    assert page_of(rx) in read(pharmacist, step="done")
    assert page_of(rx) in read(sign_in("other_pharmacist"), step="pending_review")


@pytest.mark.parametrize(
    "narrow", [{"question": 1}, {"waited": 3}, {"prescriber": "nobody of that name"}, {"controlled": 1}, {"shop": 1}]
)
def test_filters_keep_out_what_they_do_not_name(cast, pharmacist, narrow):
    rx = factories.pending_review(cast, now=real_now())
    assert page_of(rx) in read(pharmacist)
    text = read(pharmacist, **narrow)
    assert page_of(rx) not in text
    assert "Nothing at this step matches" in text


def test_filters_find_what_they_name(cast, pharmacist):
    old = factories.pending_review(cast, now=real_now() - timedelta(days=4))
    assert page_of(old) in read(pharmacist, waited=3)
    assert page_of(old) in read(pharmacist, prescriber=cast.doctor.name[-4:].lower())
    rx = factories.verified(cast, now=real_now())
    hold(cast.actor("pharmacist"), rx.pk, reason="Dose", question="500 mg?", now=real_now())
    assert page_of(rx) in read(pharmacist, step="on_hold", question=1)
    assert page_of(old) in read(pharmacist, waited="x", born="2020-99-99")  # malformed: absent


def test_found_by_family_name_and_birth_date(cast, pharmacist):
    rx = factories.verified(cast, now=real_now())
    assert page_of(rx) in read(pharmacist, q="dea", born="1961-02-03")
    assert page_of(rx) in read(pharmacist, born="1961-02-03")
    assert page_of(rx) not in read(pharmacist, q="dea", born="1961-02-04")


def test_the_next_is_the_one_that_waits_longest(cast, pharmacist):
    first = factories.pending_review(cast, now=real_now() - timedelta(hours=2))
    second = factories.pending_review(cast, now=real_now() - timedelta(hours=1))
    url = reverse("pharmacy_next")
    assert pharmacist.get(url)["Location"] == reverse("pharmacy_prescription", args=[first.pk])
    assert pharmacist.get(url, {"after": first.pk})["Location"] == reverse("pharmacy_prescription", args=[second.pk])
    none = pharmacist.get(url, {"step": "verified"})
    assert none["Location"].startswith(reverse("pharmacy_queue"))
    assert "Nothing more waits at this step." in pharmacist.get(none["Location"]).content.decode()


def test_an_open_page_is_told_what_joined_and_what_left(cast, pharmacist):
    first = factories.pending_review(cast, now=real_now())
    second = factories.pending_review(cast, now=real_now())
    seen, url = real_now(), reverse("pharmacy_queue_live")
    query = {"step": "pending_review", "ids": f"{first.pk},{second.pk}", "seen": seen.isoformat()}
    told = pharmacist.get(url, query)
    assert told.json() == {
        "counts": {"pending_review": "2", "verified": "0", "partially_dispensed": "0", "on_hold": "0"},
        "joined": 0, "joined_words": "0", "left": [],
    }  # fmt: skip
    looks = AccessRecord.objects.filter(action="portal.queue")
    etag = told["ETag"]
    with CaptureQueriesContext(connection) as captured:
        assert pharmacist.get(url, query, headers={"If-None-Match": etag}).status_code == 304
    assert len(captured) <= 5  # session, person, accounts, roles; and the one that looks
    factories.pending_review(cast, now=real_now())
    hold(cast.actor("pharmacist"), second.pk, reason="Dose", now=real_now())
    told = pharmacist.get(url, query, headers={"If-None-Match": etag})
    assert told.status_code == 200
    assert told["ETag"] != etag
    assert (told.json()["joined"], told.json()["joined_words"], told.json()["left"]) == (1, "1", [second.pk])
    assert "DEAN" not in told.content.decode()
    assert not looks.exists()  # no patient's data was read


def test_the_queue_tells_nobody_else(cast, sign_in):
    factories.pending_review(cast, now=real_now())
    other = sign_in("other_pharmacist").get(reverse("pharmacy_queue_live"), {"ids": "1,2,x,99999999999999999999"})
    assert other.json()["counts"]["pending_review"] == "0"
    assert sign_in("doctor").get(reverse("pharmacy_queue_live")).status_code == 403


def test_every_step_takes_at_most_twelve_statements_however_long(cast, pharmacist):
    def statements(step):
        with CaptureQueriesContext(connection) as captured:
            read(pharmacist, step=step)
        return len(captured)

    factories.cancellation_requested(cast, now=real_now())
    factories.verified(cast, now=real_now())
    steps = ("verified", "on_hold", "pending_review", "done")
    few = [statements(step) for step in steps]
    for _ in range(4):
        factories.cancellation_requested(cast, now=real_now())
        factories.verified(cast, now=real_now())
    assert [statements(step) for step in steps] == few
    assert max(few) <= 12, few
