"""A request that fails is told where its answer would have been; the words go with the next one that is answered."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from e2e.test_doctor import choose, patient_of

CHECKS, MEDICINES, LIVE = "**/prescriptions/check", "**/doctor/medicines*", re.compile("/pharmacy/.*live")
UNCHECKED = "The check could not be made. Nothing was checked: try again before you sign."
UNLOADED = "This could not be loaded. Check your connection and try again."
PROVOKED = ("500", "net::ERR_FAILED", "htmx:sendError", "htmx:afterRequest", "htmx:sendAbort", "htmx:responseError")
Person = Callable[..., Page]


def breaks(page: Page, what: str) -> None:
    """The server answers that with its own failure."""
    page.route(what, lambda route: route.fulfill(status=500, body="broken"))


def away(page: Page, what: str) -> None:
    """The network is away for that."""
    page.route(what, lambda route: route.abort())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_check_that_could_not_be_made_is_told_in_its_row_until_one_is(
    person: Person, trouble, axe, scheme: str
) -> None:
    trouble.awaited = PROVOKED
    page = person("doctor", scheme=scheme)
    page.goto(f"{patient_of(page)}/prescriptions/new")
    choose(page, 0, "methotrexate", "1 weekly Mon 28d")
    row, notes = page.locator("#lines-0-failed"), page.locator("#notes-failed")
    expect(row).to_be_empty()
    breaks(page, CHECKS)
    page.fill("[name=lines-0-dose]", "1 od 7d")
    expect(row).to_have_text(UNCHECKED)
    axe(page)
    expect(page.locator("#lines-0-said")).to_be_hidden()  # the sentence of the words before
    page.fill("[name=notes]", "After a meal")
    expect(notes).to_have_text(UNCHECKED)
    page.unroute(CHECKS)
    away(page, CHECKS)
    with page.expect_event("requestfailed"):
        page.fill("[name=lines-0-dose]", "1 od 14d")
    expect(row).to_have_text(UNCHECKED)  # once
    expect(page.locator("#lines-0-warned .stop")).to_have_count(0)
    page.unroute(CHECKS)
    page.fill("[name=lines-0-dose]", "1 od 21d")
    expect(page.locator("#lines-0-warned .stop")).to_contain_text("once a week")
    expect(row).to_be_empty()
    expect(notes).to_be_empty()
    expect(page.locator("#lines-0-said .reads")).to_be_visible()
    axe(page)
    breaks(page, CHECKS)
    page.fill("[name=lines-0-dose]", "1 weekly Mon 28d")
    old = page.get_by_text("These warnings are from before").locator("visible=true")
    expect(old).to_have_count(1)
    expect(page.locator("#lines-0-warned .stop")).to_be_visible()
    axe(page)
    page.unroute(CHECKS)
    page.evaluate("window.dispatchEvent(new Event('online'))")  # the network is back: nobody types anything
    expect(old).to_have_count(0)
    expect(page.locator("#lines-0-warned .stop")).to_have_count(0)
    expect(page.locator("#lines-0-said .reads")).to_contain_text("week")


def test_a_search_that_failed_is_told_at_its_field_until_one_is_answered(person: Person, trouble, axe) -> None:
    trouble.awaited = PROVOKED
    page = person("doctor", width=360)
    page.goto(f"{patient_of(page)}/prescriptions/new")
    box, told = page.locator("[name=lines-0-medication_text]"), page.locator("#lines-0-unfound")
    breaks(page, MEDICINES)
    box.press_sequentially("ibup")
    expect(told).to_have_text(UNLOADED)
    expect(page.locator("#lines-0-failed")).to_be_empty()
    axe(page)
    page.unroute(MEDICINES)
    away(page, MEDICINES)
    with page.expect_event("requestfailed"):
        box.press_sequentially("r")
    expect(told).to_have_text(UNLOADED)
    page.unroute(MEDICINES)
    box.press_sequentially("o")
    expect(page.locator("[role=option]").first).to_be_visible()
    expect(told).to_be_empty()


@pytest.mark.parametrize(("what", "waits"), [(CHECKS, "#lines-0-checking .loading"), (MEDICINES, ".field > .loading")])
def test_what_takes_long_is_seen_to_be_on_its_way(person: Person, trouble, what: str, waits: str) -> None:
    trouble.awaited = PROVOKED
    page = person("doctor")
    page.goto(f"{patient_of(page)}/prescriptions/new")
    held: list[Route] = []
    page.route(what, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it: a method of a list cannot be
    expect(page.locator(waits)).to_be_hidden()
    page.locator("[name=lines-0-medication_text]").press_sequentially("ibuprofen")
    expect(page.locator(".htmx-indicator:visible")).to_have_count(1)
    expect(page.locator(waits)).to_be_visible()
    for route in held:
        route.continue_()
    page.unroute(what)
    expect(page.locator(waits)).to_be_hidden()


def test_an_ended_session_is_told_by_the_cover_alone(person: Person, trouble) -> None:
    trouble.awaited = ("401", "htmx:sendAbort", "htmx:afterRequest")
    page = person("doctor")
    page.goto(f"{patient_of(page)}/prescriptions/new")
    choose(page, 0, "methotrexate", "1 weekly Mon 28d")
    page.route(CHECKS, lambda route: route.fulfill(status=401))
    page.fill("[name=lines-0-dose]", "1 od 7d")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator("#lines-0-failed")).to_be_empty()
    page.unroute(CHECKS)
    page.fill("#lock-password", "elmed-demo-doctor")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#lines-0-warned .stop")).to_contain_text("once a week")  # checked at once


@pytest.mark.parametrize("width", [1440, 360])
def test_a_queue_that_is_not_up_to_date_says_so_until_it_is(person: Person, trouble, axe, width: int) -> None:
    trouble.awaited = (*PROVOKED, "503", "401")
    page = person("pharmacist", width=width)
    page.clock.install()
    page.goto("/pharmacy/")
    told, again = (
        page.get_by_role("status").filter(has_text="Not up to date since"),
        page.get_by_role("button", name="Try again"),
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/live" in request.url else None)
    with page.expect_response(LIVE):
        page.clock.run_for(12_500)
    expect(told).to_have_count(0)
    page.route(LIVE, lambda route: route.fulfill(status=503))
    with page.expect_response(LIVE):
        page.clock.run_for(12_500)
    expect(told).to_have_text(re.compile(r"Not up to date since \d\d:\d\d: the server did not answer"))
    axe(page)
    before = len(asked)
    page.clock.run_for(13_000)  # asked more rarely now
    assert len(asked) == before
    page.unroute(LIVE)
    away(page, LIVE)
    with page.expect_event("requestfailed"):
        again.click()
    expect(told).to_be_visible()
    page.unroute(LIVE)
    with page.expect_response(LIVE):
        page.clock.run_for(49_000)  # by itself
    expect(told).to_have_count(0)
    expect(again).to_be_hidden()
    page.route(LIVE, lambda route: route.fulfill(status=401))
    page.clock.run_for(12_500)
    expect(page.get_by_role("dialog")).to_be_visible()  # the session is over: the cover, and no words beneath


def test_a_part_of_a_page_that_did_not_come_is_told_behind_it(person: Person, trouble, axe) -> None:
    trouble.awaited = PROVOKED
    page = person("pharmacist")
    page.goto("/pharmacy/?step=verified")
    breaks(page, "**/pharmacy/prescriptions/*/stock")
    page.locator("#queue-list [data-row] a").first.click()
    link = page.get_by_role("link", name="Stock, and what your shop keeps of it")
    link.click()
    told = page.get_by_text(UNLOADED)
    expect(told).to_have_count(1)
    axe(page)
    page.unroute("**/pharmacy/prescriptions/*/stock")
    link.click()
    expect(told).to_have_count(0)
    expect(page.locator("#stock-of-rx")).not_to_be_empty()
