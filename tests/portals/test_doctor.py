"""The doctor's journey: find or add a patient, consult, write, check, sign, and take back."""

import html
import re

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.events.models import AccessRecord, Event
from elmed.patients.actions import set_allergies
from elmed.patients.models import Consultation, Patient
from elmed.prescriptions.models import Prescription, WarningAnswer
from elmed.prescriptions.vocabulary import Status
from tests import factories
from tests.portals.conftest import PASSWORD


def once(page) -> str:
    return re.search(r'name="once" value="([^"]+)"', page.content.decode())[1]


def asked(page, number: int = 0) -> dict[str, str]:
    """The names of the two fields of a warning on the page before the signature."""
    why = re.findall(r'name="((?:rx\d+-)?why_\d+_[0-9a-f]{10})"', page.content.decode())[number]
    return {"why": why, "words": why.replace("why_", "answer_")}


def composed(page, **changed) -> dict[str, str]:
    """What a doctor types into the composer."""
    data = {
        "once": once(page),
        "diagnosis-TOTAL_FORMS": "1", "diagnosis-INITIAL_FORMS": "0",
        "diagnosis-0-text": "Acute bronchitis", "diagnosis-0-code": "J20.9",
        "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0",
        "lines-0-medication_text": "amoxicillin 500 mg capsules", "lines-0-dosage_text": "One capsule three times a day",
        "lines-0-quantity": "21", "lines-0-unit": "capsule", "lines-0-days_supply": "7",
        "repeats_allowed": "0", "minimum_dispense_interval_days": "0",
    }  # fmt: skip
    return data | changed


@pytest.fixture
def doctor(sign_in):
    return sign_in("doctor")


@pytest.fixture
def known(cast):
    """A patient with a consultation of the first doctor."""
    factories.draft(cast, now=real_now())
    Prescription.objects.all().delete()
    return cast.patient


def test_from_a_new_patient_to_a_signed_prescription(cast, doctor):
    page = doctor.get(reverse("doctor_patient_new"))
    new = {
        "once": once(page), "family_name": "Fox", "given_name": "Gil", "date_of_birth": "1980-05-06", "sex": "male",
        "identity_check": "photo_id", "summary": "Cough for two weeks",
    }  # fmt: skip
    answer = doctor.post(reverse("doctor_patient_new"), new)
    patient = Patient.objects.get(family_name="Fox")
    assert answer["Location"] == reverse("doctor_patient", args=[patient.pk])
    url = reverse("doctor_compose", args=[patient.pk])
    answer = doctor.post(url, composed(doctor.get(url)))
    rx = Prescription.objects.get(patient=patient)
    assert answer["Location"] == reverse("doctor_review", args=[rx.pk])
    review = doctor.get(answer["Location"])
    assert "amoxicillin 500 mg capsules" in review.content.decode()
    signed = doctor.post(answer["Location"], {"version": rx.version, "pharmacy_id": cast.pharmacy.pk})
    rx.refresh_from_db()
    assert signed.status_code == 302, signed.content.decode()
    assert signed["Location"] == reverse("doctor_prescription", args=[rx.pk])
    assert (rx.status, rx.pharmacy_id) == (Status.PENDING_REVIEW, cast.pharmacy.pk)
    shown = doctor.get(signed["Location"]).content.decode()
    assert rx.reference in shown
    assert f"Signed. It is with {cast.pharmacy.name}." in shown


def test_an_empty_search_is_told_at_its_fields(doctor):
    page = doctor.post(reverse("doctor_patient_find"))
    assert page.status_code == 422 and "required" in page.content.decode()


def test_found_only_by_all_three_items(cast, doctor):
    url = reverse("doctor_patient_find")
    wrong = {"family_name": "Ewing", "date_of_birth": "1961-02-04", "exact": "H2"}
    assert "No record matches" in doctor.post(url, wrong).content.decode()
    right = wrong | {"date_of_birth": "1961-02-03"}
    page = doctor.post(url, right)
    assert "Is this the patient?" in page.content.decode()
    assert doctor.get(reverse("doctor_patient", args=[cast.other_patient.pk])).status_code == 404
    again = right | {"once": once(page), "patient_id": cast.other_patient.pk, "summary": ""}
    page = doctor.post(url, again)
    assert page.status_code == 422
    assert 'href="#id_identity_check"' in page.content.decode()
    before = AccessRecord.objects.count()
    answer = doctor.post(url, again | {"once": once(page), "identity_check": "known"})
    assert AccessRecord.objects.count() == before + 1
    assert answer["Location"] == reverse("doctor_patient", args=[cast.other_patient.pk])
    assert doctor.get(answer["Location"]).status_code == 200
    assert Consultation.objects.filter(patient=cast.other_patient).count() == 1


