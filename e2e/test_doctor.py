"""A doctor writes and signs with the keyboard alone; warnings stand in their rows; without scripts it goes too."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

Person = Callable[..., Page]


def patient_of(page: Page) -> str:
    """The address of a patient of the doctor without known allergies."""
    page.goto("/doctor/patients")
    found = page.get_by_role("link", name=re.compile("ADEYEMI")).first.get_attribute("href")
    assert found
    return found


def tab_to(page: Page, name: str, most: int = 80) -> None:
    """Go on with Tab until the field of that name, or the button with these words, has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate("[document.activeElement.name || '', document.activeElement.textContent.trim()]")
        if here[0] == name or here[1].startswith(name):
            return
    raise AssertionError(f"Tab does not come to {name}")


def write(page: Page, medicine: str, dose: str, diagnosis: str) -> None:
    """From the composer's first field to the saved draft, by keyboard."""
    tab_to(page, "diagnosis-0-text")
    page.keyboard.type(diagnosis)
    tab_to(page, "lines-0-medication_text")
    # A slow machine is shown a list while it types: the one to go through is that of all the words.
    with page.expect_response(lambda answer: parse_qs(urlsplit(answer.url).query).get("q") == [medicine]):
        page.keyboard.type(medicine, delay=30)
    expect(page.locator("#lines-0-options")).not_to_have_class(re.compile("htmx-request"))
    box = page.locator("[name=lines-0-medication_text]")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(1)
    assert box.get_attribute("aria-activedescendant")
    page.keyboard.press("Enter")
    expect(page.locator("[name=lines-0-dose]")).to_be_focused()
    page.keyboard.type(dose)
    expect(page.locator("#lines-0-said .reads")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/review")


def test_two_prescriptions_are_composed_and_signed_with_the_keyboard_alone(
    person: Person, trouble, axe, picture
) -> None:
    # The answer to an unanswered warning; and what was asked for while the page was left.
    trouble.awaited = ("422", "htmx:sendAbort", "htmx:afterRequest")
    page = person("doctor")
    patient = patient_of(page)
    page.goto(f"{patient}/prescriptions/new")
    write(page, "warf", "1 od 28d", "Atrial fibrillation")
    expect(page.get_by_text("Take 1 tablet once a day, for 28 days.")).to_be_visible()
    page.goto(f"{patient}/prescriptions/new")
    expect(page.get_by_role("region", name="Drafts for this patient")).to_be_visible()
    axe(page)
    picture(page, "composer")
    write(page, "ibuprofen 400", "1 tds 5d", "Low back pain")
    page.goto(f"{patient}/sign")
    warning = page.locator(".warned.stop")
    expect(warning).to_contain_text("bleeding")
    axe(page)
    tab_to(page, "Sign all 2 for")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    axe(page)
    picture(page, "sign")
    words = page.locator(".warned [name$=-answer_0]").first.get_attribute("name") or ""
    tab_to(page, words)
    page.keyboard.type("Three days only, with omeprazole")
    if page.locator("[name=password]").count():
        tab_to(page, "password")
        page.keyboard.type("elmed-demo-doctor")
    tab_to(page, "Sign all 2 for ADEYEMI, Samuel")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 prescriptions are signed.")).to_be_visible()


def test_escape_closes_the_list_and_what_was_typed_stays(person: Person) -> None:
    page = person("doctor")
    page.goto(f"{patient_of(page)}/prescriptions/new")
    page.locator("[name=lines-0-medication_text]").press_sequentially("amox")
    expect(page.locator("[role=option]").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[role=listbox]")).to_be_hidden()
    expect(page.locator("[name=lines-0-medication_text]")).to_have_value("amox")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Not in the formulary: checked by name only.")).to_be_visible()


def test_without_scripts_the_medicine_is_chosen_from_a_list(person: Person, axe) -> None:
    page = person("doctor", scripts=False, width=360)
    page.goto(f"{patient_of(page)}/prescriptions/new")
    page.fill("[name=diagnosis-0-text]", "Acute bronchitis")
    page.fill("[name=lines-0-medication_text]", "amox 500")
    page.get_by_role("button", name="Find").click()
    assert page.locator("[name=lines-0-choice]:checked").count() == 0
    page.get_by_role("radio", name=re.compile("amoxicillin 500 mg capsule")).check()
    page.fill("[name=lines-0-dose]", "1 tds 5d")
    page.get_by_role("button", name="Check before you sign").last.click()
    page.wait_for_url("**/review")
    expect(page.get_by_text("Take 1 capsule 3 times a day, for 5 days.")).to_be_visible()
