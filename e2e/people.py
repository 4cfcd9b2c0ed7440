"""Signing in as the demo's people, with a browser that tells what went wrong on its pages; and a prescription of one's own."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

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


def new_patient(doctor: Page, patient: dict[str, str]) -> None:
    """Somebody without allergies, whose record is open then."""
    doctor.goto("/doctor/patients/new")
    for name, words in patient.items():
        doctor.fill(f"[name={name}]", words)
    doctor.get_by_label("Photo identity document").check()
    doctor.get_by_role("button", name="Save patient and consultation").click()
    doctor.get_by_role("link", name="Record allergies").click()
    doctor.get_by_label("No known allergies").check()
    doctor.get_by_role("button", name="Save the allergies").click()


def prescribe(
    doctor: Page,
    patient: dict[str, str],
    *,
    pharmacy: str = "Kingfisher Pharmacy",
    password: str = "elmed-demo-doctor",
) -> str:
    """A new patient, what they take, one prescription signed and sent to that pharmacy; the address of its page."""
    new_patient(doctor, patient)
    doctor.get_by_role("link", name="Write a prescription").click()
    doctor.fill("[name=diagnosis-0-text]", "Hay fever")
    doctor.locator("[name=lines-0-medication_text]").press_sequentially("cetirizine 10", delay=20)
    doctor.get_by_role("option", name=re.compile("cetirizine 10 mg tablet")).first.click()
    doctor.fill("[name=lines-0-dose]", "1 od 7d")
    expect(doctor.get_by_text("Take 1 tablet once a day, for 7 days.")).to_be_visible()
    doctor.get_by_role("button", name="Check before you sign").last.click()
    doctor.wait_for_url("**/review")
    doctor.fill("[name=pharmacy_words]", pharmacy)
    doctor.get_by_role("button", name="Find").last.click()
    doctor.get_by_role("radio", name=re.compile(pharmacy)).check()
    if doctor.locator("[name=password]").count():
        doctor.fill("[name=password]", password)
    doctor.get_by_role("button", name=re.compile("Sign for")).click()
    expect(doctor.locator("h1 .status")).to_have_text("Pending review")
    return str(doctor.evaluate("location.pathname"))
