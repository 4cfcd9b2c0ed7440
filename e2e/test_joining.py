"""Joining, from the form to the first page of work: each mail's link is followed as its reader would."""

import io
import re
from collections.abc import Callable
from datetime import date, timedelta

from PIL import Image
from playwright.sync_api import Page, expect

from e2e.looks import wider_than_screen
from e2e.people import prescribe

PASSWORD = "seven-herons-at-dawn"


def licence() -> dict[str, object]:
    """A photograph of a licence."""
    out = io.BytesIO()
    Image.new("RGB", (600, 400), "teal").save(out, "JPEG")
    return {"name": "licence.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def link(page: Page, to: str, subject: str) -> str:
    """The link of the newest mail of that subject to that address, once the worker has sent it."""
    mail = page.locator("article", has_text=to).filter(has_text=subject).first
    for _ in range(30):
        page.goto("/mail")
        if mail.count():
            href = mail.locator("a[href^=http]").first.get_attribute("href")
            assert href
            return href
        page.wait_for_timeout(1000)
    raise AssertionError(f"no mail to {to}: {subject}")


def sign_in_as(page: Page, email: str) -> None:
    """With the password of these journeys."""
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def make_key(page: Page, name: str) -> None:
    """The quickstart's key, which is shown once then."""
    page.get_by_role("link", name="Create new key").click()
    page.get_by_label("Name", exact=True).fill(name)
    for scope in ("rx:read", "rx:dispense"):
        page.get_by_label(re.compile(f"{scope}:")).check()
    page.get_by_role("button", name="Create new key").click()


def join_from_the_quickstart(page: Page, name: str, email: str) -> None:
    """A developer from the help's quickstart to the first sign-in, by clicks."""
    page.goto("/help")
    page.get_by_role("main").get_by_role("link", name="Quickstart").click()
    page.get_by_role("main").get_by_role("link", name="Join", exact=True).click()
    page.get_by_role("link", name="Developer", exact=True).click()
    for label, words in {
        "Your full name": name, "E-mail address": email, "Password": PASSWORD, "Name of your company": f"{name} Software",
    }.items():  # fmt: skip
        page.get_by_label(label).first.fill(words)
    page.get_by_label("I accept").check()
    page.get_by_role("button", name="Register").click()
    page.goto(link(page, email, "confirm your e-mail address"))
    page.get_by_role("button", name="Yes, confirm it").click()
    sign_in_as(page, email)


def test_a_doctor_registers_answers_staff_and_is_approved(
    visitor: Callable[..., Page], person: Callable[..., Page], axe: Callable[[Page], None], picture: Callable[..., None]
) -> None:
    nora, staff = visitor(width=360, scheme="dark"), person("staff")
    nora.goto("/join")
    nora.get_by_role("link", name="Doctor", exact=True).click()
    for label, words in {
        "Your full name": "Dr Nora Quill", "E-mail address": "nora@walk.example", "Password": PASSWORD, "Issued by": "GMC",
        "Licence number": "7555001", "Licence valid to": (date.today() + timedelta(days=700)).isoformat(),
        "Specialty": "General practice", "Practice: street": "1 New Road", "Town or city": "Bath", "Phone": "+44 117 496 0199",
    }.items():  # fmt: skip
        nora.get_by_label(label).first.fill(words)
    nora.get_by_label("The licence", exact=True).set_input_files(licence())
    axe(nora)
    picture(nora, "join-doctor", height=1000)
    nora.get_by_label("I accept").check()
    nora.get_by_role("button", name="Register").click()
    expect(nora.get_by_role("heading", name="Look into your mail")).to_be_visible()
    nora.goto(link(nora, "nora@walk.example", "confirm your e-mail address"))
    nora.get_by_role("button", name="Yes, confirm it").click()
    sign_in_as(nora, "nora@walk.example")
    expect(nora.get_by_role("heading", name="Your account is waiting to be verified")).to_be_visible()
    axe(nora)

    staff.goto("/staff/verification")
    axe(staff)
    staff.get_by_role("link", name="Dr Nora Quill").click()
    axe(staff)
    picture(staff, "staff-account", height=450)
    staff.get_by_role("link", name="Ask for more").click()
    staff.get_by_label("What do you need?").fill("Please send the back of the licence too.")
    staff.get_by_role("button", name="Ask").click()

    nora.goto(link(nora, "nora@walk.example", "we need something more"))
    expect(nora.get_by_text("Please send the back of the licence too.")).to_be_visible()
    nora.get_by_label("Your answer").fill("Here it is.")
    nora.get_by_label("A further document").set_input_files(licence())
    axe(nora)
    nora.get_by_role("button", name="Send").click()

    staff.reload()
    expect(staff.get_by_text("Here it is.")).to_be_visible()
    staff.get_by_role("link", name="Approve").click()
    staff.get_by_role("button", name="Approve").click()
    nora.goto("/")
    expect(nora).to_have_url(re.compile("/doctor/"))


def test_an_owner_invites_a_pharmacist_who_joins_verifies_hands_over_and_leaves(
    visitor: Callable[..., Page],
    person: Callable[..., Page],
    axe: Callable[[Page], None],
    picture: Callable[..., None],
    trouble: object,
) -> None:
    trouble.awaited = ("404", "htmx:sendAbort", "htmx:afterRequest")  # type: ignore[attr-defined]
    owner, tess = visitor(scheme="dark"), visitor(width=360)
    owner.goto("/accounts/login/")
    owner.get_by_label("E-mail address").fill("owner@demo.example")
    owner.get_by_label("Password", exact=True).fill("elmed-demo-owner")
    owner.get_by_role("button", name="Sign in", exact=True).click()
    owner.goto("/settings/staff")
    axe(owner)
    picture(owner, "owner-staff")
    owner.get_by_role("link", name="Invite somebody").click()
    owner.get_by_label("E-mail address").fill("tess@walk.example")
    owner.get_by_label("Pharmacist:").check()
    owner.get_by_role("button", name="Send the invitation").click()

    invitation = link(tess, "tess@walk.example", "invited to work")
    tess.goto(invitation)
    axe(tess)
    tess.get_by_label("Your full name").fill("Tess Till")
    tess.get_by_label("register").fill("2071999")
    tess.get_by_label("Password").fill(PASSWORD)
    tess.get_by_label("I accept").check()
    tess.get_by_role("button", name="Accept the invitation").click()
    sign_in_as(tess, "tess@walk.example")
    expect(tess).to_have_url(re.compile("/pharmacy/"))
    owner.goto("/settings/staff")
    expect(owner.get_by_text("2071999")).to_be_visible()

    rx = prescribe(person("doctor"), {"family_name": "Tern", "given_name": "Ann", "date_of_birth": "1968-02-11"})
    path = rx.replace("/doctor/", "/pharmacy/")
    tess.goto("/pharmacy/?step=pending_review")
    tess.get_by_role("link", name="TERN, Ann").click()
    expect(tess).to_have_url(re.compile(path))
    verify_and_hand_over(tess, "T-71")
    owner.goto(path)
    expect(owner.locator("h1 .status")).to_have_text("Dispensed")
    expect(owner.locator(".sheet", has_text="T-71").first).to_contain_text("Tess Till")
    owner.goto("/settings/staff")
    owner.get_by_role("link", name=re.compile("Remove.*Tess Till")).click()
    owner.get_by_role("button", name="Remove").click()
    tess.goto(path)
    expect(tess.get_by_role("heading", name="You belong to no account")).to_be_visible()
    expect(tess.get_by_text("T-71")).to_have_count(0)
    axe(tess)
    assert wider_than_screen(tess) == 0
    tess.goto(invitation)  # used up: it does not bring her back
    expect(tess.get_by_role("heading", name="This invitation is over")).to_be_visible()


def verify_and_hand_over(page: Page, batch: str) -> None:
    """A pharmacist checks the prescription that is open and hands all of it over, of that batch."""
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.locator("h1 .status")).to_have_text("Verified")
    page.get_by_role("link", name="Dispense", exact=True).click()
    page.locator("select[name$=-source]").first.select_option("")
    page.locator("input[name$=-batch_number]").first.fill(batch)
    page.locator("input[name$=-expiry_date]").first.fill("2031-01-31")
    page.get_by_role("button", name="Record what was handed over").click()
    expect(page.locator("h1 .status")).to_have_text("Dispensed")


def test_a_patient_opens_the_record_with_the_date_of_birth(
    visitor: Callable[..., Page], axe: Callable[[Page], None], trouble: object
) -> None:
    samuel = visitor(width=360)
    trouble.awaited = ("422",)  # type: ignore[attr-defined]
    samuel.goto(link(samuel, "adeyemi.patient@demo.example", "see your record"))
    axe(samuel)
    for born in ("1974-09-18", "1974-09-17"):  # a slip, then the right one
        samuel.get_by_label("Your date of birth").fill(born)
        samuel.get_by_label("Your full name").fill("Samuel Adeyemi")
        samuel.get_by_label("Password").fill(PASSWORD)
        samuel.get_by_label("I accept").check()
        samuel.get_by_role("button", name="Open my record").click()
        if born == "1974-09-18":
            expect(samuel.get_by_role("alert")).to_contain_text("Tries left: 4")
            axe(samuel)
    sign_in_as(samuel, "adeyemi.patient@demo.example")
    expect(samuel).to_have_url(re.compile("/patient/"))
