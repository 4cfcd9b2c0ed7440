"""A doctor's second factor from its setting up to its end: an app's codes, recovery codes, the list of sign-ins, the question before."""

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.server import Server
from e2e.test_from_registration import approve, register
from e2e.test_joining import PASSWORD, sign_in_as

Person = Callable[..., Page]
MAIL = "tova@factor.example"
WRONG = "This code is wrong or over. Take the one that the app shows now."


def app_shows(secret: str, *, ahead: int = 0) -> str:
    """The code of RFC 6238 for this half minute, or for one that comes: what an app on a phone makes of the secret."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + ahead), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def test_the_code_is_that_of_the_standard(monkeypatch) -> None:
    """RFC 6238, appendix B."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    for moment, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        assert app_shows(secret) == code


def second_step(page: Page, code: str) -> None:
    """Password, then this code."""
    sign_in_as(page, MAIL)
    give(page, code)


def give(page: Page, code: str) -> None:
    """The sign-in's second step."""
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_doctors_authenticator_app_from_its_first_code_to_its_end(
    visitor: Person, person: Person, server: Server, axe: Callable[[Page], None], trouble: object
) -> None:
    trouble.awaited = ("422", "400")  # type: ignore[attr-defined]
    page, phone, staff = visitor(), visitor(width=360), person("staff")
    register(page, "Doctor", {
        "Your full name": "Dr Tova Lind", "E-mail address": MAIL, "Licence number": "7666401", "Specialty": "General practice",
        "Practice: street": "4 Weir Road", "Town or city": "Bath", "Phone": "+44 117 496 0741",
    })  # fmt: skip
    approve(staff, "Dr Tova Lind")
    page.goto("/doctor/")
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_role("link", name="Security").first.click()
    page.locator(".sheet", has_text="Authenticator app").get_by_role("link", name="Switch it on").click()
    secret = page.locator("#totp-secret").inner_text().strip()
    page.get_by_label("Code").fill("000000" if app_shows(secret) != "000000" else "111111")
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("alert")).to_contain_text(WRONG)
    expect(page.locator("#totp-secret")).to_have_text(secret)  # the app that was set up a moment ago still fits
    axe(page)
    page.get_by_label("Code").fill(app_shows(secret))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_text("This is the only time the codes are shown.")).to_be_visible()
    axe(page)
    codes = page.locator("#recovery-codes").inner_text().split()
    assert len(set(codes)) == 10
    page.get_by_role("link", name="I have stored them, go on").click()
    page.get_by_role("button", name="Sign out").first.click()

    second_step(phone, "123456" if app_shows(secret) != "123456" else "654321")
    expect(phone.get_by_role("alert")).to_contain_text(WRONG)
    axe(phone)
    phone.goto("/doctor/")  # the password alone opened nothing
    give(phone, app_shows(secret, ahead=1))  # of the half minute to come: the one that set it up does not count twice
    phone.wait_for_url("**/doctor/**")

    second_step(page, codes[0])
    page.wait_for_url("**/doctor/**")
    page.goto("/settings/security")
    expect(page.get_by_text("9 are left.")).to_be_visible()
    page.get_by_role("link", name="See the sign-ins").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="This one")).to_have_count(1)
    axe(page)
    rows.filter(has_not_text="This one").get_by_role("button", name="End").click()
    expect(rows).to_have_count(1)
    phone.goto("/doctor/")
    phone.wait_for_url("**/accounts/login/**")
    second_step(phone, codes[0])  # a recovery code counts once
    expect(phone.get_by_role("alert")).to_contain_text(WRONG)

    server.pause(MAIL, 6)
    page.goto("/settings/security")
    page.locator(".sheet", has_text="Authenticator app").get_by_role("link", name="Switch it off").click()
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    axe(page)
    page.get_by_label("Your password").fill("not my password")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not your password.")
    axe(page)
    page.goto("/settings/security")
    expect(page.locator(".sheet", has_text="Authenticator app")).to_contain_text("On")
    page.locator(".sheet", has_text="Authenticator app").get_by_role("link", name="Switch it off").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Switch the authenticator app off")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Switch it off").click()
    page.goto("/settings/security")
    expect(page.locator(".sheet", has_text="Authenticator app")).to_contain_text("Off")
    page.get_by_role("button", name="Sign out").first.click()
    sign_in_as(page, MAIL)
    page.wait_for_url("**/doctor/**")
