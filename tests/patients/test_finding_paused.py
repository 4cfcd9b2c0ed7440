"""A doctor who searches for patients and finds nobody, again and again, is paused for an hour: hits never count."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.db import connection
from django.urls import reverse

from elmed.core import clock
from elmed.core.refusals import NotVisible
from elmed.events.models import AccessRecord, Event
from elmed.patients import actions
from elmed.patients.actions import Finding, consult, find
from elmed.patients.models import Consultation, IdentityCheck
from elmed.prescriptions.actions.proof import purge_tries
from elmed.prescriptions.actions.tries import TooManyTries
from elmed.prescriptions.models import ProofTries
from tests.cast import NOW, assemble
from tests.portals.conftest import sign_in  # noqa: F401
from tests.prescriptions.test_at_once import at_once

DEAN, NOBODY = Finding("Dean", date(1961, 2, 3), "H1"), Finding("Dean", date(1961, 2, 3), "H7")
MOST = 20


@pytest.fixture
def doctor(cast):
    return cast.actor("doctor")


def miss(doctor, times):
    for _ in range(times):
        assert find(doctor, NOBODY) is None


def paused(doctor, by=DEAN):
    """It is; and it says until when, and leaves no trace of a look."""
    before = AccessRecord.objects.count(), list(ProofTries.objects.values()), Event.objects.count()
    with pytest.raises(TooManyTries) as no:
        find(doctor, by)
    assert (no.value.code, no.value.status) == ("finding_paused", 429)
    assert (AccessRecord.objects.count(), list(ProofTries.objects.values()), Event.objects.count()) == before
    return no.value


def told():
    return Event.objects.filter(type="patient.finding_paused")


def test_the_twentieth_miss_pauses_also_the_right_search(cast, doctor):
    miss(doctor, MOST - 1)
    assert find(doctor, DEAN) == cast.patient
    assert not told().exists()
    miss(doctor, 1)
    assert [event.actor_account_id for event in told()] == [cast.doctor.pk]
    assert paused(doctor).extra["until"] in str(paused(doctor, NOBODY).extra)
    assert told().count() == 1
    assert find(cast.actor("other_doctor"), DEAN) == cast.patient


def test_what_is_found_and_what_is_not_asked_does_not_count(cast, doctor):
    for _ in range(3 * MOST):
        assert find(doctor, DEAN) == cast.patient
    for _ in range(MOST):
        assert find(doctor, Finding("", date(1961, 2, 3), "H1")) is None
    miss(doctor, MOST - 1)


def test_an_hour_later_it_goes_on(cast, doctor, monkeypatch):
    miss(doctor, MOST)
    began = clock.real_now()
    monkeypatch.setattr(actions, "real_now", lambda: began + timedelta(minutes=59))
    paused(doctor)
    assert purge_tries(began + timedelta(minutes=59)) == 0
    monkeypatch.setattr(actions, "real_now", lambda: began + timedelta(minutes=61))
    assert find(doctor, DEAN) == cast.patient
    miss(doctor, MOST - 1)


def test_misses_of_an_hour_ago_do_not_add_up(cast, doctor, monkeypatch):
    miss(doctor, MOST - 1)
    began = clock.real_now()
    monkeypatch.setattr(actions, "real_now", lambda: began + timedelta(minutes=61))
    miss(doctor, MOST - 1)
    assert find(doctor, DEAN) == cast.patient


def test_a_consultation_with_words_that_find_nobody_counts_too(doctor):
    for _ in range(MOST):
        with pytest.raises(NotVisible):
            consult(doctor, 1, found_by=NOBODY, identity_check=IdentityCheck.KNOWN, now=NOW)
    with pytest.raises(TooManyTries):
        consult(doctor, 1, found_by=DEAN, identity_check=IdentityCheck.KNOWN, now=NOW)
    assert Consultation.objects.count() == 0


def test_searches_at_the_same_moment_count_like_searches_in_a_row(transactional_db):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time: there is nothing to race")
    doctor = assemble().actor("doctor")
    miss(doctor, MOST - 4)
    assert Counter(at_once(*[lambda: find(doctor, NOBODY)] * 8)) == {"done": 4, "finding_paused": 4}
    assert told().count() == 1


def test_the_page_says_until_when_and_keeps_what_was_typed(cast, doctor, sign_in):  # noqa: F811
    miss(doctor, MOST)
    browser, url = sign_in("doctor"), reverse("doctor_patient_find")
    answer = browser.post(url, {"family_name": "Dean", "date_of_birth": "1961-02-03", "exact": "H1"})
    page = answer.content.decode()
    assert answer.status_code == 429
    assert "Finding patients is paused for you until" in page
    assert 'value="Dean"' in page
    assert "Is this the patient?" not in page
    typed = {"patient_id": cast.patient.pk, "identity_check": "known", "summary": "", "once": "x"}
    typed |= {"family_name": "Dean", "date_of_birth": "1961-02-03", "exact": "H1"}
    assert browser.post(url, typed).status_code == 429
    assert Consultation.objects.count() == 0