def test_another_patients_id_does_not_open_the_record(cast, doctor):
    url = reverse("doctor_patient_find")
    mine = {"family_name": "Dean", "date_of_birth": "1961-02-03", "exact": "H1"}
    page = doctor.post(url, mine)
    swapped = mine | {"once": once(page), "patient_id": cast.other_patient.pk, "identity_check": "known", "summary": ""}
    assert doctor.post(url, swapped).status_code == 404
    assert Consultation.objects.count() == 0


def test_a_form_sent_twice_acts_once(doctor, known):
    url = reverse("doctor_compose", args=[known.pk])
    data = composed(doctor.get(url))
    doctor.post(url, data)
    doctor.post(url, data)
    assert Prescription.objects.count() == 1


def test_nothing_typed_is_lost_and_the_summary_links_to_the_field(doctor, known):
    url = reverse("doctor_compose", args=[known.pk])
    answer = doctor.post(url, composed(doctor.get(url), **{"lines-0-quantity": "28,0", "lines-0-unit": ""}))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_lines-0-quantity"' in text
    assert 'href="#id_lines-0-unit"' in text
    assert 'value="28,0"' in text
    assert "One capsule three times a day" in text
    assert Prescription.objects.count() == 0


def test_another_medicine_without_javascript(doctor, known):
    url = reverse("doctor_compose", args=[known.pk])
    answer = doctor.post(url, composed(doctor.get(url), add="lines"))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Medicine 2" in text
    assert "amoxicillin 500 mg capsules" in text
    assert "There is a problem" not in text
    assert Prescription.objects.count() == 0


def test_a_draft_is_changed_with_all_its_lines(cast, doctor):
    rx = factories.draft(cast, now=real_now(), lines=(factories.AMOXICILLIN, factories.RAMIPRIL))
    url = reverse("doctor_edit", args=[rx.pk])
    two = {
        "lines-TOTAL_FORMS": "2", "version": rx.version, "lines-1-medication_text": "ramipril 5 mg tablets",
        "lines-1-dosage_text": "One each morning", "lines-1-quantity": "28", "lines-1-unit": "tablet",
    }  # fmt: skip
    assert doctor.post(url, composed(doctor.get(url), **two)).status_code == 302
    assert rx.lines.count() == 2
    assert doctor.post(url, composed(doctor.get(url), **two)).status_code == 412
    removed = two | {"version": rx.version + 1, "lines-0-DELETE": "on"}
    assert doctor.post(url, composed(doctor.get(url), **removed)).status_code == 302
    assert [line.medication_text for line in rx.lines.all()] == ["ramipril 5 mg tablets"]


def test_an_allergy_warning_is_answered_before_signing(cast, doctor, known):
    doctor.post(reverse("doctor_allergies", args=[known.pk]), {"substances": "amoxicillin: rash"})
    rx = factories.draft(cast, now=real_now())
    url = reverse("doctor_review", args=[rx.pk])
    assert "Recorded allergy: amoxicillin" in doctor.get(url).content.decode()
    assert doctor.post(url, {"version": rx.version}).status_code == 422
    rx.refresh_from_db()
    assert rx.status == Status.DRAFT
    assert (
        doctor.post(url, {"version": rx.version, asked(doctor.get(url))["words"]: "Tolerated it last year"}).status_code
        == 302
    )
    rx.refresh_from_db()
    assert rx.status == Status.ISSUED
    assert WarningAnswer.objects.get().reason == "Tolerated it last year"


def test_the_password_is_asked_for_after_five_minutes(cast, doctor):
    rx = factories.draft(cast, now=real_now())
    url = reverse("doctor_review", args=[rx.pk])
    assert 'name="password"' not in doctor.get(url).content.decode()
    session = doctor.session
    session["account_authentication_methods"] = [
        row | {"at": row["at"] - 400} for row in session["account_authentication_methods"]
    ]
    session.save()
    assert Session.objects.exists()
    assert 'name="password"' in doctor.get(url).content.decode()
    assert doctor.post(url, {"version": rx.version}).status_code == 422
    assert doctor.post(url, {"version": rx.version, "password": "wrong"}).status_code == 422
    rx.refresh_from_db()
    assert rx.status == Status.DRAFT
    assert doctor.post(url, {"version": rx.version, "password": PASSWORD}).status_code == 302
    rx.refresh_from_db()
    assert rx.status == Status.ISSUED


def test_a_controlled_medicine_asks_each_time(cast, doctor):
    from dataclasses import replace

    rx = factories.draft(cast, now=real_now(), lines=(replace(factories.AMOXICILLIN, is_controlled=True),))
    assert 'name="password"' in doctor.get(reverse("doctor_review", args=[rx.pk])).content.decode()


