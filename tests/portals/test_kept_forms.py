# ruff: noqa: F811
"""The forms that come back after the lock or the session's end: a signature, a prescription, a hand-over, a key."""

import time

import pytest
from django.urls import reverse

from elmed.access.models import ApiKey
from elmed.core.clock import real_now
from elmed.portals.idle import SEEN
from elmed.prescriptions.models import Dispense, Prescription
from tests import factories as f
from tests.portals.conftest import PASSWORD
from tests.portals.test_doctor import composed, doctor, known  # noqa: F401  (fixtures)
from tests.portals.test_doctor_composer import formulary  # noqa: F401
from tests.portals.test_doctor_warnings import check, daily, fields
from tests.portals.test_kept import FOR, NOTICE, WAYS, back_of, locked, pauses, proves  # noqa: F401
from tests.portals.test_security import older


@pytest.mark.parametrize("way", WAYS)
def test_a_signature_is_never_made_by_coming_back(cast, sign_in, way):
    rx, doctor = f.draft(cast, now=real_now()), sign_in("doctor")
    before = Prescription.objects.values().get(pk=rx.pk)
    url = reverse("doctor_review", args=[rx.pk])
    sent = {
        "version": rx.version,
        "sign": "yes",
        "pharmacy_words": "Corner",
        "pharmacy_id": str(cast.pharmacy.pk),
        "password": PASSWORD,
        FOR: str(cast.doctor.pk),
    }
    WAYS[way](doctor)
    back = back_of(doctor.post(url, sent))
    proves(doctor, back, cast.people["doctor"].email)
    page = doctor.get(back)
    assert NOTICE in page.content.decode()
    assert page.context["signature"]["pharmacy_id"].value() == str(cast.pharmacy.pk)
    assert PASSWORD not in page.content.decode()
    assert Prescription.objects.values().get(pk=rx.pk) == before
    older(doctor)  # five minutes later the page asks who signs, as ever
    assert 'name="password"' in doctor.get(back).content.decode()
    assert doctor.post(back, sent | {"password": ""}).status_code == 422
    assert Prescription.objects.values().get(pk=rx.pk) == before


@pytest.mark.parametrize("way", WAYS)
def test_a_whole_prescription_comes_back_with_its_rows_medicines_and_answers(cast, doctor, known, formulary, way):
    url = reverse("doctor_compose", args=[known.pk])
    second = {name.replace("lines-0", "lines-1"): value for name, value in daily().items()}
    name = fields(check(doctor, known, **{"lines-TOTAL_FORMS": "2"}, **second))[0]
    rows = composed(
        doctor.get(url), **second, **{"diagnosis-TOTAL_FORMS": "2", "lines-TOTAL_FORMS": "2", "diagnosis-1-text": "Cough"},
        notes="Call first", **{FOR: str(cast.doctor.pk), f"{name}-why": "advised", f"{name}-words": "Trial of the rheumatologist"},
    )  # fmt: skip
    assert name.startswith("lines-1-")
    WAYS[way](doctor)
    back = back_of(doctor.post(url, rows))
    proves(doctor, back, cast.people["doctor"].email)
    page = doctor.get(back)
    composer = page.context["composer"]
    parts = (composer.form, *composer.lines, *composer.diagnoses, *(one.form for one in composer.lines.forms[1].warned))
    shown = {field.html_name: field.value() for part in parts for field in part}
    for name, words in rows.items():
        if "_FORMS" not in name and name not in ("once", FOR):
            assert str(shown[name]) == words, name
    assert composer.lines.forms[1].row.pk == int(rows["lines-1-medicine"])
    assert "From the formulary." in page.content.decode()
    assert not Prescription.objects.exists()


@pytest.mark.parametrize("way", WAYS)
def test_a_hand_over_comes_back_and_is_recorded_once_it_is_sent(cast, sign_in, way):
    rx, pharmacist = f.verified(cast, now=real_now()), sign_in("pharmacist")
    line = rx.lines.get()
    url = reverse("pharmacy_dispense", args=[rx.pk])
    sent = {
        "version": rx.version,
        f"line-{line.pk}-quantity": "7",
        f"line-{line.pk}-batch_number": "LOT77",
        "receiver": "Her son",
        FOR: str(cast.pharmacy.pk),
    }
    WAYS[way](pharmacist)
    back = back_of(pharmacist.post(url, sent))
    proves(pharmacist, back, cast.people["pharmacist"].email)
    page = pharmacist.get(back)
    row = page.context["rows"][0]
    assert (row["quantity"].value(), row["batch_number"].value()) == ("7", "LOT77")
    assert page.context["form"]["receiver"].value() == "Her son"
    assert not Dispense.objects.exists()
    assert pharmacist.post(back, sent).status_code == 302
    assert Dispense.objects.get().receiver == "Her son"


def test_a_form_that_is_no_longer_there_still_gives_the_words_back(cast, sign_in):
    rx, doctor = f.draft(cast, now=real_now()), sign_in("doctor")
    locked(doctor)
    url = reverse("doctor_edit", args=[rx.pk])
    back = back_of(doctor.post(url, {"version": rx.version, "notes": "She faints easily"}))
    Prescription.objects.filter(pk=rx.pk).update(status="cancelled")
    doctor.post(reverse("unlock"), {"password": PASSWORD})
    page = doctor.get(back)
    assert page.status_code == 409 and "She faints easily" in page.content.decode()


def test_a_key_asks_who_it_is_as_ever(cast, sign_in):
    owner = sign_in("owner")
    locked(owner)
    sent = {"once": "x", "name": "Till", "mode": "live", "scopes": ["rx:read"], FOR: str(cast.pharmacy.pk)}
    back = back_of(owner.post(reverse("api_key_new"), sent))
    assert time.time() - owner.session[SEEN] >= 1000
    owner.post(reverse("unlock"), {"password": PASSWORD})
    page = owner.get(back)
    assert page.context["form"]["name"].value() == "Till" and page.context["form"]["scopes"].value() == ["rx:read"]
    assert not ApiKey.objects.exists()
    older(owner)  # sent only after five minutes: it is asked once more, and goes on with what was sent
    answer = owner.post(back, sent)
    assert answer["Location"].startswith(reverse("confirm"))
    assert owner.get(back)["Location"].startswith(reverse("confirm")) and owner.session["kept"]  # it is not sent yet
    answer = owner.post(back, sent)
    answer = owner.post(reverse("confirm"), {"password": PASSWORD, "next": back_of(answer)})
    assert "Your new key “Till”" in answer.content.decode()
    assert ApiKey.objects.get().name == "Till"


def test_a_button_without_a_page_says_that_nothing_was_done(sign_in):
    doctor = sign_in("doctor")
    locked(doctor)
    back = back_of(doctor.post(reverse("test_data"), {"view": "test"}))
    doctor.post(reverse("unlock"), {"password": PASSWORD})
    page = doctor.get(back)
    assert page.status_code == 405 and page["Allow"] == "POST" and "Nothing was done" in page.content.decode()
    assert doctor.get(reverse("doctor_home")).context["test_data"] is False
