"""Signing in as the demo's people, with a browser that tells what went wrong on its pages."""

from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from e2e import looks
from e2e.server import Server

ROLES = ("doctor", "pharmacist", "technician", "patient", "staff", "unverified-doctor", "owner", "developer", "locum")


@dataclass
class Trouble:
    """What no page may do: log errors, break the policy, ask another host. Empty at the end of each test."""

    host: str
    found: list[str] = field(default_factory=list)
    awaited: tuple[str, ...] = ()  # words of console errors that the test provokes, such as a status code

    def watch(self, context: BrowserContext) -> None:
        """Listen to every page of the context."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.found.append(f"script: {error.error}"))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in self.awaited):
            self.found.append(f"console on {message.location.get('url')}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.host, "data:", "blob:", "about:")):
            self.found.append(f"another host was asked: {request.url}")


def context_for(
    browser: Browser,
    server: Server,
    trouble: Trouble,
    *,
    scheme: str = "light",
    width: int = 1440,
    scripts: bool = True,
) -> BrowserContext:
    """A browser window of its own: no cookie, one width, one theme."""
    context = browser.new_context(
        base_url=server.url,
        viewport={"width": width, "height": 900 if width > 500 else 800},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
        locale="en-GB",
        reduced_motion="reduce",  # a colour on its way to another is no colour of ours
    )
    context.set_default_timeout(20_000)
    if scripts:
        context.add_init_script(looks.axe_asleep())
    trouble.watch(context)
    return context


def sign_in(page: Page, role: str) -> Page:
    """Through the real sign-in page, with the words that the demo prints."""
    page.goto("/accounts/login/")
    page.fill("[name=login]", f"{role}@demo.example")
    page.fill("[name=password]", f"elmed-demo-{role}")
    page.click("main button[type=submit]")
    page.wait_for_url(lambda url: "/accounts/login" not in url)
    return page
