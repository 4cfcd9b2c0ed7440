"""The pharmacy's page that brings a prescription here: who opens it, what it says, what it leaves behind."""

import pytest
from django.urls import reverse

from elmed.accounts.models import AccountState
from elmed.core.clock import real_now
from elmed.events.models import AccessRecord, Event
from elmed.prescriptions.reference import new
from elmed.prescriptions.vocabulary import Status
from tests import factories

BORN = "1961-02-03"


@pytest.fixture
def rx(cast):
    return factories.issued(cast, now=real_now())


def proof(rx, **other):
    return {"reference": rx.reference, "date_of_birth": BORN} | other


def as_it_was(rx):
    """Whether it is still the version that was signed, with no pharmacy."""
    before = rx.version
    rx.refresh_from_db()
    return (rx.status, rx.version, rx.pharmacy_id) == (Status.ISSUED, before, None)


def looked(cast):
    """The records of looking at the patient's data with the proof."""
    return AccessRecord.objects.filter(action="portal.bring", actor_account_id=cast.pharmacy.pk)


@pytest.mark.parametrize("who", ["owner", "pharmacist", "technician"])
def test_brought_from_the_queue_to_its_own_page(cast, sign_in, rx, who):
    browser, url = sign_in(who), reverse("pharmacy_bring")
    assert f'href="{url}"' in browser.get(reverse("pharmacy_queue")).content.decode()
    assert browser.get(url).status_code == 200
    assert looked(cast).count() == 0
    answer = browser.post(url, proof(rx, reference=rx.reference.lower().replace("-", " ")))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("pharmacy_prescription", args=[rx.pk])
    record = looked(cast).get()
    assert [row.patient_id for row in record.patients.all()] == [cast.patient.pk]
    assert record.actor_person_id == cast.people[who].pk
    assert "The prescription is at your pharmacy." in browser.get(answer["Location"]).content.decode()
    assert answer["Location"] in browser.get(reverse("pharmacy_queue")).content.decode()
    events = Event.objects.count()
    assert browser.post(url, proof(rx)).status_code == 302  # here already
    assert Event.objects.count() == events


def test_one_that_ended_here_is_no_success(cast, sign_in):
    rx = factories.cancelled(cast, now=real_now())
    browser = sign_in("technician")
    events = Event.objects.count()
    answer = browser.post(reverse("pharmacy_bring"), proof(rx), follow=True)
    told = list(answer.context["messages"])[-1]
    assert told.level_tag == "warning"
    assert str(told) == "The prescription is at your pharmacy and has ended: Cancelled. Nothing more is handed over."
    before = rx.version
    rx.refresh_from_db()
    assert (rx.status, rx.version, Event.objects.count()) == (Status.CANCELLED, before, events)


def test_the_patient_reads_who_brought_it(cast, sign_in, rx):
    page = reverse("patient_prescription", args=[rx.pk])
    patient = sign_in("patient")
    assert "Together with your date of birth it lets a pharmacy bring" in patient.get(page).content.decode()
    sign_in("technician").post(reverse("pharmacy_bring"), proof(rx))
    assert "Brook Street Pharmacy finds your prescription by it" in patient.get(page).content.decode()
    text = patient.get(reverse("patient_access")).content.decode()
    assert "A prescription, by its reference and your date of birth" in text


def test_a_wrong_proof_gets_one_answer_and_keeps_what_was_typed(cast, sign_in, rx):
    browser, url = sign_in("pharmacist"), reverse("pharmacy_bring")
    for reference, born in ((rx.reference, "1961-02-04"), (new(), BORN), ("no such thing", BORN)):
        answer = browser.post(url, {"reference": reference, "date_of_birth": born})
        text = answer.content.decode()
        assert answer.status_code == 404
        assert "No prescription has this reference and this date of birth." in text
        assert f'value="{reference}"' in text
        assert f'value="{born}"' in text
    for lacks in ("reference", "date_of_birth"):
        answer = browser.post(url, proof(rx, **{lacks: ""}))
        assert answer.status_code == 422
        assert f'href="#id_{lacks}"' in answer.content.decode()
    assert as_it_was(rx)
    assert looked(cast).count() == 0


def test_held_elsewhere_is_told_at_the_form(cast, sign_in):
    rx = factories.verified(cast, now=real_now())
    answer = sign_in("other_pharmacist").post(reverse("pharmacy_bring"), proof(rx))
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "A pharmacy holds it already: the patient or the doctor can move it. It is now: verified." in text
    assert f'value="{rx.reference}"' in text
    assert "amoxicillin" not in text
    record = AccessRecord.objects.get(action="portal.bring")
    assert record.actor_account_id == cast.other_pharmacy.pk


def test_nobody_but_a_pharmacy_that_may_act(cast, sign_in, rx):
    url = reverse("pharmacy_bring")
    for who in ("doctor", "patient", "staff"):
        browser = sign_in(who)
        assert browser.get(url).status_code == 403
        assert browser.post(url, proof(rx)).status_code == 403
    browser = sign_in("pharmacist")
    cast.pharmacy.state = AccountState.SUSPENDED
    cast.pharmacy.save()
    assert browser.post(url, proof(rx)).status_code == 403
    assert as_it_was(rx)
    assert AccessRecord.objects.filter(action="portal.bring").count() == 0


def test_a_reference_searched_for_in_vain_is_typed_once(cast, sign_in, rx):
    browser = sign_in("pharmacist")
    url = f"{reverse('pharmacy_bring')}?q={rx.reference}"
    assert f'href="{url}"' in browser.get(reverse("pharmacy_queue"), {"q": rx.reference}).content.decode()
    assert f'value="{rx.reference}"' in browser.get(url).content.decode()
    assert 'value="Dean"' not in browser.get(reverse("pharmacy_bring"), {"q": "Dean"}).content.decode()
