# ruff: noqa: F811
"""The printed prescription: from what was sealed, only where the seal holds, with an access record each time."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.events.models import AccessRecord
from elmed.patients.identity import Identity, correct, recorded
from elmed.prescriptions.models import Prescription, PrescriptionLine
from elmed.prescriptions.print import sheet
from elmed.prescriptions.print.sheet import Printed, pdf
from tests import factories
from tests.portals.test_doctor import doctor, known  # noqa: F401  (fixtures)
from tests.portals.test_doctor_composer import compose, formulary, formulary_line, medicine  # noqa: F401


def test_a_signed_prescription_is_printed_and_the_patient_can_see_that(cast, doctor):
    rx = factories.pending_review(cast, now=real_now(), lines=(factories.AMOXICILLIN, factories.RAMIPRIL))
    before = AccessRecord.objects.count()
    answer = doctor.get(reverse("doctor_print", args=[rx.pk]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-") and answer.content.rstrip().endswith(b"%%EOF")
    assert len(answer.content) < 150_000
    assert rx.reference in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    assert AccessRecord.objects.count() == before + 1
    assert AccessRecord.objects.latest("pk").action == "portal.print"
    assert (
        reverse("doctor_print", args=[rx.pk])
        in doctor.get(reverse("doctor_prescription", args=[rx.pk])).content.decode()
    )


def test_the_papers_language_is_that_of_its_words(cast, doctor):
    rx = factories.issued(cast, now=real_now())
    assert b"/Lang (en" in doctor.get(reverse("doctor_print", args=[rx.pk])).content
    arabic = doctor.get(reverse("doctor_print", args=[rx.pk]), headers={"Accept-Language": "ar"})
    assert b"/Lang (ar" in arabic.content


def test_a_draft_a_strangers_and_a_broken_one_are_not_printed(cast, doctor, sign_in):
    draft, signed = factories.draft(cast, now=real_now()), factories.issued(cast, now=real_now())
    assert doctor.get(reverse("doctor_print", args=[draft.pk])).status_code == 409
    assert sign_in("other_doctor").get(reverse("doctor_print", args=[signed.pk])).status_code == 404
    PrescriptionLine.objects.filter(prescription=signed).update(dosage_text="Take ten")
    before = AccessRecord.objects.count()
    assert doctor.get(reverse("doctor_print", args=[signed.pk])).status_code == 409
    assert AccessRecord.objects.count() == before


@pytest.mark.parametrize("name", ["Łukasz Žižek", "محمد الأحمد", "Ελένη Юрий", "名前"])
def test_names_in_other_letters_and_many_long_lines_are_drawn(cast, name):
    import json

    rx = factories.issued(cast, now=real_now(), lines=(factories.AMOXICILLIN,))
    signed = json.loads(rx.snapshot)
    signed["patient"]["name"] = name
    signed["medications"] = [signed["medications"][0] | {"dosage_instruction": "Take one. " * 49}] * 20
    about = Printed("ELMED", "6J2S-AYCT-TGQD", "Verified", datetime(2026, 11, 23, 10, tzinfo=UTC), "en")
    drawn = pdf(json.dumps(signed), about)
    assert drawn.count(b"/Type /Page\n") > 1
    assert drawn == pdf(json.dumps(signed), about), "the same sheet, byte for byte"


def test_the_paper_says_where_its_medicines_are_demonstration_data(cast, doctor, known, formulary, monkeypatch):
    review = compose(doctor, known, **formulary_line(medicine("amoxicillin", "500 mg"), "1 tds 5d"))["Location"]
    rx = Prescription.objects.get()
    assert doctor.post(review, {"version": rx.version}).status_code == 302
    free = factories.issued(cast, now=real_now(), lines=(factories.RAMIPRIL,))
    said: list[str] = []
    monkeypatch.setattr(sheet._Sheet, "_words", lambda self, words, **_how: said.append(words))
    doctor.get(reverse("doctor_print", args=[rx.pk]))
    assert "Demonstration data, not for clinical use." in said
    assert any("15 capsules" in words for words in said)
    said.clear()
    doctor.get(reverse("doctor_print", args=[free.pk]))
    assert said and "Demonstration data, not for clinical use." not in said


def test_a_paper_printed_after_a_correction_names_the_date_a_shop_asks_for(cast, doctor, monkeypatch):
    rx = factories.issued(cast, now=real_now())
    said: dict[str, str] = {}
    monkeypatch.setattr(sheet._Sheet, "_pair", lambda self, name, words, **_how: said.update({name: words}))
    doctor.get(reverse("doctor_print", args=[rx.pk]))
    assert said["Born"] == "03-Feb-1961" and "Now" not in said
    to = Identity(**(recorded(cast.patient) | {"date_of_birth": date(1961, 3, 2)}))
    correct(cast.actor("doctor"), cast.patient.pk, to, reason="Day and month were swapped", now=real_now())
    doctor.get(reverse("doctor_print", args=[rx.pk]))
    assert said["Born"] == "03-Feb-1961", "as it was signed"
    assert "born 02-Mar-1961" in said["Now"]
