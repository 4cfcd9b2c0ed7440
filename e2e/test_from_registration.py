"""From everybody's registration to the counter: nobody of the demo's people but ELMED's staff has a part in it."""

from collections.abc import Callable
from datetime import date, timedelta

from playwright.sync_api import Page, expect

from e2e.people import prescribe
from e2e.test_joining import PASSWORD, licence, link, sign_in_as

Person = Callable[..., Page]
UNTIL = (date.today() + timedelta(days=500)).isoformat()
DOCTOR, OWNER, PATIENT, TECHNICIAN = "ines@walk.example", "olu@walk.example", "max@walk.example", "kit@walk.example"

MAX = {
    "family_name": "Mustermann", "given_name": "Max", "date_of_birth": "1990-05-06", "email": PATIENT, "phone": "+44 117 496 0777",
}  # fmt: skip


def register(page: Page, kind: str, words: dict[str, str]) -> None:
    """Register, confirm the address by the mail's link, sign in."""
    page.goto("/join")
    page.get_by_role("link", name=kind, exact=True).click()
    for label, typed in (words | {"Issued by": "Register", "Licence valid to": UNTIL, "Password": PASSWORD}).items():
        page.get_by_label(label).first.fill(typed)
    page.get_by_label("The licence", exact=True).set_input_files(licence())
    page.get_by_label("I accept").check()
    page.get_by_role("button", name="Register").click()
    page.goto(link(page, words["E-mail address"], "confirm your e-mail address"))
    page.get_by_role("button", name="Yes, confirm it").click()
    sign_in_as(page, words["E-mail address"])


def approve(staff: Page, name: str) -> None:
    """Staff compare the licence and approve."""
    staff.goto("/staff/verification")
    staff.get_by_role("link", name=name).click()
    staff.get_by_role("link", name="Approve").click()
    staff.get_by_role("button", name="Approve").click()


def invite(doctor: Page) -> None:
    """The patient of the prescription that is open."""
    doctor.get_by_role("link", name="Back to the patient").click()
    doctor.get_by_role("link", name="Invite to the patient portal").click()
    doctor.get_by_role("button", name="Send the invitation").click()


def test_a_prescription_from_everybodys_registration_to_the_counter(
    visitor: Person, person: Person, axe: Callable[[Page], None]
) -> None:
    staff, doctor, owner, patient = person("staff"), visitor(), visitor(), visitor(width=360)
    register(doctor, "Doctor", {
        "Your full name": "Dr Ines Walk", "E-mail address": DOCTOR, "Licence number": "7666001", "Specialty": "General practice",
        "Practice: street": "1 Low Road", "Town or city": "Bath", "Phone": "+44 117 496 0701",
    })  # fmt: skip
    register(owner, "Pharmacy", {
        "Your full name": "Olu Walk", "E-mail address": OWNER, "Licence number": "1666001", "Name of the pharmacy": "Walk Pharmacy",
        "Your own number": "2666001", "Street and number": "2 Low Road", "Town or city": "Bath", "Phone": "+44 117 496 0702",
    })  # fmt: skip
    approve(staff, "Dr Ines Walk")
    approve(staff, "Walk Pharmacy")
    doctor.goto("/")
    path = prescribe(doctor, MAX, pharmacy="Walk Pharmacy", password=PASSWORD)
    invite(doctor)

    patient.goto(link(patient, PATIENT, "see your record"))
    patient.get_by_label("Your date of birth").fill("1990-05-06")
    patient.get_by_label("Your full name").fill("Max Mustermann")
    patient.get_by_label("Password").fill(PASSWORD)
    patient.get_by_label("I accept").check()
    patient.get_by_role("button", name="Open my record").click()
    sign_in_as(patient, PATIENT)
    expect(patient.locator("main .sheet").first).to_contain_text("Being checked")

    owner.goto("/pharmacy/")
    owner.get_by_role("link", name="MUSTERMANN, Max").click()
    expect(owner.get_by_text("The first prescription from this doctor here.")).to_be_visible()
    owner.get_by_role("button", name="Verify", exact=True).click()
    owner.get_by_role("link", name="Dispense", exact=True).click()
    owner.locator("input[name$=-batch_number]").first.fill("W-1")
    owner.locator("input[name$=-expiry_date]").first.fill("2031-01-31")
    owner.get_by_role("button", name="Record what was handed over").click()
    expect(owner.locator("h1 .status")).to_have_text("Dispensed")

    patient.goto("/patient/")
    expect(patient.locator("main .sheet").first).to_contain_text("Everything was supplied.")
    axe(patient)
    patient.goto("/patient/access")
    for name in ("Dr Ines Walk", "Olu Walk"):
        expect(patient.locator("main")).to_contain_text(name)
    doctor.goto(path)
    expect(doctor.locator("h1 .status")).to_have_text("Dispensed")
    staff.goto("/staff/audit")
    staff.get_by_label("Prescription number").fill(path.rsplit("/", 1)[1])
    staff.get_by_role("button", name="Search").click()
    expect(staff.locator("main")).to_contain_text("Dispensed")


def test_a_technician_from_the_invitation_to_the_first_hand_over(visitor: Person, person: Person) -> None:
    owner, kit = person("owner"), visitor()
    owner.goto("/settings/staff")
    owner.get_by_role("link", name="Invite somebody").click()
    owner.get_by_label("E-mail address").fill(TECHNICIAN)
    owner.get_by_label("Technician:").check()
    owner.get_by_role("button", name="Send the invitation").click()
    kit.goto(link(kit, TECHNICIAN, "invited to work"))
    kit.get_by_label("Your full name").fill("Kit Till")
    kit.get_by_label("Password").fill(PASSWORD)
    kit.get_by_label("I accept").check()
    kit.get_by_role("button", name="Accept the invitation").click()
    sign_in_as(kit, TECHNICIAN)
    kit.goto("/pharmacy/?step=pending_review")
    kit.locator("tbody th a").first.click()
    expect(kit.get_by_text("It waits for a pharmacist’s check.")).to_be_visible()
    expect(kit.get_by_role("button", name="Verify")).to_have_count(0)
    kit.goto("/pharmacy/?step=verified")
    for path in kit.eval_on_selector_all("tbody th a", "all => all.map(one => one.pathname)"):
        kit.goto(path)
        if kit.get_by_role("link", name="Dispense", exact=True).count():
            break
    kit.get_by_role("link", name="Dispense", exact=True).click()
    kit.get_by_role("button", name="Record what was handed over").click()
    expect(kit.get_by_text("Recorded.")).to_be_visible()
    expect(kit.locator("main")).to_contain_text("Kit Till")
