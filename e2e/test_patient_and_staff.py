"""The patient takes a new reference and their data; ELMED's staff open the record with a reason, and the patient reads it."""

import re
import zipfile
from collections.abc import Callable

from playwright.sync_api import Page, expect

Person = Callable[..., Page]
WHY = "The patient asked us by phone"


def test_a_patient_gets_a_new_reference_and_takes_their_data(person: Person) -> None:
    page = person("patient", width=360)
    page.goto("/patient/")
    page.locator("main .sheet a").first.click()
    expect(page.get_by_text("What happens next")).to_be_visible()
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


def test_staff_open_a_record_with_a_reason_that_the_patient_reads(person: Person) -> None:
    staff = person("staff")
    staff.goto("/staff/records")
    staff.get_by_label("Number, reference or family name").fill("1")
    staff.get_by_role("button", name="Find").click()
    staff.get_by_role("link", name="Open with a reason").first.click()
    expect(staff.locator("main")).not_to_contain_text("capsule")
    staff.get_by_label("Why do you open this record?").fill(WHY)
    staff.get_by_role("button", name="Open the record").click()
    expect(staff.get_by_role("heading", name="Prescriptions")).to_be_visible()
    patient = person("patient")
    patient.goto("/patient/access")
    expect(patient.get_by_text(WHY)).to_be_visible()
