"""Lists that showed their newest rows only are reached whole: past medication, other prescriptions here, favourites."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.portals.doctor import compose, favourites
from elmed.portals.pharmacy import views
from elmed.prescriptions import queries
from elmed.prescriptions.actions import favourite
from elmed.prescriptions.actions.draft import MAX_DAYS
from elmed.prescriptions.models import Prescription, PrescriptionLine
from tests import factories
from tests.portals.test_doctor import composed


def once_more(rx: Prescription, count: int) -> None:
    """So many copies of it, newer than everything: each with its line, named by its number."""
    line = rx.lines.get()
    for number in range(1, count + 1):
        rx.pk, rx.reference = None, f"COPY{number:010d}"
        rx.save(force_insert=True)
        line.pk, line.prescription_id, line.medication_text = None, rx.pk, f"medicine no. {number};"
        line.save(force_insert=True)


def pages_of(browser, url: str) -> str:
    """All pages of a list, one after the other."""
    text, whole = browser.get(url).content.decode(), ""
    for _page in range(50):
        whole += text
        ways = re.findall(r'rel="next" href="([^"]*)"', text)
        if not ways:
            return whole
        way = ways[0].replace("&amp;", "&")
        text = browser.get(url + way if way.startswith("?") else way).content.decode()
    raise AssertionError("it does not end")


def test_the_longest_supply_is_looked_back_for():
    assert timedelta(days=MAX_DAYS) < queries.LONGEST


def test_all_past_medication_is_reached_and_the_current_one_is_found_behind_it(
    cast, sign_in, django_assert_max_num_queries
):
    now, doctor = real_now(), sign_in("doctor")
    factories.pending_review(cast, now=now, lines=(factories.RAMIPRIL,))
    ended = factories.rejected(cast, now=now)
    once_more(ended, 110)
    url = reverse("doctor_patient", args=[cast.patient.pk])
    with django_assert_max_num_queries(12):
        page = doctor.get(url).content.decode()
    assert "ramipril" in page.split("Current medication")[1].split("Past medication")[0], "open, though 111 are newer"
    past = reverse("doctor_past_medication", args=[cast.patient.pk])
    assert f'href="{past}"' in page
    with django_assert_max_num_queries(12):
        first = doctor.get(past).content.decode()
    assert "medicine no. 110;" in first and "medicine no. 1;" not in first and "ramipril" not in first
    whole = pages_of(doctor, past)
    assert {f"medicine no. {number};" for number in range(1, 111)} <= set(re.findall(r"medicine no. \d+;", whole))
    assert "amoxicillin 500 mg capsules" in whole and "ramipril" not in whole
    again = f'?again={ended.lines.get().pk}"'
    assert again in whole


def test_what_lasts_is_current_and_what_does_not_is_past(cast, sign_in):
    now, doctor = real_now(), sign_in("doctor")
    url = reverse("doctor_past_medication", args=[cast.patient.pk])
    rx = factories.dispensed(cast, now=now)
    assert "Nothing of this page is over" not in doctor.get(url).content.decode()
    assert "amoxicillin" not in doctor.get(url).content.decode().split("<h1>")[1]
    PrescriptionLine.objects.filter(prescription=rx).update(days_supply=366)
    Prescription.objects.filter(pk=rx.pk).update(issued_at=now - timedelta(days=365))
    current = doctor.get(reverse("doctor_patient", args=[cast.patient.pk])).content.decode()
    assert "amoxicillin" in current.split("Current medication")[1].split("Past medication")[0]
    Prescription.objects.filter(pk=rx.pk).update(issued_at=now - timedelta(days=368))
    current = doctor.get(reverse("doctor_patient", args=[cast.patient.pk])).content.decode()
    assert "amoxicillin" not in current.split("Current medication")[1].split("Past medication")[0]
    assert "amoxicillin" in doctor.get(url).content.decode().split("<h1>")[1]


def test_past_medication_is_the_doctors_own_and_leaves_an_access_record(cast, sign_in):
    factories.rejected(cast, now=real_now())
    url = reverse("doctor_past_medication", args=[cast.patient.pk])
    assert sign_in("other_doctor").get(url).status_code == 404
    assert sign_in("pharmacist").get(url).status_code == 403
    seen = sign_in("patient")
    sign_in("doctor").get(url)
    assert "Your record" in seen.get(reverse("patient_access")).content.decode()


def test_all_other_prescriptions_here_are_reached(cast, sign_in, django_assert_max_num_queries):
    now, pharmacist = real_now(), sign_in("pharmacist")
    once_more(factories.rejected(cast, now=now), views.OTHERS * 2)
    rx = factories.pending_review(cast, now=now, lines=(factories.RAMIPRIL,))
    url = reverse("pharmacy_beside", args=[rx.pk])
    with django_assert_max_num_queries(12):
        first = pharmacist.get(url).content.decode()
    assert f'href="{url}?page=2"' in first, "with its own address: the prescription's page fetches it"
    whole = pages_of(pharmacist, url)
    assert len(set(re.findall(r"medicine no. \d+;", whole))) == views.OTHERS * 2
    assert "amoxicillin" in whole and "ramipril" not in whole.split("other prescriptions here")[1].split("</ul>")[0]


@pytest.fixture
def kept(cast, monkeypatch):
    """Five favourites, where three are shown at once."""
    for module, name in ((compose, "MOST_FAVOURITES"), (favourites, "PAGE_SIZE")):
        monkeypatch.setattr(module, name, 3)
    line = factories.issued(cast, now=real_now()).lines.get()
    for number in range(5):
        favourite.add(cast.actor("doctor"), line.pk, name=f"Usual {number}", now=real_now())


def test_favourites_beyond_the_first_are_told_of_and_found_in_the_composer(cast, sign_in, kept):
    doctor, url = sign_in("doctor"), reverse("doctor_compose", args=[cast.patient.pk])

    def shown(**sent) -> str:
        return doctor.post(url, composed(doctor.get(url), favourites="show", **sent)).content.decode()

    page = shown()
    assert re.findall(r"<bdi>(Usual \d)</bdi>", page) == ["Usual 0", "Usual 1", "Usual 2"]
    assert "The first 3 by name. Type a part of the name to find the others." in page
    page = shown(favourite_words="usual 4")
    assert re.findall(r"<bdi>(Usual \d)</bdi>", page) == ["Usual 4"] and "The first 3" not in page
    assert "One capsule three times a day" in page, "what was typed stays"
    assert "No favourite has these words." in shown(favourite_words="zzz")


def test_the_page_of_favourites_is_searched_and_paged(cast, sign_in, kept):
    doctor, url = sign_in("doctor"), reverse("doctor_favourites")
    assert set(re.findall(r"Usual \d", pages_of(doctor, url))) == {f"Usual {number}" for number in range(5)}
    found = doctor.get(url, {"q": "usual 4"}).content.decode()
    assert "<bdi>Usual 4</bdi>" in found and "<bdi>Usual 1</bdi>" not in found
    assert "No favourite has these words." in doctor.get(url, {"q": "zzz"}).content.decode()


def test_few_favourites_need_no_search(cast, sign_in):
    line = factories.issued(cast, now=real_now()).lines.get()
    favourite.add(cast.actor("doctor"), line.pk, name="Usual", now=real_now())
    doctor, url = sign_in("doctor"), reverse("doctor_compose", args=[cast.patient.pk])
    page = doctor.post(url, composed(doctor.get(url), favourites="show")).content.decode()
    assert "<bdi>Usual</bdi>" in page and "favourite_words" not in page
    assert 'name="q"' not in doctor.get(reverse("doctor_favourites")).content.decode()
