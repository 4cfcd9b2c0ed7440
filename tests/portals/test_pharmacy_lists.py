"""What was not collected and what was handed over: lists, reminders, the file; and the scanner at the counter."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.core.refusals import NotNow, NotVisible
from elmed.events.models import AccessRecord, Event
from elmed.prescriptions.actions.remind import remind
from elmed.prescriptions.reference import new, within
from elmed.prescriptions.vocabulary import Status
from tests import factories

REMINDED = "prescription.collection_reminded"


@pytest.fixture
def pharmacist(sign_in):
    return sign_in("pharmacist")


@pytest.fixture
def waiting(cast):
    """Checked eight days ago, and not collected."""
    cast.patient.phone = "+44 20 7946 0123"
    cast.patient.save(update_fields=["phone"])
    return factories.verified(cast, now=real_now() - timedelta(days=8))


def text_of(browser, name, status=200, **query):
    answer = browser.get(reverse(name), query)
    assert answer.status_code == status
    return answer.content.decode()


def page_of(rx):
    return f'href="{reverse("pharmacy_prescription", args=[rx.pk])}"'


def test_what_waits_longer_than_a_week_is_listed_with_a_phone(cast, pharmacist, sign_in, waiting):
    fresh = factories.verified(cast, now=real_now())
    text = text_of(pharmacist, "pharmacy_uncollected")
    assert page_of(waiting) in text
    assert 'href="tel:+442079460123"' in text
    assert page_of(fresh) not in text
    assert page_of(waiting) not in text_of(pharmacist, "pharmacy_uncollected", days=14)
    assert page_of(waiting) not in text_of(sign_in("other_pharmacist"), "pharmacy_uncollected")
    factories.supply(cast, waiting, now=real_now())
    assert page_of(waiting) not in text_of(pharmacist, "pharmacy_uncollected")


def test_a_reminder_is_noted_with_its_time_and_changes_nothing_else(cast, sign_in, waiting):
    technician, url = sign_in("technician"), reverse("pharmacy_reminded", args=[waiting.pk])
    assert "not yet" in text_of(technician, "pharmacy_uncollected")
    assert technician.get(url).status_code == 302
    assert not Event.objects.filter(type=REMINDED).exists()
    version = waiting.version
    assert technician.post(url).status_code == 302
    assert "Note another reminder" in text_of(technician, "pharmacy_uncollected")
    waiting.refresh_from_db()
    assert (waiting.status, waiting.version) == (Status.VERIFIED, version)
    beside = technician.get(reverse("pharmacy_beside", args=[waiting.pk])).content.decode()
    assert "The patient was reminded to collect it" in beside


def test_only_what_waits_here_is_reminded_of(cast, sign_in, waiting):
    with pytest.raises(NotVisible):
        remind(cast.actor("other_pharmacist"), waiting.pk, now=real_now())
    done = factories.dispensed(cast, now=real_now())
    with pytest.raises(NotNow):
        remind(cast.actor("pharmacist"), done.pk, now=real_now())
    assert sign_in("doctor").post(reverse("pharmacy_reminded", args=[waiting.pk])).status_code == 403
    assert not Event.objects.filter(type=REMINDED).exists()


def test_what_was_handed_over_by_day_and_as_a_file(cast, pharmacist, sign_in):
    rx = factories.verified(cast, now=real_now())
    factories.supply(cast, rx, (rx.lines.get().pk, 7000), now=real_now(), receiver="=HIS SON")
    assert "7 capsules" in text_of(pharmacist, "pharmacy_handed_over_days")
    assert page_of(rx) not in text_of(pharmacist, "pharmacy_handed_over_days", first="2020-01-01")
    assert page_of(rx) not in text_of(sign_in("other_pharmacist"), "pharmacy_handed_over_days")
    empty = text_of(pharmacist, "pharmacy_handed_over_days", first="2020-01-01", last="2020-01-02")
    assert "Nothing was handed over on these days." in empty
    assert "?first=2019-12-31" in empty and "?first=2020-01-03" in empty  # from an empty day one goes on, too
    answer = pharmacist.get(reverse("pharmacy_handed_over_file"))
    assert answer["Content-Disposition"].startswith("attachment")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["family_name"], row["quantity"], row["unit"], row["prescription"]) == (
        "Dean",
        "7",
        "capsule",
        str(rx.pk),
    )
    assert row["received_by"] == "'=HIS SON"  # no formula
    record = AccessRecord.objects.get(action="portal.handed_over_file")
    assert [one.patient_id for one in record.patients.all()] == [cast.patient.pk]
    assert "A file of what was handed over" in text_of(sign_in("patient"), "patient_access")


@pytest.mark.parametrize(
    "query",
    [{"first": "2026-01-01", "last": "2026-02-01"}, {"first": "2026-01-02", "last": "2026-01-01"}, {"first": "x"}],
)
def test_days_that_cannot_be_are_refused_in_words(pharmacist, query):
    text = text_of(pharmacist, "pharmacy_handed_over_days", status=422, **query)
    assert "There is a problem" in text
    text_of(pharmacist, "pharmacy_handed_over_file", status=422, **query)
    assert not AccessRecord.objects.filter(action__startswith="portal.handed_over").exists()


def test_the_lists_take_as_many_statements_for_many_as_for_few(cast, pharmacist):
    def statements(name):
        with CaptureQueriesContext(connection) as captured:
            text_of(pharmacist, name)
        return len(captured)

    def one_more():
        factories.verified(cast, now=real_now() - timedelta(days=9))
        factories.dispensed(cast, now=real_now())

    one_more()
    names = ("pharmacy_uncollected", "pharmacy_handed_over_days", "pharmacy_handed_over_file")
    few = [statements(name) for name in names]
    for _ in range(3):
        one_more()
    assert [statements(name) for name in names] == few
    assert max(few) <= 12


def test_the_scanner_may_read_an_address(cast, pharmacist):
    rx = factories.issued(cast, now=real_now())
    assert within(f"https://elmed.example/rx/{rx.reference}?from=qr") == rx.reference
    assert within("no such thing") == "no such thing"
    assert within(new()[:-1]) != rx.reference
    typed = {"reference": f"https://elmed.example/rx/{rx.reference}", "date_of_birth": "1961-02-03"}
    answer = pharmacist.post(reverse("pharmacy_bring"), typed)
    assert answer["Location"] == reverse("pharmacy_prescription", args=[rx.pk])