def test_cancelled_with_a_reason_from_the_version_on_the_page(cast, doctor):
    rx = factories.issued(cast, now=real_now())
    url = reverse("doctor_act_cancel", args=[rx.pk])
    assert doctor.post(url, {"version": rx.version, "reason": ""}).status_code == 422
    stale = doctor.post(url, {"version": rx.version - 1, "reason": "Wrong medicine"})
    assert stale.status_code == 412
    assert "Wrong medicine" in stale.content.decode()
    rx.refresh_from_db()
    assert rx.status == Status.ISSUED
    assert doctor.post(url, {"version": rx.version, "reason": "Wrong medicine"}).status_code == 302
    rx.refresh_from_db()
    assert (rx.status, rx.status_reason) == (Status.CANCELLED, "Wrong medicine")
    assert doctor.get(url).status_code == 409


def test_replaced_in_the_portal(cast, doctor):
    old = factories.pending_review(cast, now=real_now())
    url = reverse("doctor_replace", args=[old.pk])
    page = doctor.get(url)
    assert "Acute bronchitis" in page.content.decode()
    review = doctor.post(url, composed(page))["Location"]
    draft = Prescription.objects.get(replaces=old)
    assert doctor.post(review, {"version": draft.version, "reason": "Dose"}).status_code == 302
    old.refresh_from_db()
    draft.refresh_from_db()
    assert (old.status, draft.status) == (Status.CANCELLED, Status.ISSUED)


def test_a_foreign_prescription_is_not_found(cast, sign_in):
    rx = factories.issued(cast, now=real_now())
    other = sign_in("other_doctor")
    for name in ("doctor_prescription", "doctor_act_cancel", "doctor_replace", "doctor_route"):
        assert other.get(reverse(name, args=[rx.pk])).status_code == 404
    cancel = {"version": rx.version, "reason": "x"}
    assert other.post(reverse("doctor_act_cancel", args=[rx.pk]), cancel).status_code == 404
    rx.refresh_from_db()
    assert rx.status == Status.ISSUED


def test_each_page_of_a_patient_leaves_one_access_record(cast, doctor):
    rx = factories.issued(cast, now=real_now())
    for name, pk in (("doctor_prescription", rx.pk), ("doctor_patient", cast.patient.pk), ("doctor_act_cancel", rx.pk)):
        before = AccessRecord.objects.count()
        assert doctor.get(reverse(name, args=[pk])).status_code == 200
        assert AccessRecord.objects.count() == before + 1


def test_a_stale_tab_of_a_draft_stays_stale_when_a_row_is_added(cast, doctor):
    rx = factories.draft(cast, now=real_now())
    url = reverse("doctor_edit", args=[rx.pk])
    stale = composed(doctor.get(url), version=rx.version)
    assert doctor.post(url, stale).status_code == 302
    more = doctor.post(url, stale | {"add": "lines"}).content.decode()
    assert f'name="version" value="{rx.version}"' in more
    assert doctor.post(url, stale).status_code == 412


@pytest.mark.parametrize("name", ["doctor_home", "doctor_prescriptions", "doctor_patient", "patient_home"])
def test_lists_take_as_many_statements_for_eight_rows_as_for_two(cast, sign_in, name):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser = sign_in("patient" if name.startswith("patient") else "doctor")
    url = reverse(name, args=[cast.patient.pk] if name == "doctor_patient" else [])

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(url).status_code == 200
        return len(captured)

    for _ in range(2):
        factories.pending_review(cast, now=real_now())
    few = statements()
    for _ in range(6):
        factories.pending_review(cast, now=real_now())
    assert statements() == few


@pytest.mark.parametrize(("name", "value"), [
    ("valid_until", "9999-12-31"), ("valid_from", "0001-01-01"), ("repeats_allowed", "-1"), ("repeats_allowed", "1e9"),
    ("lines-0-quantity", "-5"), ("lines-0-quantity", "NaN"), ("lines-0-quantity", "99999999"), ("lines-0-unit", "x" * 21),
    ("lines-0-days_supply", "99999999999999999999"), ("diagnosis-0-text", "a\x00b"),
])  # fmt: skip
def test_bad_input_is_told_and_changes_nothing(doctor, known, name, value):
    url = reverse("doctor_compose", args=[known.pk])
    answer = doctor.post(url, composed(doctor.get(url), **{name: value}))
    assert answer.status_code == 422
    assert f'href="#id_{name}"' in answer.content.decode()
    assert Prescription.objects.count() == 0


def test_odd_addresses_are_not_found(cast, doctor):
    assert doctor.get("/doctor/prescriptions/99999999999999999999999").status_code == 404
    assert doctor.get("/doctor/patients/99999999999999999999999").status_code == 404
    assert doctor.get("/doctor/patients?q=%00&page=-1").status_code == 200
    assert doctor.get("/doctor/prescriptions?status=nonsense&page=zzz").status_code == 200


