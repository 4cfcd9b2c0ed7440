"""A doctor composes and signs, a pharmacist checks, dispenses and prints: from the sign-in to the end by keyboard alone.

After the address of the sign-in page nothing is opened by address and nothing is clicked; the focus is seen after each key.
"""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.keyboard import Keyboard, sign_in
from e2e.people import new_patient
from e2e.server import Server

Visitor = Callable[..., Page]
MOST = 120  # keys besides what is typed, for a whole journey: 90 and 60 are pressed


def medicine(hands: Keyboard, row: int, words: str, dose: str) -> None:
    """The row's medicine by its first letters and an arrow, then the dose; the cursor stands in the row's first field."""
    page = hands.page
    hands.type(words)
    hands.press("ArrowDown")
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(1)
    hands.press("Enter")
    expect(page.locator(f"[name=lines-{row}-dose]")).to_be_focused()
    hands.type(dose)
    expect(page.locator(f"#lines-{row}-said .reads")).to_be_visible()


def test_a_doctor_from_the_sign_in_to_a_signed_prescription_of_two_medicines(
    visitor: Visitor, person: Visitor, server: Server, trouble, axe, picture
) -> None:
    trouble.awaited = ("htmx:sendAbort", "htmx:afterRequest")
    new_patient(person("doctor"), {"family_name": "Keys", "given_name": "Ida", "date_of_birth": "1981-07-08"})
    page = visitor()
    hands = sign_in(page, "doctor")
    picture(page, "doctor-today")
    hands.open("Patients")
    page.wait_for_url("**/doctor/patients")
    hands.into_the_page()
    hands.to("Family name begins with")
    hands.type("Keys")
    hands.press("Enter")
    page.wait_for_url("**/doctor/patients?q=Keys")
    hands.into_the_page()
    hands.open("KEYS, Ida")
    page.wait_for_url(re.compile(r"/doctor/patients/\d+$"))
    hands.into_the_page()
    hands.open("Write a prescription")
    page.wait_for_url("**/prescriptions/new")

    expect(page.locator("[name=diagnosis-0-text]")).to_be_focused()
    hands.type("Atrial fibrillation and back pain")
    hands.to("Medicine")
    medicine(hands, 0, "warf", "1 od 28d")
    hands.open("Add another medicine")
    expect(page.locator("[name=lines-1-medication_text]")).to_be_focused()
    medicine(hands, 1, "ibuprofen 400", "1 tds 5d")
    expect(page.locator(".warned.stop").first).to_contain_text("bleeding")
    axe(page)
    hands.open("Keep, because")
    hands.to("Keep it, because")
    hands.type("A spec")
    hands.to("In your words")
    hands.type("Three days only, with omeprazole")
    server.pause("doctor@demo.example", 6)
    hands.open("Check before you sign")
    page.wait_for_url("**/review")

    hands.into_the_page()
    hands.to("Find a pharmacy by name or place")
    hands.type("Kingfisher")
    with page.expect_navigation():
        hands.press("Enter")
    hands.to("None now", most=1)  # the answer begins where it was asked for
    hands.to("Kingfisher Pharmacy", "ArrowDown")
    axe(page)
    hands.to("Your password")
    hands.type("elmed-demo-doctor")
    hands.open("Sign for KEYS, Ida")
    page.wait_for_url(re.compile(r"/doctor/prescriptions/\d+(#pharmacies)?$"))
    expect(page.locator("h1 .status")).to_have_text("Pending review")
    expect(page.get_by_text("Three days only, with omeprazole")).to_be_visible()
    assert hands.pressed < MOST, hands.far


def test_a_pharmacist_from_the_sign_in_to_the_printed_label(visitor: Visitor, axe) -> None:
    page = visitor()
    page.add_init_script("window.printed = 0; window.print = () => { window.printed += 1; }")
    hands = sign_in(page, "pharmacist")
    page.wait_for_url("**/pharmacy/**")
    hands.into_the_page()
    hands.open("Open the one that waits longest")
    page.wait_for_url(re.compile(r"/pharmacy/prescriptions/\d+"))
    before = page.url.split("?")[0]
    hands.into_the_page()
    hands.open("Next in queue")
    page.wait_for_url(lambda url: before not in url and "/pharmacy/prescriptions/" in url)
    hands.into_the_page()
    hands.open("Verify")
    expect(page.get_by_text("Verified.", exact=True)).to_be_visible()
    hands.into_the_page()
    hands.open("Dispense")
    page.wait_for_url("**/dispense*")

    first = page.locator("input[name$=-quantity]").first
    expect(first).to_be_focused()
    if page.locator("select[name$=-source]").count():  # what the stock names is not what lies here: none of it
        hands.press("Shift+Tab", "Home")
        expect(page.locator("select[name$=-source]").first).to_have_value("")
        hands.press("Tab")
    hands.press("Control+a")
    hands.type("1")
    hands.press("Enter", "Control+a")  # as a scanner does: to the next field
    hands.type("KEY-77")
    hands.press("Enter")
    expect(page.locator("input[name$=-expiry_date]").first).to_be_focused()
    hands.type("12122031")  # the same in whichever order this browser asks for day and month
    for _ in range(page.locator("input[name$=-quantity]").count() - 1):
        hands.to("Quantity")
        hands.press("Control+a")
        hands.type("0")
    axe(page)
    hands.press("Control+Enter")
    expect(page.get_by_text("Recorded.")).to_be_visible()
    expect(page.locator("h1 .status")).to_have_text("Partly dispensed")
    given = page.locator(".sheet", has_text="KEY-77")
    expect(given).to_contain_text("12-Dec-2031")
    hands.into_the_page()
    hands.open("Labels of the last dispense")
    expect(page.locator(".label")).to_contain_text("KEY-77")
    hands.into_the_page()
    hands.open("Print")
    assert page.evaluate("window.printed") == 1
    assert hands.pressed < MOST, hands.far
