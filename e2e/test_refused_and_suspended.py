"""Staff refuse a registration, with the reason its owner reads, and it is sent anew; a doctor is suspended while at work."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.server import Server
from e2e.test_from_registration import UNTIL, approve, register
from e2e.test_joining import licence

Person = Callable[..., Page]
DOCTOR = {
    "Your full name": "Dr Odile Crane", "E-mail address": "odile@refused.example", "Licence number": "7666301",
    "Specialty": "General practice", "Practice: street": "3 Weir Road", "Town or city": "Bath", "Phone": "+44 117 496 0731",
}  # fmt: skip
WHY = "The picture is of another person’s licence."


def test_a_registration_is_refused_with_a_reason_and_sent_anew(
    visitor: Person, person: Person, axe: Callable[[Page], None], trouble: object
) -> None:
    trouble.awaited = ("422", "403")  # type: ignore[attr-defined]
    odile, staff = visitor(width=360), person("staff", scheme="dark")
    register(odile, "Doctor", DOCTOR)
    staff.goto("/staff/verification")
    staff.get_by_role("link", name="Dr Odile Crane").click()
    staff.get_by_role("link", name="Reject").click()
    staff.get_by_role("button", name="Reject").click()
    expect(staff.get_by_role("alert")).to_contain_text("Reason")  # not without one
    axe(staff)
    staff.get_by_label("Reason").fill(WHY)
    staff.get_by_role("button", name="Reject").click()
    expect(staff.locator("h1 .status, .page-head .status").first).to_have_text("Rejected")
    expect(staff.locator("main")).to_contain_text(WHY)
    staff.goto("/staff/verification")
    expect(staff.get_by_role("link", name="Dr Odile Crane")).to_have_count(0)

    assert WHY in mail_of(odile, DOCTOR["E-mail address"], "not accepted")
    odile.goto("/")
    expect(odile.get_by_role("heading", name="Your account was not accepted")).to_be_visible()
    expect(odile.get_by_text(WHY)).to_be_visible()
    axe(odile)
    odile.goto("/doctor/patients")
    expect(odile.get_by_role("heading", name="Your account was not accepted")).to_be_visible()
    odile.get_by_role("link", name="Register", exact=True).click()
    odile.get_by_role("link", name="Doctor", exact=True).click()
    again = {name: words for name, words in DOCTOR.items() if name != "E-mail address"}
    for label, words in (again | {"Issued by": "Register", "Licence valid to": UNTIL}).items():
        odile.get_by_label(label).first.fill(words)
    odile.get_by_label("The licence", exact=True).set_input_files(licence())
    odile.get_by_label("I accept").check()
    odile.get_by_role("button", name="Register").click()
    expect(odile.get_by_role("heading", name="Your account is waiting to be verified")).to_be_visible()
    approve(staff, "Dr Odile Crane")
    odile.goto("/")
    expect(odile).to_have_url(re.compile("/doctor/"))


def mail_of(page: Page, to: str, subject: str) -> str:
    """The words of that mail, once it was sent."""
    mail = page.locator("article", has_text=to).filter(has_text=subject).first
    for _ in range(60):
        page.goto("/mail")
        if mail.count():
            return mail.inner_text()
        page.wait_for_timeout(500)
    raise AssertionError(f"no mail to {to}: {subject}")


def test_a_doctor_is_suspended_while_writing_and_reinstated(
    visitor: Person, person: Person, server: Server, axe: Callable[[Page], None], trouble: object
) -> None:
    trouble.awaited = ("403",)  # type: ignore[attr-defined]
    doctor, staff = visitor(), person("staff")
    register(doctor, "Doctor", DOCTOR | {
        "Your full name": "Dr Piet Heron", "E-mail address": "piet@suspended.example", "Licence number": "7666302",
    })  # fmt: skip
    approve(staff, "Dr Piet Heron")
    doctor.goto("/settings/api-keys")
    doctor.get_by_role("link", name="Create new key").click()
    doctor.get_by_label("Name").fill("Surgery software")
    doctor.get_by_label(re.compile("rx:read")).check()
    doctor.get_by_role("button", name="Create new key").click()
    headers = {"X-API-Key": doctor.locator("#secret").inner_text().strip()}
    assert doctor.request.get("/api/public/v1/prescriptions", headers=headers).status == 200
    doctor.goto("/doctor/patients/new")
    doctor.fill("[name=family_name]", "Halfway")

    staff.goto("/staff/accounts?state=verified")
    staff.get_by_role("link", name="Dr Piet Heron").click()
    staff.get_by_role("link", name="Suspend").click()
    staff.get_by_label("Reason").fill("The register has paused this licence")
    axe(staff)
    staff.get_by_role("button", name="Suspend").click()

    doctor.get_by_role("button", name="Save patient and consultation").click()
    expect(doctor.get_by_role("heading", name="Your account is suspended")).to_be_visible()
    expect(doctor.get_by_text("The register has paused this licence")).to_be_visible()
    axe(doctor)
    answer = doctor.request.get("/api/public/v1/prescriptions", headers=headers)
    assert (answer.status, answer.json()["code"]) == (403, "account_not_active")
    assert "The register has paused this licence" in mail_of(doctor, "piet@suspended.example", "is suspended")

    staff.get_by_role("link", name="Reinstate").click()
    staff.get_by_role("button", name="Reinstate").click()
    doctor.goto("/doctor/patients/new")  # what was typed is put back
    expect(doctor.locator("[name=family_name]")).to_have_value("Halfway")
    assert doctor.request.get("/api/public/v1/prescriptions", headers=headers).status == 200
