"""The test world in a browser: axe-core on its main pages in both themes and on a phone; nobody takes it for the live one."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.test_every_page import judge

# By role: pages that its portal consists of, and what a prescription's address begins with.
MAIN = {
    "doctor": (("/doctor/", "/doctor/patients", "/doctor/prescriptions"), "/doctor/prescriptions/"),
    "pharmacist": (("/pharmacy/", "/pharmacy/inventory", "/pharmacy/uncollected"), "/pharmacy/prescriptions/"),
    "developer": ((), ""),
}


def switch(page: Page) -> None:
    page.goto("/settings")
    page.get_by_role("button", name="View test data").click()
    expect(page.get_by_role("heading", name="Test world")).to_be_visible()


@pytest.mark.parametrize("role", MAIN)
def test_its_main_pages(role: str, person: Callable[..., Page]) -> None:
    page, found = person(role), []
    switch(page)
    page.get_by_role("button", name="Play Ready, with two medicines").click()
    played = page.get_by_role("status").get_by_role("link", name=re.compile(r"Prescription \d+"))
    number = re.findall(r"\d+", played.inner_text())[0]
    pages, prescription = MAIN[role]
    for path in (
        "/test-world",
        "/test-world/prescriptions",
        f"/test-world/prescriptions/{number}",
        "/test-world/clock",
        "/test-world/empty",
        *pages,
        *([prescription + number] if prescription else []),
        "/settings/webhooks",
    ):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        assert page.title().startswith("TEST – "), path
        expect(page.get_by_role("region", name="Test data")).to_be_visible()
        found += judge(page, path, f"test-{role}")
    page.goto("/settings/api-keys")
    assert not page.title().startswith("TEST"), "settings are of the account, which is real"
    found += judge(page, "/settings/api-keys", f"test-{role}")
    page.get_by_role("button", name="Leave test data").click()
    expect(page.get_by_role("region", name="Test data")).to_have_count(0)
    assert not page.title().startswith("TEST")
    assert not found, "\n".join(found)


def test_on_paper_it_says_test(person: Callable[..., Page]) -> None:
    page = person("pharmacist")
    switch(page)
    page.goto("/pharmacy/")
    page.emulate_media(media="print")
    words = page.evaluate("getComputedStyle(document.body, '::before').content")
    assert "TEST" in words
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Leave test data").click()
    page.goto("/pharmacy/")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body, '::before').content") == "none"
