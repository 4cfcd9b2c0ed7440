"""A licence that ends: the warnings at 30, 7 and 1 day, the last day, read only after it, and work again once it is renewed.

Time passes by moving the licence's last day; what follows from that is done by the demo's own worker and pages.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta

from playwright.sync_api import Page, expect

from e2e.server import Server
from e2e.test_from_registration import approve, register
from e2e.test_joining import licence, link

Person = Callable[..., Page]
NUMBER, MAIL, NAME = "1666207", "vera@licence.example", "Lapwing Pharmacy"
TODAY = date.today()


def warnings(page: Page, subject: str) -> int:
    """How many mails of that subject reached the owner."""
    page.goto("/mail")
    return page.locator("article", has_text=MAIL).filter(has_text=subject).count()


def wait_for(page: Page, subject: str, number: int) -> None:
    """Until the worker has sent that many."""
    for _ in range(60):
        if warnings(page, subject) >= number:
            break
        page.wait_for_timeout(500)
    assert warnings(page, subject) == number


def test_a_licence_from_the_first_warning_to_its_renewal(
    visitor: Person, person: Person, server: Server, axe: Callable[[Page], None], trouble: object
) -> None:
    trouble.awaited = ("403", "409")  # type: ignore[attr-defined]
    owner, staff = visitor(), person("staff")
    register(owner, "Pharmacy", {
        "Your full name": "Vera Lapwing", "E-mail address": MAIL, "Licence number": NUMBER, "Name of the pharmacy": NAME,
        "Your own number": "2666207", "Street and number": "7 Mere Lane", "Town or city": "Bath", "Phone": "+44 117 496 0707",
    })  # fmt: skip
    approve(staff, NAME)

    for told, days in enumerate((30, 7, 1), start=1):
        server.licence_ends(NUMBER, TODAY + timedelta(days=days))
        wait_for(owner, "your licence ends soon", told)
        owner.goto("/pharmacy/")
        words = "day" if days == 1 else "days"
        expect(owner.get_by_text(f"The pharmacy’s licence ends in {days} {words}, on")).to_be_visible()
    axe(owner)
    server.licence_ends(NUMBER, TODAY)
    owner.reload()
    expect(owner.get_by_text("The pharmacy’s licence ends today, on")).to_be_visible()
    owner.goto("/pharmacy/inventory/new")
    owner.get_by_label("Name").first.fill("Written on the last day")

    server.licence_ends(NUMBER, TODAY - timedelta(days=1))
    wait_for(owner, "your licence has ended", 1)
    for path in ("/pharmacy/", "/pharmacy/inventory", "/settings/staff"):  # what was read before is read still
        owner.goto(path)
        expect(
            owner.get_by_text("The pharmacy’s licence has ended: you can read, and do nothing else.")
        ).to_be_visible()
    owner.goto("/pharmacy/inventory/new")
    expect(owner.get_by_role("heading", name="The pharmacy’s licence has expired")).to_be_visible()
    axe(owner)

    owner.get_by_role("main").get_by_role("link", name="Renew the licence").last.click()
    owner.get_by_label("Licence now valid to").fill((TODAY + timedelta(days=800)).isoformat())
    owner.get_by_label("The renewed licence").set_input_files(licence())
    axe(owner)
    owner.get_by_role("button", name="Send the renewal").click()
    expect(owner.get_by_text("Your renewal is with ELMED’s staff. You will be told by mail.")).to_be_visible()
    staff.goto("/staff/verification?show=renewals")
    staff.get_by_role("link", name=NAME).click()
    axe(staff)
    staff.get_by_label("Accept:").check()
    staff.get_by_role("main").get_by_role("button").last.click()
    expect(staff.get_by_role("status").filter(has_text=f"Accepted: {NAME}.")).to_be_visible()

    owner.goto(link(owner, MAIL, "renewed"))
    owner.goto("/pharmacy/inventory/new")
    expect(owner.get_by_role("heading", name=re.compile("product", re.IGNORECASE)).first).to_be_visible()
    expect(owner.get_by_text("licence has ended")).to_have_count(0)