@pytest.mark.parametrize(("typed", "kept"), [("28.50", 28_500), ("028", 28_000), ("14.", 14_000), (" 0.5 ", 500)])
def test_a_quantity_is_read_as_people_type_it(doctor, known, typed, kept):
    url = reverse("doctor_compose", args=[known.pk])
    answer = doctor.post(url, composed(doctor.get(url), **{"lines-0-quantity": typed, "diagnosis-0-code": "j20.9"}))
    assert answer.status_code == 302, answer.content.decode()
    rx = Prescription.objects.get()
    assert rx.lines.get().quantity_milli == kept
    assert rx.diagnosis[0]["code"] == "J20.9"


@pytest.mark.parametrize("name", ["lines-0-medication_text", "lines-0-dosage_text", "notes", "diagnosis-0-text"])
def test_text_that_turns_its_own_order_round_is_refused(doctor, known, name):
    url = reverse("doctor_compose", args=[known.pk])
    answer = doctor.post(url, composed(doctor.get(url), **{name: "take \u202e01 tablets"}))
    assert answer.status_code == 422
    assert "invisible characters" in answer.content.decode()
    assert not Prescription.objects.exists()


def test_a_refused_form_can_be_sent_again(cast, doctor):
    url = reverse("doctor_patient_new")
    new = {
        "once": once(doctor.get(url)), "family_name": "Fox", "given_name": "Gil", "date_of_birth": "1980-05-06",
        "sex": "male", "health_number": "H2", "identity_check": "photo_id",
    }  # fmt: skip
    assert doctor.post(url, new).status_code == 422  # somebody else's number
    assert doctor.post(url, new).status_code == 422  # a double click is told the same, not that it was done
    assert doctor.post(url, new | {"health_number": "H99"}).status_code == 302
    assert Patient.objects.filter(family_name="Fox").count() == 1


def test_a_replacement_goes_to_the_same_pharmacy_and_both_name_each_other(cast, doctor):
    old = factories.pending_review(cast, now=real_now())
    url = reverse("doctor_replace", args=[old.pk])
    review = doctor.post(url, composed(doctor.get(url), **{"lines-0-quantity": "14"}))["Location"]
    page = doctor.get(review).content.decode()
    assert re.search(rf'name="pharmacy_id" value="{cast.pharmacy.pk}"[^>]* checked', page)
    new = Prescription.objects.get(replaces=old)
    typed = {
        "version": new.version,
        "pharmacy_id": cast.pharmacy.pk,
        "reason": "Too many",
    }
    assert doctor.post(review, typed).status_code == 302
    for shown, named in ((old, new), (new, old)):
        page = doctor.get(reverse("doctor_prescription", args=[shown.pk])).content.decode()
        assert reverse("doctor_prescription", args=[named.pk]) in page


def test_allergies_are_not_saved_over_somebody_elses_unseen_word(cast, doctor, known):
    url, colleague = reverse("doctor_allergies", args=[known.pk]), cast.actor("doctor")

    def seen(page):
        return html.unescape(re.search(r'name="seen" value="([^"]*)"', page.content.decode())[1])

    def recorded():
        return sorted(known.allergies.values_list("substance", "reaction"))

    said = [("latex", ""), ("penicillin", "rash")]
    set_allergies(colleague, known.pk, none_known=False, substances=said, now=real_now())
    mine = {"seen": seen(doctor.get(url)), "substances": "latex\npenicillin: rash\npeanuts: swelling"}
    set_allergies(colleague, known.pk, none_known=False, substances=[said[0], ("aspirin", "asthma")], now=real_now())
    before = recorded(), Event.objects.count()
    answer = doctor.post(url, mine)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 409
    assert "Added: aspirin: asthma. Taken away: penicillin: rash." in page
    assert "peanuts: swelling" in page  # what was typed
    assert (recorded(), Event.objects.count()) == before
    assert doctor.post(url, mine | {"seen": "no list"}).status_code == 422
    assert doctor.post(url, {"none_known": "on"}).status_code == 409  # a page that says nothing showed nothing
    assert (recorded(), Event.objects.count()) == before
    assert doctor.post(url, mine | {"seen": seen(answer)}).status_code == 302
    assert recorded() == [("latex", ""), ("peanuts", "swelling"), ("penicillin", "rash")]


def test_no_known_allergies_is_a_word_that_is_not_written_over_either(cast, doctor, known):
    url = reverse("doctor_allergies", args=[known.pk])
    assert doctor.post(url, {"seen": "[]", "none_known": "on"}).status_code == 302
    answer = doctor.post(url, {"seen": "[]", "substances": "latex"})
    assert answer.status_code == 409
    assert "Added: no known allergies." in answer.content.decode()
    known.refresh_from_db()
    assert known.allergy_status == "none_known"
