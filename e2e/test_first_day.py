"""A new developer's first day, by clicks alone on a phone: from the help to a test prescription and a delivered webhook."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e import busy
from e2e.test_joining import join_from_the_quickstart, make_key
from e2e.test_webhooks import reload_until

EMAIL = "first-day@walk.example"


def test_from_the_help_to_a_delivered_webhook(visitor: Callable[..., Page], axe: Callable[[Page], None]) -> None:
    page = visitor(width=360)
    join_from_the_quickstart(page, "Nia Firstday", EMAIL)
    make_key(page, "First")
    axe(page)
    page.get_by_role("link", name="Make a test prescription by a click").click()
    page.get_by_role("button", name="View test data").first.click()
    page.get_by_text("Before the pharmacist’s check").click()
    page.get_by_role("button", name="Play Waiting for the check").click()
    axe(page)
    page.get_by_role("status").get_by_role("link", name=re.compile(r"Prescription \d+")).click()
    page.get_by_role("button", name="Check it: ready").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Verified")

    with busy.receiver() as till:
        page.get_by_role("link", name="Settings", exact=True).click()
        page.get_by_role("main").get_by_role("link", name="Webhooks").click()
        page.get_by_role("link", name="Create webhook").click()
        page.get_by_label("Address").fill(till.url + "/first")
        page.get_by_role("button", name="Create webhook").click()
        page.get_by_role("link", name="I have copied it").click()
        webhook = page.url
        page.get_by_role("link", name="Play a scenario").click()
        page.get_by_role("button", name="Play Ready to dispense").click()
        page.goto(webhook)
        reload_until(page, "prescription.verified")
        reload_until(page, "Delivered", times=40)
        axe(page)
        page.get_by_role("link", name=re.compile(r"prescription \d+")).first.click()
    expect(page.get_by_role("heading", name="Its events in your list")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
