"""What the patient does alone: a new reference, own details, own data as a file, who looked and why."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from elmed.core.clock import real_now
from elmed.core.refusals import NotAllowed, NotNow, NotVisible, VersionConflict
from elmed.events.models import Event
from elmed.notifications import mail
from elmed.patients import identity
from elmed.patients.actions import create
from elmed.patients.claim import invite
from elmed.patients.contact import change_own_contact
from elmed.patients.identity import Identity
from elmed.patients.merge import merge
from elmed.patients.models import IdentityCheck, Sex
from elmed.prescriptions import reference as references
from elmed.prescriptions.actions.hold import hold
from elmed.prescriptions.actions.proof import NoMatch, prove
from elmed.prescriptions.actions.reissue import reissue
from elmed.prescriptions.actions.reverse import reverse as reverse_
from elmed.prescriptions.facts import load
from elmed.prescriptions.snapshot import intact
from elmed.prescriptions.vocabulary import ReversalReason, Status
from tests import factories


def test_a_new_reference_and_the_old_one_opens_nothing(cast, sign_in):
    rx = factories.verified(cast, now=real_now())
    old, version = rx.reference, rx.version
    pharmacy, born = cast.actor("owner"), cast.patient.date_of_birth
    assert prove(pharmacy, reference=old, date_of_birth=born).pk == rx.pk
    patient, url = sign_in("patient"), reverse("patient_reference", args=[rx.pk])
    assert "keeps it" in patient.get(url).content.decode()
    assert patient.post(url, {"version": version}).status_code == 302
    rx.refresh_from_db()
    assert rx.reference != old and references.canonical(rx.reference) == rx.reference
    assert (rx.version, rx.status, rx.pharmacy_id) == (version + 1, Status.VERIFIED, cast.pharmacy.pk)
    assert intact(rx, load(rx, None).lines)
    with pytest.raises(NoMatch):
        prove(pharmacy, reference=old, date_of_birth=born)
    assert prove(pharmacy, reference=rx.reference, date_of_birth=born).pk == rx.pk
    page = patient.get(reverse("patient_prescription", args=[rx.pk])).content.decode()
    assert rx.reference in page and old not in page
    event = Event.objects.get(type="prescription.reference_reissued")
    assert set(event.listings.values_list("account_id", flat=True)) == {
        cast.doctor.pk, cast.pharmacy.pk, cast.patient.account_id
    }  # fmt: skip
    assert patient.post(url, {"version": version}).status_code == 412  # the second click


@pytest.mark.parametrize("state", ["dispensed", "expired"])
def test_no_new_reference_for_what_is_over(cast, state):
    rx = factories.dispensed(cast) if state == "dispensed" else factories.issued(cast)
    before = rx.reference
    now = real_now() if state == "dispensed" else rx.expires_at
    with pytest.raises(NotNow):
        reissue(cast.actor("patient"), rx.pk, now=now)
    rx.refresh_from_db()
    assert rx.reference == before and not Event.objects.filter(type="prescription.reference_reissued").exists()


def test_nobody_else_reissues(cast):
    rx = factories.pending_review(cast)
    for who in ("doctor", "pharmacist", "staff"):
        with pytest.raises(NotAllowed):
            reissue(cast.actor(who), rx.pk, now=real_now())
    with pytest.raises(VersionConflict):
        reissue(cast.actor("patient"), rx.pk, now=real_now(), expected_version=1)
    with pytest.raises(NotVisible):
        reissue(cast.actor("patient"), rx.pk + 1, now=real_now())
    before = rx.reference
    rx.refresh_from_db()
    assert rx.reference == before


def test_the_prescription_in_plain_words(cast, sign_in):
    rx = factories.issued(cast, now=real_now(), notes="Please counsel")
    patient = sign_in("patient")
    page = patient.get(reverse("patient_prescription", args=[rx.pk])).content.decode()
    for words in ("What happens next", "How to take it", "Take one capsule three times a day", "What it is for",
                  "Acute bronchitis", "Still to be given to you", 'data-copy="reference"'):  # fmt: skip
        assert words in page, words
    assert "Please counsel" not in page


def test_own_contact_is_changed_and_recorded(cast, sign_in):
    patient, url = sign_in("patient"), reverse("patient_details")
    page = patient.get(url).content.decode()
    assert "03-Feb-1961" in page
    seen = {"seen": json.dumps({"phone": "", "email": "", "address": ""})}
    new = {"phone": "+44 20 1", "email": "cara@example.org", "address": "1 High Street"}
    assert patient.post(url, new | seen | {"email": "nonsense"}).status_code == 422
    cast.patient.refresh_from_db()
    assert cast.patient.phone == ""
    assert patient.post(url, new | seen).status_code == 302
    cast.patient.refresh_from_db()
    assert (cast.patient.phone, cast.patient.email, cast.patient.address) == tuple(new.values())
    event = Event.objects.get(type="patient.contact_changed")
    assert event.data == {"patient_id": cast.patient.pk, "fields": ["phone", "email", "address"]}
    stale = patient.post(url, {"phone": "9", "email": "", "address": ""} | seen)  # a page from before
    assert stale.status_code == 409
    assert patient.post(url, new | {"seen": "[]"}).status_code == 422
    cast.patient.refresh_from_db()
    assert cast.patient.phone == "+44 20 1" and Event.objects.filter(type="patient.contact_changed").count() == 1


def test_nobody_else_changes_it(cast):
    for who in ("doctor", "pharmacist", "staff"):
        with pytest.raises(NotAllowed):
            change_own_contact(cast.actor(who), phone="1", email="", address="", now=real_now())
    cast.patient.refresh_from_db()
    assert cast.patient.phone == "" and not Event.objects.exists()


def test_all_data_as_a_file(cast, sign_in):
    rx = factories.dispensed(cast, now=real_now(), notes="Please counsel")
    sign_in("pharmacist").get(reverse("pharmacy_prescription", args=[rx.pk]))
    patient, url = sign_in("patient"), reverse("patient_data")
    assert "my-data.json" in patient.get(url).content.decode()
    assert not Event.objects.filter(type="patient.exported").exists()
    answer = patient.post(url)
    assert answer["Content-Type"] == "application/zip" and "attachment" in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as zipped:
        assert zipped.testzip() is None
        files = {name: zipped.read(name).decode("utf-8-sig") for name in zipped.namelist()}
    assert set(files) == {"my-data.json", "read-me.html", "prescriptions.csv", "who-looked.csv"}
    data = json.loads(files["my-data.json"])
    assert data["record"]["family_name"] == "Dean"
    assert [one["id"] for one in data["prescriptions"]] == [rx.pk]
    assert data["prescriptions"][0]["supplies"][0]["lines"][0]["quantity"] == "21"
    assert len(data["consultations"]) == 1 and data["consultations"][0]["doctor"] == "Dr Ada Brook"
    assert any(look["person"] == "Pharmacist" for look in data["who_looked"])
    assert any(change["type"] == "prescription.dispensed" for change in data["changes"])
    assert "amoxicillin" in files["read-me.html"] and files["read-me.html"].rstrip().endswith("</html>")
    rows = list(csv.reader(io.StringIO(files["prescriptions.csv"])))
    assert rows[0][0] == "prescription" and rows[1][0] == str(rx.pk)
    assert "Dora" not in "".join(files.values()) and "Please counsel" not in "".join(files.values())
    assert Event.objects.filter(type="patient.exported").count() == 1


def my_data(browser):
    answer = browser.post(reverse("patient_data"))
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as zipped:
        return json.loads(zipped.read("my-data.json"))


def test_the_file_holds_all_that_belongs_to_a_prescription(cast, sign_in):
    asked = factories.verified(cast, now=real_now())
    hold(cast.actor("pharmacist"), asked.pk, reason="Dose", question="Is that meant?", now=real_now())
    given = factories.verified(cast, now=real_now())
    made = factories.supply(cast, given, now=real_now(), receiver="Neighbour")
    reverse_(cast.actor("pharmacist"), made.pk, reason=ReversalReason.RECORDED_IN_ERROR, now=real_now())
    bad = factories.pending_review(cast, now=real_now())
    hold(cast.actor("staff"), bad.pk, reason="The licence is somebody else's", now=real_now())
    data = my_data(sign_in("patient"))
    rx = {one["id"]: one for one in data["prescriptions"]}
    assert rx[asked.pk]["pauses"][0]["question"] == "Is that meant?"
    supply = rx[given.pk]["supplies"][0]
    assert (supply["receiver"], supply["taken_back_why"]) == ("Neighbour", "recorded_in_error")
    assert supply["lines"][0]["taken_back"] == "21"
    assert [one["type"] for one in rx[given.pk]["history"]] == [
        f"prescription.{word}" for word in ("issued", "routed", "verified", "dispensed", "dispense_reversed")
    ]
    assert rx[given.pk]["history"][2]["who"] == "Pharmacist, Brook Street Pharmacy"
    assert rx[given.pk]["warnings"][0]["words"] == "Same medicine, wanted"
    assert rx[bad.pk]["pauses"][0]["kind"] == "fraud" and "licence" not in json.dumps(data)
    sign = data["sign_in"]
    assert (sign["email"], sign["name"]) == (cast.people["patient"].email, cast.people["patient"].name)


def test_the_file_holds_the_merged_record_too_and_no_mails_of_others(cast, sign_in):
    other = create(
        cast.actor("other_doctor"), Identity("Dean", "Cara M", cast.patient.date_of_birth, phone="+44 20 9"),
        identity_check=IdentityCheck.KNOWN, now=real_now(),
    ).patient  # fmt: skip
    was = Identity(**{name: getattr(other, name) for name in identity.FIELDS})
    identity.correct(
        cast.actor("other_doctor"),
        other.pk,
        replace(was, sex=Sex.FEMALE),
        reason="She told me so today",
        now=real_now(),
    )
    invite(cast.actor("other_doctor"), other.pk, email="cara.m@example.org", now=real_now())
    merge(cast.actor("staff"), cast.patient.pk, other.pk, reason="One person, registered twice", now=real_now())
    mail.queue(to="doctor@example.org", template="plain", at=real_now(), context={})
    words = {"phone": "", "email": "doctor@example.org", "address": ""}
    change_own_contact(cast.actor("patient"), **words, now=real_now())
    data = my_data(sign_in("patient"))
    merged = data["record"]["merged_records"]
    assert [(one["id"], one["given_name"], one["phone"]) for one in merged] == [(other.pk, "Cara M", "+44 20 9")]
    correction = merged[0]["corrections"][0]
    assert correction["before"] == {"sex": "unknown"} and correction["reason"] == "She told me so today"
    assert [one["email"] for one in data["sign_in"]["invitations"]] == ["cara.m@example.org"]
    assert data["sign_in"]["mails"] == []
    assert any(look["reason"] == "One person, registered twice" for look in data["who_looked"])


def test_its_statements_do_not_grow_with_the_record(cast, sign_in):
    patient, counts = sign_in("patient"), []
    for _ in range(2):
        for _ in range(3):
            factories.supply(cast, factories.verified(cast, now=real_now()), now=real_now())
        with CaptureQueriesContext(connection) as asked:
            my_data(patient)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_cell_is_no_formula(cast, sign_in):
    cast.pharmacy.name = "=HYPERLINK(1)"
    cast.pharmacy.save()
    factories.pending_review(cast, now=real_now())
    answer = sign_in("patient").post(reverse("patient_data"))
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as zipped:
        assert "'=HYPERLINK" in zipped.read("prescriptions.csv").decode()


@pytest.mark.parametrize("name", ["patient_details", "patient_data", "patient_reference"])
@pytest.mark.parametrize("who", ["doctor", "owner", "staff"])
def test_nobody_else_opens_a_patients_pages(cast, sign_in, who, name):
    rx = factories.issued(cast, now=real_now())
    url, browser = reverse(name, args=[rx.pk] if name == "patient_reference" else []), sign_in(who)
    for answer in (browser.get(url), browser.post(url, {"version": rx.version})):
        assert answer.status_code == 403
    before = rx.reference
    rx.refresh_from_db()
    assert rx.reference == before


def test_statements_stay_few(cast, sign_in, django_assert_max_num_queries):
    patient = sign_in("patient")
    rx = factories.partially_dispensed(cast, now=real_now())
    for _ in range(5):
        factories.pending_review(cast, now=real_now())
    for name, args, most in (
        ("patient_home", [], 12), ("patient_prescription", [rx.pk], 12), ("patient_access", [], 12), ("patient_details", [], 12),
        ("patient_reference", [rx.pk], 12),
    ):  # fmt: skip
        url = reverse(name, args=args)
        patient.get(url)
        with django_assert_max_num_queries(most):
            assert patient.get(url).status_code == 200


def test_the_role_stands_beside_who_looked(cast, sign_in):
    rx = factories.pending_review(cast, now=real_now())
    sign_in("pharmacist").get(reverse("pharmacy_prescription", args=[rx.pk]))
    page = sign_in("patient").get(reverse("patient_access")).content.decode()
    assert re.search(r"Pharmacist, Brook Street Pharmacy <span[^>]*>Pharmacist<", page)


def test_a_phone_dials_who_prescribed_and_who_holds_it(cast, sign_in):
    cast.doctor.phone, cast.pharmacy.phone = "+44 117 496 0101", "+44 117 496 0110"
    cast.doctor.save()
    cast.pharmacy.save()
    rx = factories.verified(cast, now=real_now())
    page = sign_in("patient").get(reverse("patient_prescription", args=[rx.pk])).content.decode()
    for number in ("+44 117 496 0101", "+44 117 496 0110"):
        assert f'<a href="tel:{number.replace(" ", "")}" dir="ltr">{number}</a>' in page


@pytest.mark.parametrize("number", [2**63, 10**30])
def test_a_number_that_no_row_has_is_not_there(cast, sign_in, number):
    patient = sign_in("patient")
    for name, sent in (
        ("patient_route", {"pharmacy_id": cast.pharmacy.pk, "version": 1}),
        ("patient_reference", {"version": 1}),
    ):
        url = reverse(name, args=[number])
        assert (patient.get(url).status_code, patient.post(url, sent).status_code) == (404, 404), name
