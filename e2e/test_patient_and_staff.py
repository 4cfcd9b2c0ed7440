"""The patient takes a new reference and their data; ELMED's staff open the record with a reason, and the patient reads it."""

import re
import zipfile
from collections.abc import Callable

from playwright.sync_api import Page, expect

Person = Callable[..., Page]
WHY = "The patient asked us by phone"


def test_a_patient_gets_a_new_reference_and_takes_their_data(person: Person, picture) -> None:
    page = person("patient", width=360)
    page.goto("/patient/")
    picture(page, "patient-home")
    page.locator("main .sheet a").first.click()
    expect(page.get_by_text("What happens next")).to_be_visible()
    picture(page, "patient-prescription")
    before = page.locator("#reference").inner_text()
    page.get_by_role("link", name=re.compile("Get a new reference")).click()
    page.get_by_role("button", name="Get a new reference").click()
    expect(page.get_by_role("status").filter(has_text="This is the new reference")).to_be_visible()
    assert page.locator("#reference").inner_text() != before
    page.goto("/patient/details")
    page.get_by_role("link", name="My data as a file").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Make the file").click()
    with zipfile.ZipFile(download.value.path()) as zipped:
        assert "my-data.json" in zipped.namelist()
        assert before not in zipped.read("my-data.json").decode()


def test_staff_open_a_record_with_a_reason_that_the_patient_reads(person: Person, picture) -> None:
    staff = person("staff")
    staff.goto("/staff/records")
    staff.get_by_label("Number, reference or family name").fill("1")
    staff.get_by_role("button", name="Find").click()
    staff.get_by_role("link", name="Open with a reason").first.click()
    expect(staff.locator("main")).not_to_contain_text("capsule")
    staff.get_by_label("Why do you open this record?").fill(WHY)
    picture(staff, "staff-record")
    staff.get_by_role("button", name="Open the record").click()
    expect(staff.get_by_role("heading", name="Prescriptions")).to_be_visible()
    patient = person("patient")
    patient.goto("/patient/access")
    expect(patient.get_by_text(WHY)).to_be_visible()
    picture(patient, "patient-access")


def test_a_patient_takes_elsewhere_what_a_closed_pharmacy_had(person: Person, axe: Callable[[Page], None]) -> None:
    page = person("patient", width=360)
    page.goto("/patient/")
    page.locator("main .sheet", has_text="omeprazole").filter(has_text="No pharmacy chosen").get_by_role(
        "link"
    ).first.click()
    expect(page.get_by_text("Released from its pharmacy")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("QR code of the reference"))).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Choose a pharmacy", exact=True).click()
    expect(page.get_by_label(re.compile("Riverside Pharmacy"))).to_have_count(0)
    page.get_by_label(re.compile("Northgate Chemist")).check()
    page.get_by_role("button", name="Send it there").click()
    expect(page.get_by_text("A pharmacist of Northgate Chemist checks it")).to_be_visible()


def test_staff_merge_two_records_and_take_it_back(person: Person, axe: Callable[[Page], None], picture) -> None:
    page = person("staff")
    page.goto("/staff/records")
    page.get_by_role("link", name="Records that may be duplicates").click()
    expect(page.get_by_role("heading", name="Merged within the last 24 hours")).to_be_visible()
    page.get_by_role("row", name=re.compile("Bea Fernandes")).get_by_role("link").click()
    page.get_by_role("radio", name=re.compile("Beatriz Fernandes")).check()
    page.get_by_label("Why are they one person’s?").fill("One person: the surgery confirmed it")
    picture(page, "staff-merge")
    axe(page)
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_role("status").filter(has_text="It can be taken back")).to_be_visible()
    page.get_by_role("button", name="Take the merge back").click()
    expect(page.get_by_role("status").filter(has_text="both records are what they were")).to_be_visible()


def test_staff_release_what_a_closed_pharmacy_holds(person: Person, axe: Callable[[Page], None]) -> None:
    page = person("staff")
    page.goto("/staff/accounts?state=suspended")
    page.get_by_role("link", name="Riverside Pharmacy").click()
    page.get_by_role("link", name="Release what it holds").click()
    page.get_by_label("Reason").fill("It closed for good")
    page.get_by_role("button", name="Release them").click()
    expect(page.get_by_text("2 of 2 prescriptions looked at")).to_be_visible()
    expect(page.get_by_text("Finished. The patients were told by mail.")).to_be_visible()
    axe(page)


def test_staff_see_a_suspected_fraud_and_end_one_hold(person: Person, axe: Callable[[Page], None]) -> None:
    page = person("staff")
    page.goto("/staff/accounts?state=suspended")
    page.get_by_role("link", name="Dr Colin Marsh").click()
    page.get_by_role("link", name=re.compile("Put on hold for fraud")).click()
    expect(page.get_by_text("Each stays on hold until ELMED’s staff resume it")).to_be_visible()
    axe(page)
    page.goto("/staff/records")
    page.get_by_label("Number, reference or family name").fill("Rahman")
    page.get_by_label(re.compile("Date of birth")).fill("1988-12-01")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Open with a reason").click()
    page.get_by_label("Why do you open this record?").fill("The patient asks what became of it")
    page.get_by_role("button", name="Open the record").click()
    page.get_by_role("row", name=re.compile("On hold")).get_by_role("link").first.click()
    page.get_by_role("link", name="End the hold").click()
    page.get_by_role("button", name="End the hold").click()
    expect(page.get_by_role("status").filter(has_text="The hold is ended")).to_be_visible()


def test_staff_search_what_happened_to_a_patient(person: Person) -> None:
    page = person("staff")
    page.goto("/staff/audit")
    page.get_by_label("Patient number").fill("1")
    page.get_by_label("Type").fill("prescription.transferred")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("row", name=re.compile("Released from its pharmacy"))).to_have_count(1)
    patient = person("patient")
    patient.goto("/patient/access")
    expect(patient.get_by_text("What happened to your record, and who looked at it").first).to_be_visible()
    reason = patient.get_by_text("She asked by phone for her prescription at the closed pharmacy.")
    for number in range(1, 20):  # how many looked since depends on what ran before
        if reason.count():
            break
        patient.goto(f"/patient/access?page={number + 1}")
    expect(reason).to_be_visible()
