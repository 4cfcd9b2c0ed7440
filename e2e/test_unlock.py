"""The page that asks after a pause who it is: it lets nobody past, and leads back to what was typed."""

from collections.abc import Callable
from urllib.parse import quote

from playwright.sync_api import Page, expect

from e2e.server import Server
from e2e.test_nothing_typed_is_lost import KEPT, NEW, locked, typing

Person = Callable[..., Page]


def test_the_server_locks_after_a_pause_and_the_page_that_asks_leads_back(
    person: Person, server: Server, trouble, axe
) -> None:
    """As after a night's sleep of the computer: no script of the page has covered it, and what was sent comes to a locked session."""
    trouble.awaited = ("422",)
    page = person("doctor")
    typing(page)
    server.pause("doctor@demo.example", 70)
    page.click("text=Save patient and consultation")
    page.wait_for_url(f"**/unlock?next={quote(NEW, safe='')}*")
    asks = page.url
    expect(page.locator("main")).to_contain_text("You are signed in as doctor@demo.example")
    axe(page)
    page.get_by_label("Your password").fill("not this one")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not your password.")
    axe(page)
    page.goto("/doctor/patients")  # the wrong one opened nothing
    page.wait_for_url("**/unlock?**")
    page.goto(asks)
    page.get_by_label("Your password").fill("elmed-demo-doctor")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"**{NEW}?kept=*")
    expect(page.get_by_text(KEPT)).to_be_visible()
    expect(page.locator("[name=family_name]")).to_have_value("Nowicka")
    expect(page.locator("[name=date_of_birth]")).to_have_value("1984-05-06")


def test_the_cover_leads_to_the_page_that_asks_in_other_ways_and_back(person: Person) -> None:
    page = person("doctor")
    page.clock.install()
    typing(page)
    page.clock.run_for(1000)
    locked(page)
    page.get_by_role("link", name="With a passkey or a code").click()
    page.wait_for_url("**/unlock?**")
    page.get_by_label("Your password").fill("elmed-demo-doctor")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"**{NEW}")
    expect(page.locator("main")).to_be_visible()
    expect(page.locator("[name=family_name]")).to_have_value("Nowicka")
