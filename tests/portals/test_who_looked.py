"""Who looked at the record: a row for each person and day, and behind it each look."""

from datetime import datetime, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from elmed.core.clock import real_now
from elmed.events.models import AccessRecord, AccessRecordPatient
from tests import factories

ZONE = timezone.get_default_timezone()
DAY = datetime(2026, 3, 9, tzinfo=ZONE).date()


def looked(
    cast, who: str, at: datetime, action: str = "portal.patient", *, reason: str = "", key: int | None = None
) -> None:
    """A look as the portals and the API record them."""
    actor = cast.actor(who)
    row = AccessRecord.objects.create(
        world_id=cast.patient.world_id, actor_person_id=None if key else actor.person_id, actor_account_id=actor.account_id,
        actor_key_id=key, source="portal", action=action, reason=reason, created_at=at,
    )  # fmt: skip
    AccessRecordPatient.objects.create(record=row, patient_id=cast.patient.pk)


def at(hour: int, minute: int = 0, *, day=DAY) -> datetime:
    return datetime.combine(day, time(hour, minute), ZONE)


@pytest.fixture
def page(cast, sign_in):
    """The patient's page, with what the address asks for."""
    browser = sign_in("patient")

    def read(address: str = "", **asked):
        return browser.get(reverse("patient_access") + address, asked or None)

    return read


def rows(answer) -> list[tuple[str, int]]:
    return [(entry["who"], entry["times"]) for entry in answer.context["entries"]]


def test_one_row_for_a_person_and_day_with_the_first_and_the_last_moment(cast, page):
    for hour in (9, 11, 17):
        looked(cast, "pharmacist", at(hour, 12), "portal.prescription" if hour < 17 else "portal.beside")
    looked(cast, "pharmacist", at(10, day=DAY + timedelta(days=1)))
    looked(cast, "technician", at(12))
    answer = page()
    pharmacy = cast.pharmacy.name
    assert rows(answer) == [
        (f"Pharmacist, {pharmacy}", 1),
        (f"Pharmacist, {pharmacy}", 3),
        (f"Technician, {pharmacy}", 1),
    ]
    text = answer.content.decode()
    assert "3 times" in text and "09:12–17:12" in text
    many = answer.context["entries"][1]
    assert many["what"] == ["A prescription’s history, and your others at the same pharmacy", "A prescription"]
    assert text.count('<td data-label="What">') == 3


def test_a_day_ends_where_the_patient_reads_the_clock(cast, page):
    looked(cast, "pharmacist", at(23, 59))
    looked(cast, "pharmacist", at(0, 1, day=DAY + timedelta(days=1)))
    assert [entry["day"] for entry in page().context["entries"]] == [DAY + timedelta(days=1), DAY]


def test_each_look_is_behind_its_row(cast, page):
    for hour in (9, 11):
        looked(cast, "pharmacist", at(hour), reason="Asked by phone" if hour == 11 else "")
    looked(cast, "technician", at(12))
    looked(cast, "pharmacist", at(9, day=DAY - timedelta(days=1)))
    entry = next(entry for entry in page().context["entries"] if entry["times"] == 2)
    assert entry["reasons"] == ["Asked by phone"]
    answer = page(f"?{entry['query']}")
    assert [one["at"] for one in answer.context["entries"]] == [at(11), at(9)]
    text = answer.content.decode()
    assert "11:00:00" in text and "Asked by phone" in text and "Technician" not in text.split("<table")[1]
    assert "Back to all days" in text


def test_a_key_and_a_person_of_the_same_account_are_two_rows(cast, page):
    looked(cast, "doctor", at(9))
    for number in (71, 72):
        looked(cast, "doctor", at(10), "patient.read", key=number)
    entries = page().context["entries"]
    assert [(entry["through"], entry["times"]) for entry in entries] == [
        ("a computer system (API key)", 2),
        ("the portal", 1),
    ]
    assert entries[0]["who"] == cast.doctor.name
    assert len(page(f"?{entries[0]['query']}").context["entries"]) == 2


def test_another_patients_looks_stay_theirs(cast, page, sign_in):
    looked(cast, "pharmacist", at(9))
    looked(cast, "pharmacist", at(10))
    mine = page().context["entries"][0]
    AccessRecordPatient.objects.update(patient_id=cast.other_patient.pk)
    assert page().context["entries"] == []
    assert page(f"?{mine['query']}").context["entries"] == []


@pytest.mark.parametrize("asked", [
    "day=2026-13-09&person=1&account=1", "day=yesterday&person=1&account=1", "day=2026-03-09&person=x&account=1", "day=2026-03-09",
    "day=0001-01-01&person=1&account=1", "day=9999-12-31&person=1&account=1", "day=2026-03-09&person=99999999999999999999&account=1",
])  # fmt: skip
def test_an_address_that_asks_for_nothing_shows_all_days(cast, page, asked):
    looked(cast, "pharmacist", at(9))
    answer = page(f"?{asked}")
    assert answer.status_code == 200
    assert [entry["times"] for entry in answer.context["entries"]] == [1]


def test_own_looks_are_rows_too_where_they_are_asked_for(cast, page):
    looked(cast, "patient", at(9))
    looked(cast, "patient", at(10))
    assert page().context["entries"] == []
    entry = page(own="1").context["entries"][0]
    assert (entry["who"], entry["times"]) == ("You", 2)
    assert len(page(f"?{entry['query']}").context["entries"]) == 2


def test_pages_and_statements_do_not_grow(cast, page, django_assert_max_num_queries):
    for number in range(30):
        looked(cast, "pharmacist", at(9, day=DAY - timedelta(days=number)))
        looked(cast, "pharmacist", at(10, day=DAY - timedelta(days=number)))
    with django_assert_max_num_queries(12):
        first = page()
    assert len(rows(first)) == 25 and 'rel="next"' in first.content.decode()
    with django_assert_max_num_queries(12):
        second = page(page="2")
    assert len(rows(second)) == 5
    for number in range(30):
        looked(cast, "pharmacist", at(11, number))
    with django_assert_max_num_queries(12):
        each = page(f"?{first.context['entries'][0]['query']}")
    text = each.content.decode()
    assert len(each.context["entries"]) == 25
    following = text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert len(page(following).context["entries"]) == 7


def test_what_the_portal_records_is_one_row(cast, sign_in, page):
    rx = factories.pending_review(cast, now=real_now())
    pharmacist = sign_in("pharmacist")
    for name in ("pharmacy_prescription", "pharmacy_beside", "pharmacy_prescription"):
        pharmacist.get(reverse(name, args=[rx.pk]))
    assert [row for row in rows(page()) if "Pharmacist" in row[0]] == [(f"Pharmacist, {cast.pharmacy.name}", 3)]
