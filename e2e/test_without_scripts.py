"""With JavaScript switched off: the main journey of each role, from its start page to the end of what it came for.

A browser without scripts gets the same pages; what the scripts make quicker is a link, a button or a page of its own here.
"""

import re
import zipfile
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.test_doctor import patient_of
from e2e.test_joining import PASSWORD, link
from e2e.test_pharmacy import dispensable, step

Person = Callable[..., Page]


def test_a_doctor_finds_a_patient_prescribes_signs_and_sends_it(person: Person, picture) -> None:
    page = person("doctor", scripts=False)
    page.get_by_role("link", name="New patient").click()
    for name, words in {"family_name": "Paper", "given_name": "Ada", "date_of_birth": "1952-03-04"}.items():
        page.fill(f"[name={name}]", words)
    page.get_by_label("Known to me").check()
    page.get_by_role("button", name="Save patient and consultation").click()
    page.get_by_role("link", name="Write a prescription").click()
    page.fill("[name=diagnosis-0-text]", "Hay fever")
    page.fill("[name=lines-0-medication_text]", "cetirizine 10")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("radio", name=re.compile("cetirizine 10 mg tablet")).check()
    page.fill("[name=lines-0-dose]", "1 od 7d")
    page.get_by_role("button", name="Check before you sign").last.click()
    page.wait_for_url("**/review")
    expect(page.get_by_text("Take 1 tablet once a day, for 7 days.")).to_be_visible()
    page.fill("[name=pharmacy_words]", "Kingfisher")
    page.get_by_role("button", name="Find").last.click()
    page.get_by_role("radio", name=re.compile("Kingfisher Pharmacy")).check()
    for answer in page.locator(".warned select").all():
        answer.select_option(index=1)
    for words in page.locator(".warned [name$=-answer_0]").all():
        words.fill("Allergies were asked for and are not known")
    if page.locator("[name=password]").count():
        page.fill("[name=password]", "elmed-demo-doctor")
    page.get_by_role("button", name=re.compile("Sign for")).click()
    expect(page.locator("h1 .status")).to_have_text("Pending review")
    picture(page, "doctor-prescription")


def test_the_session_ended_under_a_prescription_which_comes_back_as_it_was_typed(person: Person) -> None:
    page = person("doctor", scripts=False, width=360)
    page.goto(f"{patient_of(page)}/prescriptions/new")
    page.fill("[name=diagnosis-0-text]", "Hay fever")
    page.fill("[name=lines-0-medication_text]", "cetirizine 10")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("radio", name=re.compile("cetirizine 10 mg tablet")).check()
    page.fill("[name=lines-0-dose]", "1 od 7d")
    page.fill("[name=notes]", "She asked for the small pack")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Check before you sign").last.click()
    page.wait_for_url("**/accounts/login/**")
    page.fill("[name=login]", "doctor@demo.example")
    page.fill("[name=password]", "elmed-demo-doctor")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/prescriptions/new?kept=*")
    assert "cetirizine" not in page.url
    expect(page.get_by_text("We kept what you typed.")).to_be_visible()
    expect(page.locator("[name=notes]")).to_have_value("She asked for the small pack")
    expect(page.locator("[name=lines-0-medication_text]")).to_have_value(re.compile("cetirizine 10 mg tablet"))
    expect(page.get_by_text("Take 1 tablet once a day, for 7 days.")).to_be_visible()
    page.get_by_role("button", name="Check before you sign").last.click()
    page.wait_for_url("**/review")
    page.get_by_role("link", name="Throw the draft away").click()
    page.get_by_role("button", name="Throw it away").click()


