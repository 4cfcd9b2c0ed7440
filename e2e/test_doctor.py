"""A doctor writes and signs with the keyboard alone; warnings stand in their rows; without scripts it goes too."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

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
        here = page.evaluate("[document.activeElement.name || '', document.activeElement.textContent.trim()]")
        if here[0] == name or here[1].startswith(name):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not come to {name}")


def choose(page: Page, row: int, medicine: str, dose: str) -> None:
    """The medicine and its dose, in that row, by keyboard; the cursor stands in the row's first field, or before it."""
    tab_to(page, f"lines-{row}-medication_text")
    # The arrow may come before the list of these words: the mark goes onto that one.
    page.keyboard.type(medicine, delay=30)
    page.keyboard.press("ArrowDown")
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(1)
    assert page.locator(f"[name=lines-{row}-medication_text]").get_attribute("aria-activedescendant")
    page.keyboard.press("Enter")
    expect(page.locator(f"[name=lines-{row}-dose]")).to_be_focused()
    page.keyboard.type(dose)
    expect(page.locator(f"#lines-{row}-said .reads")).to_be_visible()


def write(page: Page, medicine: str, dose: str, diagnosis: str) -> None:
    """From the composer's first field to the saved draft, by keyboard."""
    expect(page.locator("[name=diagnosis-0-text]")).to_be_focused()
    page.keyboard.type(diagnosis)
    choose(page, 0, medicine, dose)
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
    write(page, "ibuprofen 400", "1 tds 5d", "Low back pain")
    page.goto(f"{patient}/sign")
    warning = page.locator(".warned.stop")
    expect(warning).to_contain_text("bleeding")
    axe(page)
    tab_to(page, "Sign all 2 for")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    axe(page)
    picture(page, "doctor-sign", height=1000)
    words = page.locator(".warned [name*=-answer_]").first.get_attribute("name") or ""
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


def test_three_medicines_each_warning_answered_in_its_row_then_signed_with_the_keyboard_alone(
    person: Person, trouble, axe, picture
) -> None:
    trouble.awaited = ("htmx:sendAbort", "htmx:afterRequest")
    page = person("doctor")
    patient = patient_of(page)
    page.goto(f"{patient}/prescriptions/new")
    page.keyboard.type("Rheumatoid arthritis")
    choose(page, 0, "methotrexate", "1 od 7d")
    warned = page.locator("#lines-0-warned .warned.stop")
    expect(warned).to_contain_text("once a week")
    picture(page, "doctor-composer", height=1000)
    tab_to(page, "Keep, because")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("A specialist")
    page.keyboard.press("Tab")
    page.keyboard.type("Her rheumatologist’s trial")
    axe(page)
    picture(page, "doctor-warned", of="#medicine-1", height=900)
    tab_to(page, "Add another medicine")
    page.keyboard.press("Enter")
    expect(page.locator("[name=lines-1-medication_text]")).to_be_focused()
    choose(page, 1, "folic acid 5", "1 weekly Fri 28d")
    answer = page.locator("#lines-0-warned input[name$=-words]")
    expect(answer).to_have_value("Her rheumatologist’s trial")
    tab_to(page, "Add another medicine")
    page.keyboard.press("Enter")
    expect(page.locator("[name=lines-2-medication_text]")).to_be_focused()
    choose(page, 2, "paracetamol 500", "2 qds prn max 8/d 5d")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review")
    expect(page.locator("[name^=why_1_]")).to_have_count(0)
    expect(page.get_by_text("Her rheumatologist’s trial")).to_be_visible()
    axe(page)
    for name in page.locator("[name^=why_]").evaluate_all("all => all.map((one) => one.name)"):
        tab_to(page, name)
        page.keyboard.type("The benefit")
        tab_to(page, name.replace("why_", "answer_"))
        page.keyboard.type("Known to her")
    if page.locator("[name=password]").count():
        tab_to(page, "password")
        page.keyboard.type("elmed-demo-doctor")
    tab_to(page, "Sign for ADEYEMI, Samuel")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/doctor/prescriptions/\d+$"))
    expect(page.get_by_text("Her rheumatologist’s trial")).to_be_visible()


def test_an_arrow_before_the_list_marks_the_list_of_all_the_words(person: Person) -> None:
    page = person("doctor")
    page.goto(f"{patient_of(page)}/prescriptions/new")

    def slow(route: Route) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/doctor/medicines*", slow)
    box = page.locator("[name=lines-0-medication_text]")
    box.press_sequentially("amox")
    page.keyboard.press("ArrowDown")
    page.keyboard.type(" 250")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")  # nothing is marked yet: nothing is chosen, and the form is not sent
    expect(page.locator("[name=lines-0-medicine]")).to_have_value("")
    marked = page.locator("[role=option][aria-selected=true]")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text("250 mg")
    page.wait_for_timeout(600)
    expect(marked).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("[name=lines-0-dose]")).to_be_focused()


def test_an_answer_that_is_being_typed_outlives_the_checks_of_its_row_and_of_others(person: Person, trouble) -> None:
    trouble.awaited = ("htmx:sendAbort", "htmx:afterRequest")
    page = person("doctor")
    page.goto(f"{patient_of(page)}/prescriptions/new")
    page.fill("[name=diagnosis-0-text]", "Test of warnings")
    choose(page, 0, "methotrexate", "1 od 7d")
    words = page.locator("#lines-0-warned .stop input[name$=-words]")
    page.locator("#lines-0-warned .stop .keep > summary").click()
    with page.expect_response("**/prescriptions/check"):
        page.fill("[name=lines-0-dose]", "1 od 40d")  # the row is checked anew while its answer is typed
        words.focus()
        page.keyboard.type("Trial of", delay=80)
    expect(words).to_have_value("Trial of")
    with page.expect_response("**/prescriptions/check"):
        page.fill("[name=notes]", "500 mg twice a day")
        words.focus()
        page.keyboard.type(" the clinic", delay=80)
    expect(page.locator("#notes-warned .warned")).to_be_visible()
    expect(words).to_have_value("Trial of the clinic")
    expect(words).to_be_focused()


def test_a_doctor_corrects_a_record_with_a_reason(person: Person, trouble, axe, picture) -> None:
    trouble.awaited = ("422",)
    page = person("doctor", width=360)
    page.goto("/doctor/patients/new")
    page.fill("[name=family_name]", "Slipp")
    page.fill("[name=given_name]", "Nora")
    page.fill("[name=date_of_birth]", "2019-05-06")
    page.get_by_role("radio", name="Known to me").check()
    page.get_by_role("button", name="Save patient and consultation").click()
    banner = page.locator(".banner")
    expect(banner).to_contain_text("Weight: not recorded")
    page.get_by_role("link", name="Record the weight").first.click()
    page.fill("[name=weight]", "21.5")
    page.get_by_role("button", name="Save the weight").click()
    expect(banner).to_contain_text("21.5 kg")
    page.get_by_role("link", name="Correct the record").click()
    axe(page)
    page.fill("[name=family_name]", "Slip")
    page.fill("[name=date_of_birth]", "2018-05-06")
    page.get_by_role("button", name="Save the correction").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    page.fill("[name=reason]", "A slip in the copy of the passport")
    page.get_by_role("button", name="Save the correction").click()
    expect(banner).to_contain_text("SLIP, Nora")
    expect(banner).to_contain_text("06-May-2018")
    page.get_by_role("link", name="Correct the record").click()
    expect(page.get_by_text("A slip in the copy of the passport")).to_be_visible()
    picture(page, "doctor-correct")
    axe(page)
