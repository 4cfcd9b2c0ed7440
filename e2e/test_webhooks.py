"""A webhook from its making to its end, and the log in which a pharmacy's software is read: with a receiver that is really there."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from standardwebhooks.webhooks import Webhook

from e2e import busy, looks
from e2e.server import Server
from e2e.test_every_page import judge

Person = Callable[..., Page]


def reload_until(page: Page, words: str, times: int = 60) -> None:
    """The worker sends within seconds; the page does not change by itself."""
    for _ in range(times):
        if page.get_by_role("main").get_by_text(words).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"{page.url} never says {words}")


def test_a_webhook_from_its_making_to_its_end(person: Person, axe: Callable[[Page], None], trouble: object) -> None:
    trouble.awaited = ("422",)  # type: ignore[attr-defined]
    with busy.receiver() as till:
        till.down = {"/till"}
        page = person("owner")
        page.goto("/settings/webhooks")
        page.get_by_role("link", name="Create webhook").click()
        page.get_by_label("Address").fill("https://10.0.0.1/till")
        page.get_by_role("button", name="Create webhook").click()
        expect(page.get_by_role("alert")).to_contain_text("not in the public internet")
        axe(page)
        page.get_by_label("Address").fill(till.url + "/till")
        page.get_by_label("What it is for").fill("The new till")
        expect(page.get_by_label("prescription.verified")).to_be_hidden()
        page.get_by_label("Only those chosen below").check()
        page.get_by_label("prescription.verified").check()
        axe(page)
        page.get_by_label("All events").check()
        page.get_by_role("button", name="Create webhook").click()
        secret = page.locator("#secret").inner_text().strip()
        axe(page)
        page.get_by_role("link", name="I have copied it").click()
        expect(page.get_by_text("Nothing here in the last 30 days.")).to_be_visible()
        assert not judge(page, "/settings/webhooks/new-till", "owner")

        page.get_by_role("button", name="Send a test").click()
        reload_until(page, "1 try")
        page.get_by_text("1 try").first.click()
        expect(page.get_by_text("The answer was not 2xx.")).to_be_visible()
        axe(page)
        till.down.clear()
        page.get_by_role("button", name="Send again").first.click()
        reload_until(page, "2 tries")
        expect(page.get_by_role("row", name=re.compile("test_")).first).to_contain_text("Delivered")
        _, headers, body = till.got[-1]
        assert Webhook(secret).verify(body, headers)["type"]  # raises where the signature does not fit

        page.get_by_role("link", name="Roll the secret").click()
        axe(page)
        page.get_by_role("button", name="Roll the secret").click()
        rolled = page.locator("#secret").inner_text().strip()
        assert rolled != secret
        axe(page)
        page.get_by_role("link", name="I have copied it").click()
        before = len(till.got)
        page.get_by_role("button", name="Send a test").click()
        for _ in range(60):
            if len(till.got) > before:
                break
            page.wait_for_timeout(500)
        _, headers, body = till.got[-1]
        for one in (secret, rolled):  # for a day both fit
            Webhook(one).verify(body, headers)

        page.get_by_role("button", name="Switch off").click()
        expect(page.get_by_text("It is off: nothing is sent.")).to_be_visible()
        axe(page)
        page.get_by_role("link", name="Remove").click()
        axe(page)
        page.get_by_role("button", name="Remove webhook").click()
        expect(page.get_by_text(till.url)).to_have_count(0)


def test_an_error_is_found_in_the_request_log_and_copied_as_curl(
    person: Person, server: Server, axe: Callable[[Page], None], picture: Callable[..., None]
) -> None:
    busy.ask(server, "pharmacy", "GET", "/prescriptions/888888?expand=all")
    page = person("pharmacist")
    page.goto("/settings/request-log")
    expect(page.get_by_role("heading", name="Errors by code")).to_be_visible()
    expect(page.locator("summary", has_text="Webhook").first).to_be_visible()  # in one time line with the requests
    page.get_by_label("Status").select_option("4xx")
    page.get_by_text("Narrow the list").click()
    page.get_by_label("Path contains").fill("888888")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("answer=4xx"))
    page.get_by_text("GET /prescriptions/888888").click()
    expect(page.get_by_text("expand", exact=True)).to_be_visible()
    curl = page.locator("code[id^=curl-]").inner_text()
    assert curl.startswith("curl -H") and "expand=…" in curl
    assert not re.search("elm_[0-9a-f]", page.content())  # no key, nor a part of one
    axe(page)
    page.set_viewport_size(looks.PHONE)
    assert looks.wider_than_screen(page) <= 0
    axe(page)
    page.get_by_label("Path contains").fill("no-such-path")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    axe(page)