def test_a_pharmacist_finds_verifies_dispenses_and_takes_back(person: Person) -> None:
    page = person("pharmacist", scripts=False)
    page.goto(step(page, "pending_review")[-1])
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text("Verified.", exact=True)).to_be_visible()
    page.get_by_role("link", name="Stock, and what your shop keeps of it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Stock")
    path = dispensable(page)
    page.goto(path)
    page.get_by_role("link", name="Dispense", exact=True).click()
    page.get_by_role("button", name="Record what was handed over").click()
    page.wait_for_url(f"**{path}?was=*")
    page.get_by_role("link", name="Receipt").click()
    expect(page.locator(".receipt")).to_be_visible()
    page.goto(path)
    page.get_by_role("link", name="Take back").first.click()
    page.get_by_label("It never left the pharmacy").first.check()
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("main")).to_contain_text("Taken back")


def test_a_patient_gets_a_new_reference_and_takes_the_data(person: Person) -> None:
    page = person("patient", scripts=False, width=360)
    for address in page.locator("main .sheet a").evaluate_all("all => all.map(one => one.href)"):
        page.goto(address)
        if page.locator("#reference").count():  # not what ended, which other journeys may have done to the first
            break
    before = page.locator("#reference").inner_text()
    page.get_by_role("link", name=re.compile("Get a new reference")).click()
    page.get_by_role("button", name="Get a new reference").click()
    expect(page.locator("#reference")).not_to_have_text(before)
    page.goto("/patient/access")
    expect(page.get_by_role("heading", level=1)).to_have_text("Who looked at my record")
    page.goto("/patient/data")
    with page.expect_download() as kept:
        page.get_by_role("button", name="Make the file").click()
    with zipfile.ZipFile(kept.value.path()) as zipped:
        assert "read-me.html" in zipped.namelist()


def test_staff_look_at_a_registration_a_record_and_the_audit(person: Person) -> None:
    page = person("staff", scripts=False)
    page.get_by_role("table").get_by_role("link").first.click()
    page.get_by_role("link", name="Ask for more").click()
    page.get_by_label("What do you need?").fill("Please send the second page of the licence.")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("main")).to_contain_text("Please send the second page of the licence.")
    page.goto("/staff/records")
    page.get_by_label("Number, reference or family name").fill("2")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Open with a reason").first.click()
    page.get_by_label("Why do you open this record?").fill("The doctor asked us to look")
    page.get_by_role("button", name="Open the record").click()
    expect(page.get_by_role("heading", name="Prescriptions")).to_be_visible()
    page.goto("/staff/audit")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("columnheader", name="What")).to_be_visible()


def test_a_developer_registers_makes_a_test_key_and_calls(visitor: Person) -> None:
    page = visitor(scripts=False)
    page.goto("/join")
    page.get_by_role("link", name="Developer", exact=True).click()
    for label, words in {
        "Your full name": "Dee Veloper", "E-mail address": "dee@walk.example", "Password": PASSWORD,
        "Name of your company or project": "Till software",
    }.items():  # fmt: skip
        page.get_by_label(label).first.fill(words)
    page.get_by_label("I accept").check()
    page.get_by_role("button", name="Register").click()
    page.goto(link(page, "dee@walk.example", "confirm your e-mail address"))
    page.get_by_role("button", name="Yes, confirm it").click()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill("dee@walk.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto("/settings/api-keys/new")
    page.get_by_label("Name").fill("My first key")
    page.get_by_label("rx:read").check()
    page.get_by_role("button", name="Create new key").click()
    secret = page.locator("#secret").inner_text().strip()
    assert secret.startswith("elm_test_")
    told = page.request.get("/api/public/v1/me", headers={"X-API-Key": secret})
    assert (told.status, told.json()["mode"]) == (200, "test")


def test_the_help_is_searched_and_an_example_is_read_in_php(visitor: Person) -> None:
    page = visitor(scripts=False, width=360)
    page.goto("/help")
    page.get_by_label("Search the help").fill("label cut off")
    page.get_by_role("button", name="Search").click()
    page.locator(".found a").first.click()
    expect(page.locator(":target, h2").filter(has_text="A label is cut off").first).to_be_visible()
    page.goto("/help/developers")
    page.get_by_role("link", name="PHP").first.click()
    expect(page.locator("pre[data-language=php]").first).to_be_visible()
