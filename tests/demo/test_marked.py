"""Every page that shows a medicine says that the medicines are a demonstration, until real ones are loaded."""

import io
import re
import zipfile
from html import unescape

import pytest
from django.test import Client
from django.urls import resolve, reverse

from elmed.core.clock import real_now
from elmed.demo.people import email, password
from elmed.medications import demonstration, importing
from elmed.medications.files import medicines_of
from elmed.medications.importing import Release
from elmed.medications.models import Medicine
from elmed.prescriptions.models import Dispense, Prescription, PrescriptionLine

MARK = "Demonstration data, not for clinical use."
LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
NO_PAGE = re.compile(r"^/(help|mail|static|accounts|images|api)(/|$)|/export|/document|\.(zip|csv|pdf|png|json)$")
# Pages that show medicines in the demo, at least: the walk below must have come to each.
SHOWN = {
    "doctor": {
        "doctor_home", "doctor_patient", "doctor_favourites", "doctor_prescriptions", "doctor_prescription",
    },
    "pharmacist": {
        "pharmacy_queue", "pharmacy_prescription", "pharmacy_beside", "pharmacy_uncollected", "pharmacy_labels",
        "pharmacy_inventory", "pharmacy_product",
    },
    "patient": {"patient_home", "patient_prescription"},
}  # fmt: skip


def signed_in(login: str) -> Client:
    client = Client()
    answer = client.post(reverse("account_login"), {"login": email(login), "password": password(login)})
    assert answer.status_code == 302
    return client


def medicines() -> re.Pattern[str]:
    """Any medicine of the formulary, or of a prescription."""
    names = set(Medicine.objects.values_list("name", flat=True))
    names |= set(PrescriptionLine.objects.values_list("medication_text", flat=True))
    return re.compile("|".join(re.escape(one) for one in sorted(names)), re.IGNORECASE)


def pages(client: Client) -> dict[str, str]:
    """One page of each name that links lead to from the start page, and what it says; fragments of a page left out."""
    queue, seen, found = ["/"], {"/"}, {}
    while queue:
        path = queue.pop(0)
        name = resolve(path.split("?")[0]).url_name
        if found.get(name) or name is None:
            continue
        answer = client.get(path, follow=True)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        text = answer.content.decode()
        if answer.redirect_chain:
            name = resolve(answer.request["PATH_INFO"]).url_name
        if "<html" in text:
            found[name] = text
        for link in (unescape(one) for one in LINK.findall(text)):
            if link not in seen and not NO_PAGE.search(link.split("?")[0]):
                seen.add(link)
                queue.append(link)
    return found


@pytest.mark.parametrize("login", SHOWN)
def test_every_page_with_a_medicine_is_marked(told, db, login):
    named, found = medicines(), pages(signed_in(login))
    with_medicines = {name for name, text in found.items() if named.search(text.split("<main")[1])}
    assert SHOWN[login] <= with_medicines
    assert {name for name in with_medicines if MARK not in found[name]} == set()


def test_staff_who_open_a_record_see_the_mark(told, db):
    client = signed_in("staff")
    line = PrescriptionLine.objects.filter(prescription_id=told["prescriptions"]["verified"]).first()
    rx = line.prescription
    opened = client.post(
        reverse("staff_record", args=[rx.patient_id]), {"reason": "A patient asked what is held on them."}, follow=True
    )
    text = opened.content.decode()
    assert line.medication_text in unescape(text) and MARK in text
    text = client.get(reverse("staff_prescription", args=[rx.pk])).content.decode()
    assert line.medication_text in unescape(text) and MARK in text


def test_who_writes_or_hands_over_sees_it(told, db):
    draft = Prescription.objects.filter(status="draft", prescriber__memberships__person__email=email("doctor")).first()
    pages = [
        ("doctor", "doctor_edit", draft.pk), ("doctor", "doctor_review", draft.pk),
        ("pharmacist", "pharmacy_dispense", told["prescriptions"]["verified"]),
    ]  # fmt: skip
    for login, name, pk in pages:
        text = signed_in(login).get(reverse(name, args=[pk])).content.decode()
        assert PrescriptionLine.objects.filter(prescription=pk).first().medication_text in unescape(text), name
        assert MARK in text, name


def test_what_is_printed_or_taken_along_carries_it(told, db):
    """A label and a receipt are printed without their page, and the patient's file leaves it."""
    pharmacist = signed_in("pharmacist")
    made = Dispense.objects.filter(prescription_id=told["prescriptions"]["partially_dispensed"]).first()
    labels = pharmacist.get(reverse("pharmacy_labels", args=[told["prescriptions"]["verified"]])).content.decode()
    receipt = pharmacist.get(reverse("pharmacy_receipt", args=[made.prescription_id, made.pk])).content.decode()
    assert MARK in labels.split('<section class="label')[1]
    assert MARK in receipt.split('<section class="receipt')[1].split("</section>")[0]
    file = b"".join(signed_in("patient").post(reverse("patient_data")).streaming_content)
    assert MARK in zipfile.ZipFile(io.BytesIO(file)).read("read-me.html").decode()


def test_real_medicines_end_it(told, db):
    importing.replace(Release("Hospital", "1"), medicines_of(demonstration.MEDICINES), real_now())
    named, found = medicines(), pages(signed_in("patient"))
    assert any(named.search(text) for text in found.values())
    assert {name for name, text in found.items() if MARK in text} == set()
