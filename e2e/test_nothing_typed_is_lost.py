"""What somebody typed outlives an ended session, a stale page, a pause and a second tab; and goes with who typed it."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.looks import wider_than_screen
from e2e.people import sign_in
from e2e.test_doctor import choose, patient_of

NEW = "/doctor/patients/new"
KEPT = "We kept what you typed."
Person = Callable[..., Page]


def typing(page: Page) -> None:
    """A new patient, begun."""
    page.goto(NEW)
    page.fill("[name=family_name]", "Nowicka")
    page.fill("[name=given_name]", "Ewa")
    page.fill("[name=date_of_birth]", "1984-05-06")


def test_the_session_ended_while_somebody_typed(person: Person) -> None:
    page = person("doctor")
    typing(page)
    page.context.clear_cookies(name="sessionid")
    page.click("text=Save patient and consultation")
    page.wait_for_url("**/accounts/login/**")
    page.fill("[name=login]", "doctor@demo.example")
    page.fill("[name=password]", "elmed-demo-doctor")
    page.click("main button[type=submit]")
    page.wait_for_url(f"**{NEW}?kept=*")
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(page.locator("[name=family_name]")).to_have_value("Nowicka")
    expect(page.locator("[name=date_of_birth]")).to_have_value("1984-05-06")
    page.click("text=Start afresh")
    expect(page.locator("[name=family_name]")).to_have_value("")
    page.reload()
    expect(page.get_by_text(KEPT)).to_have_count(0)


def test_a_stale_page_says_so_and_puts_it_back(person: Person, axe, trouble) -> None:
    trouble.awaited = ("403",)
    page = person("doctor", width=360)
    typing(page)
    page.context.clear_cookies(name="csrftoken")
    page.click("text=Save patient and consultation")
    expect(page.get_by_role("heading", name="Send it again")).to_be_visible()
    axe(page)
    assert wider_than_screen(page) == 0
    page.get_by_role("link", name="Open the page anew").click()
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(page.locator("[name=given_name]")).to_have_value("Ewa")


def test_a_page_left_and_come_back_to(person: Person) -> None:
    page = person("doctor")
    typing(page)
    page.wait_for_timeout(500)
    page.goto("/doctor/patients")
    page.goto(NEW)
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(page.locator("[name=family_name]")).to_have_value("Nowicka")


def test_a_refused_form_keeps_it_by_itself(person: Person, trouble) -> None:
    trouble.awaited = ("422",)
    page = person("doctor")
    typing(page)
    page.fill("[name=date_of_birth]", "")
    page.click("text=Save patient and consultation")
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(page.locator("[name=family_name]")).to_have_value("Nowicka")
    expect(page.get_by_text(KEPT)).to_have_count(0)
    page.context.clear_cookies(name="sessionid")
    page.click("text=Save patient and consultation")
    page.wait_for_url("**/accounts/login/**")
    page.fill("[name=login]", "doctor@demo.example")
    page.fill("[name=password]", "elmed-demo-doctor")
    page.click("main button[type=submit]")
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(page.locator("[name=family_name]")).to_have_value("Nowicka")


def test_the_session_ended_under_a_chosen_medicine_which_is_checked_again(person: Person, trouble) -> None:
    trouble.awaited = ("htmx:sendAbort", "htmx:afterRequest")
    page = person("doctor")
    page.goto(f"{patient_of(page)}/prescriptions/new")
    page.keyboard.type("Rheumatoid arthritis")
    choose(page, 0, "methotrexate", "1 od 7d")
    stop = page.locator("#lines-0-warned .warned.stop")
    expect(stop).to_contain_text("once a week")
    chosen, medicine = page.locator("[name=lines-0-medicine]"), page.input_value("[name=lines-0-medicine]")
    token = page.input_value("form:has([data-line]) [name=once]")
    assert medicine
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Check before you sign").last.click()
    page.wait_for_url("**/accounts/login/**")
    assert token not in page.evaluate("JSON.stringify(sessionStorage)")
    page.fill("[name=login]", "doctor@demo.example")
    page.fill("[name=password]", "elmed-demo-doctor")
    page.click("main button[type=submit]")
    page.wait_for_url("**/prescriptions/new?kept=*")
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(chosen).to_have_value(medicine)
    expect(page.locator("#lines-0-chosen")).to_have_text("From the formulary.")
    expect(stop).to_contain_text("once a week")
    page.wait_for_timeout(1000)  # what the fields put back have asked for is answered too
    expect(chosen).to_have_value(medicine)
    page.reload()  # and once more, now that nothing was typed since
    expect(chosen).to_have_value(medicine)
    expect(stop).to_contain_text("once a week")
    page.click("text=Start afresh")
    expect(chosen).to_have_value("")
    expect(page.locator("#lines-0-chosen")).to_be_empty()
    expect(stop).to_have_count(0)


def test_a_medicine_that_was_chosen_and_then_overtyped_comes_back_as_free_text(person: Person, trouble) -> None:
    trouble.awaited = ("htmx:sendAbort", "htmx:afterRequest")
    page = person("doctor")
    patient = patient_of(page)
    page.goto(f"{patient}/prescriptions/new")
    choose(page, 0, "methotrexate", "1 od 7d")
    page.press("[name=lines-0-medication_text]", "End")
    page.keyboard.type(" x")
    page.wait_for_timeout(500)
    page.goto(patient)
    page.goto(f"{patient}/prescriptions/new")
    expect(page.locator("[name=lines-0-medication_text]")).to_have_value(re.compile("methotrexate.* x$"))
    expect(page.locator("[name=lines-0-medicine]")).to_have_value("")
    expect(page.locator("#lines-0-chosen")).to_have_text("Not in the formulary: checked by name only.")


def test_a_second_medicine_and_the_answers_come_back_as_they_were_and_are_checked_again(
    person: Person, trouble
) -> None:
    trouble.awaited = ("htmx:sendAbort", "htmx:afterRequest")
    page = person("doctor")
    patient = patient_of(page)
    page.goto(f"{patient}/prescriptions/new")
    choose(page, 0, "cetirizine", "1 od 7d")
    page.get_by_role("button", name="Add another medicine").click()
    choose(page, 1, "methotrexate", "1 od 7d")
    # Other journeys prescribe for this patient: this warning is not the only one.
    stop = page.locator("#lines-1-warned .warned", has_text="once a week")
    stop.get_by_text("Keep, because …").click()
    stop.locator("select").select_option("advised")
    stop.locator("[name$=-words]").fill("Trial of the rheumatologist")
    medicines = [page.input_value(f"[name=lines-{row}-medicine]") for row in (0, 1)]
    assert all(medicines)
    page.wait_for_timeout(500)
    page.goto(patient)
    page.goto(f"{patient}/prescriptions/new", wait_until="commit")  # a page with one row, which asks for more at once
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(page.get_by_text("These have no place on this page any more")).to_be_hidden()
    for row in (0, 1):
        expect(page.locator(f"[name=lines-{row}-medicine]")).to_have_value(medicines[row])
        expect(page.locator(f"#lines-{row}-chosen")).to_contain_text("From the formulary.")
    expect(stop).to_be_visible()
    expect(stop.locator("select")).to_have_value("advised")
    expect(stop.locator("[name$=-words]")).to_have_value("Trial of the rheumatologist")
    page.fill("[name=lines-1-dose]", "1 weekly Mon 28d")  # the warning stands no more, and its answer with it
    expect(stop).to_have_count(0)
    page.wait_for_timeout(500)
    page.goto(patient)
    page.goto(f"{patient}/prescriptions/new", wait_until="commit")
    expect(page.locator("[name=lines-1-dose]")).to_have_value("1 weekly Mon 28d")
    expect(stop).to_have_count(0)
    page.click("text=Start afresh")
    expect(page.locator("[name=lines-0-medication_text]")).to_have_value("")
    expect(page.locator("[name=lines-1-medication_text]")).to_have_count(0)
    expect(page.get_by_text(KEPT)).to_have_count(0)


def test_another_person_finds_nothing(person: Person) -> None:
    page = person("doctor")
    typing(page)
    page.wait_for_timeout(500)
    page.context.clear_cookies(name="sessionid")
    sign_in(page, "pharmacist")
    assert page.evaluate("Object.keys(sessionStorage).filter(one => one.startsWith('elmed:kept'))") == []


def test_signing_out_forgets_it(person: Person) -> None:
    page = person("doctor")
    typing(page)
    page.wait_for_timeout(500)
    page.click("header >> text=Sign out")
    page.wait_for_url(re.compile("login"))
    assert page.evaluate("Object.keys(sessionStorage).filter(one => one.startsWith('elmed'))") == []
    sign_in(page, "doctor")
    page.goto(NEW)
    expect(page.get_by_text(KEPT)).to_have_count(0)


def test_a_password_is_never_kept(person: Person) -> None:
    page = person("doctor")
    page.goto("/accounts/password/change/")
    page.fill("[name=oldpassword]", "elmed-demo-doctor")
    page.fill("[name=password1]", "a-new-and-long-password")
    page.wait_for_timeout(500)
    assert "elmed-demo" not in page.evaluate("JSON.stringify(sessionStorage)")
    assert "a-new-and" not in page.evaluate("JSON.stringify(sessionStorage)")


def locked(page: Page) -> None:
    """As if nobody had touched it for the whole pause."""
    page.clock.fast_forward("01:01:00")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_pause_covers_the_page_and_the_password_opens_it(person: Person, trouble, axe, picture) -> None:
    trouble.awaited = ("422",)
    page = person("doctor")
    page.clock.install()
    typing(page)
    locked(page)
    expect(page.locator("main")).to_be_hidden()
    assert "patient" not in page.title()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_visible()
    axe(page)
    picture(page, "locked", of="dialog#lock")
    page.fill("#lock-password", "not this one")
    page.keyboard.press("Enter")
    expect(page.locator("#lock [role=alert]")).not_to_be_empty()
    page.fill("#lock-password", "elmed-demo-doctor")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[name=family_name]")).to_have_value("Nowicka")
    expect(page.locator("main")).to_be_visible()


def test_a_pause_and_an_ended_session_lead_through_the_sign_in_and_back(person: Person) -> None:
    page = person("doctor")
    page.clock.install()
    typing(page)
    page.clock.run_for(1000)
    locked(page)
    page.context.clear_cookies(name="sessionid")
    page.fill("#lock-password", "elmed-demo-doctor")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/login/**")
    page.fill("[name=login]", "doctor@demo.example")
    page.fill("[name=password]", "elmed-demo-doctor")
    page.click("main button[type=submit]")
    page.wait_for_url(f"**{NEW}")
    expect(page.locator("[name=family_name]")).to_have_value("Nowicka")


def test_a_double_click_sends_once(person: Person) -> None:
    page = person("doctor")
    sent = []
    page.goto("/doctor/patients/find")
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    page.fill("[name=family_name]", "Nobody")
    page.fill("[name=date_of_birth]", "1970-01-01")
    page.fill("[name=exact]", "000 000 0000")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.dblclick("main form[method=post] button.btn-primary")
    page.wait_for_load_state("networkidle")
    assert len(sent) == 1


def test_without_scripts_the_form_works(person: Person, trouble) -> None:
    trouble.awaited = ("422",)
    page = person("doctor", scripts=False)
    typing(page)
    page.fill("[name=date_of_birth]", "")
    page.click("text=Save patient and consultation")
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(page.locator("[name=family_name]")).to_have_value("Nowicka")
