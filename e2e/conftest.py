"""The fixtures of the journeys; docs/developer/portals.md names them."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from e2e import busy, looks
from e2e.people import Trouble, context_for, sign_in
from e2e.server import Server, running

# The address bar's list is two pages of its own in each new window, and nobody opens it: a second of work a window. Of two
# such switches the last counts, so what Playwright leaves out for the sake of the same pages each time is left out here too.
LEFT_OUT = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup",
    "PaintHolding", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "OptimizationHints", "MediaRouter", "LensOverlay",
    "ThirdPartyStoragePartitioning", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
)  # fmt: skip


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A demo server of this process, with software that uses it: else its data are as seeded when the first test begins."""
    with (
        tempfile.TemporaryDirectory(prefix="elmed-e2e-") as folder,
        running(Path(folder) / "var") as one,
        busy.receiver() as till,
    ):
        busy.fill(one, till.url)
        yield one


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["ELMED_CHROMIUM"],
            args=["--no-sandbox", "--disable-dev-shm-usage", f"--disable-features={','.join(LEFT_OUT)}"],
        )
        yield browser
        browser.close()


@pytest.fixture
def trouble(server: Server) -> Iterator[Trouble]:
    """Console errors, broken policy, other hosts: the test fails at its end where there were any."""
    one = Trouble(server.url)
    yield one
    assert not one.found, "\n".join(one.found)


@pytest.fixture
def visitor(chromium: Browser, server: Server, trouble: Trouble) -> Iterator[Callable[..., Page]]:
    """A page of somebody who has not signed in: `visitor(scheme="dark", width=360, scripts=False)`."""
    opened = []

    def make(**how: object) -> Page:
        context = context_for(chromium, server, trouble, **how)  # type: ignore[arg-type]
        opened.append(context)
        return context.new_page()

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def person(visitor: Callable[..., Page]) -> Callable[..., Page]:
    """A page of one of the demo's people, signed in: `person("doctor", scheme="dark", width=360)`."""

    def make(role: str, **how: object) -> Page:
        return sign_in(visitor(**how), role)

    return make


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Fails where axe-core finds a violation in either theme; the page stays as it was."""

    def judge(page: Page) -> None:
        found = looks.violations(page)
        assert not found, f"{page.url}\n" + "\n".join(found)

    return judge


@pytest.fixture(autouse=True)
def _counted(record_property: Callable[[str, object], None]) -> Iterator[None]:
    """What axe-core judged goes with the test's report to the process that prints the summary."""
    before = len(looks.judged)
    yield
    record_property("judged", looks.judged[before:])


@pytest.fixture
def picture() -> Callable[..., None]:
    """`picture(page, "pharmacy-queue")`: with SCREENSHOTS=1 the guides' picture of that name."""
    return looks.picture


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How long each journey took, the longest first: with its sign-ins, without the server's start. And what was judged."""
    took: dict[str, float] = {}
    judged: list[tuple[str, str]] = []
    for reports in terminalreporter.stats.values():
        for one in reports:
            if getattr(one, "when", "") == "call":
                took[one.nodeid] = one.duration
            if getattr(one, "when", "") == "teardown":
                judged += [pair for name, pairs in one.user_properties if name == "judged" for pair in pairs]
    if not took:
        return
    terminalreporter.section("journeys, in seconds")
    for name, seconds in sorted(took.items(), key=lambda one: -one[1]):
        terminalreporter.line(f"{seconds:7.1f}  {name.removeprefix('e2e/')}")
    terminalreporter.line(f"{sum(took.values()):7.1f}  together, {len(took)} journeys")
    if judged:
        terminalreporter.section("axe-core")
        for line in looks.told(judged):
            terminalreporter.line(line)
