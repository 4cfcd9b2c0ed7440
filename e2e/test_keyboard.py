"""By keyboard alone: every control is reached in order, the focus is seen, a dialog holds it. Whole journeys: test_keyboard_journeys.py."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.keyboard import FOCUS

Person = Callable[..., Page]


def press_until(page: Page, key: str, words: str, most: int = 60) -> None:
    """Press the key until what has the focus says these words. Fails where it never does."""
    for _ in range(most):
        page.keyboard.press(key)
        if words in page.evaluate("(document.activeElement.labels?.[0] || document.activeElement).textContent"):
            return
    raise AssertionError(f"{key} never reaches “{words}” on {page.url}")


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("doctor", "/doctor/"),
        ("doctor", "/doctor/patients/new"),
        ("pharmacist", "/pharmacy/"),
        ("patient", "/patient/"),
    ],
)
def test_tab_reaches_everything_and_is_seen(role: str, path: str, person: Person) -> None:
    page = person(role)
    page.goto(path)
    wanted = page.eval_on_selector_all(
        "a[href], button, input:not([type=hidden]), select, textarea",
        """all => all.filter(one => one.checkVisibility() && !one.disabled && one.tabIndex >= 0
          && !(one.type === 'radio' && document.querySelector(`[name="${one.name}"]`) !== one)).length""",
    )
    wrong, reached = [], set()
    for _ in range(wanted * 4):  # a day's field has several stops
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        if at["body"]:
            break
        reached.add(at["number"])
        if not (at["ring"] and at["seen"]) or at["cut"]:
            wrong.append(at)
    else:
        raise AssertionError(f"Tab never leaves the page {path}")
    assert not wrong, wrong
    assert len(reached) >= wanted, f"Tab reaches {len(reached)} of {wanted} controls"


def test_the_skip_link_leads_past_the_navigation(person: Person) -> None:
    page = person("doctor")
    address = page.url
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert (
        page.url == address
    )  # with "#main" in it the pages that follow would not put the cursor into their first field


def test_an_error_leads_to_its_field(person: Person, trouble, picture) -> None:
    trouble.awaited = ("422",)
    page = person("doctor")
    page.goto("/doctor/patients/find")
    picture(page, "doctor-find")
    press_until(page, "Tab", "Family name")
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[name=family_name]")).to_be_focused()


def test_the_cover_holds_the_focus(person: Person) -> None:
    page = person("doctor")
    page.clock.install()
    page.goto("/doctor/")
    page.clock.fast_forward("01:01:00")
    expect(page.get_by_role("dialog")).to_be_visible()
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('#lock')")
