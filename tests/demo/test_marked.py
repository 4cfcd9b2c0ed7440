"""Every page that shows a medicine says that the medicines are a demonstration, until real ones are loaded; then the lines of
before say it, wherever they are shown.
"""

import csv
import io
import json
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
LINE_MARK = "demonstration data, not for clinical use"  # of one line, where the page is not marked as a whole
BANNER = 'class="demonstration"'
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
        assert LINE_MARK not in text, "the whole page is marked: its lines need not be"


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


def of_before() -> re.Pattern[str]:
    """The lines that were written before real medicines came, as prescriptions name them."""
    lines = PrescriptionLine.objects.filter(medicine__source__demonstration=True)
    return re.compile("|".join(sorted(re.escape(one) for one in set(lines.values_list("medication_text", flat=True)))))


@pytest.fixture
def real(told, db) -> None:
    """A list of real medicines is loaded beside the demonstration, whose prescriptions stay: all are on its medicines here."""
    made_up = Medicine.objects.filter(source__demonstration=True).first()
    PrescriptionLine.objects.filter(medicine=None).update(medicine=made_up, demonstration=True)
    importing.replace(Release("Hospital", "1"), medicines_of(demonstration.MEDICINES), real_now())


@pytest.mark.parametrize("login", SHOWN)
def test_real_medicines_end_the_pages_mark_and_each_line_of_before_has_its_own(real, login):
    named, found = of_before(), pages(signed_in(login))
    mains = {name: unescape(text.split("<main")[1]) for name, text in found.items()}
    with_lines = {name for name, text in mains.items() if named.search(text)} - {
        "pharmacy_inventory"
    }  # products' names
    # The walk opens one prescription, and one product: those below are opened by what is in them.
    assert SHOWN[login] - {"pharmacy_inventory", "pharmacy_product", "doctor_prescription"} <= with_lines
    assert {name for name in with_lines if LINE_MARK not in mains[name] and MARK not in mains[name]} == set()
    assert {name for name, text in found.items() if BANNER in text} == set()


def test_of_two_prescriptions_the_one_on_real_medicines_is_not_marked(real):
    rx = PrescriptionLine.objects.filter(demonstration=True, prescription__status="verified").first().prescription
    client = signed_in("pharmacist")

    def cells() -> str:
        text = client.get(reverse("pharmacy_queue"), {"step": "verified"}).content.decode()
        return text.split(f'data-row="{rx.pk}"')[1].split("</tr>")[0]

    assert cells().count(LINE_MARK) == rx.lines.count()
    rx.lines.update(demonstration=False)
    assert LINE_MARK not in cells()


def test_what_is_printed_of_such_a_line_carries_it_after_the_import(real, told):
    pharmacist = signed_in("pharmacist")
    made = Dispense.objects.filter(
        prescription_id=told["prescriptions"]["partially_dispensed"], lines__line__demonstration=True
    ).first()
    of_before = PrescriptionLine.objects.filter(prescription_id=told["prescriptions"]["verified"], demonstration=True)
    labels = pharmacist.get(reverse("pharmacy_labels", args=[told["prescriptions"]["verified"]])).content.decode()
    assert labels.count(MARK) == of_before.count() > 0
    receipt = pharmacist.get(reverse("pharmacy_receipt", args=[made.prescription_id, made.pk])).content.decode()
    assert LINE_MARK in receipt.split('<section class="receipt')[1].split("</section>")[0]
    day = made.handed_over_at.date()
    days = {"first": f"{day}", "last": f"{day}"}
    rows = pharmacist.get(reverse("pharmacy_handed_over_file"), days).content.decode("utf-8-sig").splitlines()
    named = [row for row in csv.DictReader(rows) if row["prescription"] == str(made.prescription_id)]
    assert named and {row["demonstration_data"] for row in named} == {"yes"}
    file = zipfile.ZipFile(io.BytesIO(b"".join(signed_in("patient").post(reverse("patient_data")).streaming_content)))
    assert LINE_MARK in file.read("read-me.html").decode()
    held = json.loads(file.read("my-data.json"))["prescriptions"]
    assert any(line["demonstration_data"] for one in held for line in one["medications"])


def test_staff_see_it_too(real, told):
    client = signed_in("staff")
    line = PrescriptionLine.objects.filter(
        prescription_id=told["prescriptions"]["verified"], demonstration=True
    ).first()
    record = reverse("staff_record", args=[line.prescription.patient_id])
    opened = client.post(record, {"reason": "A patient asked what is held on them."}, follow=True)
    assert LINE_MARK in opened.content.decode()
    assert LINE_MARK in client.get(reverse("staff_prescription", args=[line.prescription_id])).content.decode()


def test_who_goes_on_with_such_a_line_sees_it(real, told):
    """Drafts, the basket, the supply, and what is kept to begin from."""
    draft = Prescription.objects.filter(status="draft", prescriber__memberships__person__email=email("doctor")).first()
    assert draft.lines.filter(demonstration=True).exists()
    doctor = signed_in("doctor")
    for name, pk in (("doctor_edit", draft.pk), ("doctor_review", draft.pk), ("doctor_compose", draft.patient_id)):
        assert LINE_MARK in doctor.get(reverse(name, args=[pk])).content.decode(), name
    kept = draft.lines.filter(demonstration=True).first()
    assert LINE_MARK in doctor.get(reverse("doctor_favourite_new", args=[kept.pk])).content.decode()
    signed = PrescriptionLine.objects.filter(
        demonstration=True, prescription__reference__isnull=False, prescription__prescriber=draft.prescriber
    ).first()
    assert LINE_MARK in doctor.get(reverse("doctor_prescription", args=[signed.prescription_id])).content.decode()
    dispense = reverse("pharmacy_dispense", args=[told["prescriptions"]["verified"]])
    assert LINE_MARK in signed_in("pharmacist").get(dispense).content.decode()
