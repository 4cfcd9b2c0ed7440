"""A browser at the site that ELMED_TEST_SITE names, and the tests' door into ELMED.

Pictures go to ELMED_TEST_SHOTS (the docs' folder, when they are to be made anew), else beside the site.
"""

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = os.environ.get("ELMED_CHROMIUM", "/usr/bin/chromium")


@pytest.fixture(scope="session")
def facts() -> dict[str, Any]:
    """What the bed wrote of the site."""
    found: dict[str, Any] = json.loads(Path(os.environ["ELMED_TEST_SITE"]).read_text())
    return found


@pytest.fixture(scope="session")
def say(facts: dict[str, Any]) -> Callable[..., Any]:
    """Say a word to ELMED's side: say("prescription", state="verified")."""

    def word(name: str, /, **given: Any) -> Any:
        request = urllib.request.Request(
            f"{facts['elmed']['control']}/{name}", json.dumps(given).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    return word


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for the whole run."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser, facts: dict[str, Any]) -> Iterator[BrowserContext]:
    """Somebody new, with no cookie. What a page complains of in the console fails the test."""
    made = browser.new_context(base_url=facts["url"], viewport={"width": 1200, "height": 900}, locale="en-GB")
    made.set_default_timeout(30_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Their page; an error of a script on it fails the test."""
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    opened.screenshot(path=Path(os.environ["ELMED_TEST_SITE"]).parent / "last-page.png")
    assert not errors


@pytest.fixture
def admin(page: Page) -> Page:
    """The pharmacist, signed in to wp-admin."""
    page.goto("/wp-login.php")
    page.fill("#user_login", "admin")
    page.fill("#user_pass", "admin")
    page.click("#wp-submit")
    page.wait_for_url("**/wp-admin/**")
    return page


@pytest.fixture
def shot(facts: dict[str, Any]) -> Callable[..., None]:
    """Take a picture of the page, or of an element of it."""
    folder = Path(os.environ.get("ELMED_TEST_SHOTS") or Path(facts["base"]) / "shots")
    folder.mkdir(parents=True, exist_ok=True)

    def take(what: Any, name: str, **how: Any) -> None:
        what.screenshot(path=folder / f"{name}.png", **how)

    return take
