"""Links in mails, followed to their ends: “I did not sign these”, and a forgotten password."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.people import new_patient
from e2e.server import Server
from e2e.test_doctor import choose
from e2e.test_from_registration import approve, register
from e2e.test_joining import PASSWORD, link, sign_in_as
from e2e.test_refused_and_suspended import mail_of

Person = Callable[..., Page]
MAIL, ANEW = "runa@mails.example", "nine-otters-in-the-mill"


def sign_one(page: Page, family_name: str) -> str:
    """A new patient, one prescription signed for them and sent to the demo's pharmacy; its address."""
    new_patient(page, {"family_name": family_name, "given_name": "Ida", "date_of_birth": "1981-07-08"})
    page.get_by_role("link", name="Write a prescription").click()
    page.fill("[name=diagnosis-0-text]", "Hay fever")
    choose(page, 0, "cetirizine 10", "1 od 7d")
    page.get_by_role("button", name="Check before you sign").last.click()
    page.wait_for_url("**/review")
    page.fill("[name=pharmacy_words]", "Kingfisher")
    page.get_by_role("button", name="Find").last.click()
    page.get_by_role("radio", name=re.compile("Kingfisher Pharmacy")).check()
    if page.locator("[name=password]").count():
        page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name=re.compile("Sign for")).click()
    expect(page.locator("h1 .status")).to_have_text("Pending review")
    path: str = page.evaluate("location.pathname")
    return path


def test_a_doctor_who_did_not_sign_says_so_from_the_mail_of_the_evening(
    visitor: Person, person: Person, server: Server, axe: Callable[[Page], None], trouble: object
) -> None:
    trouble.awaited = ("404", "409", "htmx:sendAbort", "htmx:afterRequest")  # type: ignore[attr-defined]
    doctor, reader, staff, pharmacist = visitor(), visitor(width=360), person("staff"), person("pharmacist")
    register(doctor, "Doctor", {
        "Your full name": "Dr Runa Moth", "E-mail address": MAIL, "Licence number": "7666411", "Specialty": "General practice",
        "Practice: street": "5 Weir Road", "Town or city": "Bath", "Phone": "+44 117 496 0751",
    })  # fmt: skip
    approve(staff, "Dr Runa Moth")
    signed = [sign_one(doctor, name) for name in ("Moth-One", "Moth-Two")]
    server.evening()

    reader.goto(link(reader, MAIL, "you signed 2 prescriptions"))  # on a phone where nobody is signed in
    expect(reader.get_by_text("2 prescriptions were signed from")).to_be_visible()
    expect(reader.locator("main")).not_to_contain_text("Moth-")  # no patient is named
    axe(reader)
    for path in signed:  # only read: nothing has happened
        doctor.goto(path)
        expect(doctor.locator("h1 .status")).to_have_text("Pending review")
    reader.get_by_role("button", name="I did not sign these: put them on hold").click()
    expect(reader.get_by_text("2 prescriptions are on hold.")).to_be_visible()
    axe(reader)

    doctor.goto("/doctor/")  # every sign-in has ended
    doctor.wait_for_url("**/accounts/login/**")
    for path in signed:
        pharmacist.goto(path.replace("/doctor/", "/pharmacy/"))
        expect(pharmacist.locator("h1 .status")).to_have_text("On hold")
        expect(pharmacist.get_by_text("The doctor says that somebody else signed it.").first).to_be_visible()
        expect(pharmacist.get_by_role("button", name="Verify")).to_have_count(0)
        expect(pharmacist.get_by_role("link", name="End the hold")).to_have_count(0)
    axe(pharmacist)
    told = mail_of(staff, "staff@demo.example", "a doctor did not sign what was signed")
    assert "2 open prescriptions are on hold" in told
    staff.goto(link(staff, "staff@demo.example", "a doctor did not sign what was signed"))
    expect(staff.get_by_role("heading", level=1)).to_contain_text("Dr Runa Moth")

    reader.get_by_role("link", name="Choose a new password").click()
    reader.wait_for_url("**/accounts/password/reset/")
    reader.goto("/doctor/not-signed-by-me/somebody-elses-words")
    expect(reader.locator("main")).not_to_contain_text("on hold")
    axe(reader)


def test_a_forgotten_password_is_set_anew_from_the_mail(
    visitor: Person, axe: Callable[[Page], None], trouble: object
) -> None:
    trouble.awaited = ("422", "400", "404")  # type: ignore[attr-defined]
    page, elsewhere, other = visitor(width=360), visitor(), "otto@mails.example"
    register(page, "Doctor", {
        "Your full name": "Dr Otto Finch", "E-mail address": other, "Licence number": "7666412", "Specialty": "General practice",
        "Practice: street": "6 Weir Road", "Town or city": "Bath", "Phone": "+44 117 496 0752",
    })  # fmt: skip
    sign_in_as(elsewhere, other)
    expect(elsewhere.get_by_role("heading", name="Your account is waiting to be verified")).to_be_visible()
    page.get_by_role("button", name="Sign out").first.click()

    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgot the password?").click()
    page.get_by_label("E-mail address").fill(other)
    axe(page)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    axe(page)
    address = link(page, other, "set a new password")
    page.goto(address)
    page.get_by_label("New password", exact=True).fill("too short")
    page.get_by_label("The new password once more").fill("too short")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_contain_text("New password")
    axe(page)
    elsewhere.goto("/settings/security")  # refused: nobody was signed out
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Security")
    page.get_by_label("New password", exact=True).fill(ANEW)
    page.get_by_label("The new password once more").fill(ANEW)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", name="Your password is new")).to_be_visible()
    axe(page)

    elsewhere.goto("/settings/security")  # whoever was in by the old one is out
    elsewhere.wait_for_url("**/accounts/login/**")
    sign_in_as(page, other)  # the old one
    expect(page.get_by_role("alert")).to_contain_text("The e-mail address or the password is wrong.")
    axe(page)
    page.get_by_label("Password", exact=True).fill(ANEW)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Your account is waiting to be verified")).to_be_visible()
    elsewhere.goto(address)  # the mail's link works once
    expect(elsewhere.get_by_role("heading", name="This link is over")).to_be_visible()
    axe(elsewhere)
