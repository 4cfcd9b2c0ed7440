"""Signing in with a passkey that was set up a moment ago; a key made, rotated, more asked for, and revoked."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.test_doctor import write

AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
    "automaticPresenceSimulation": True,
}  # fmt: skip


def test_a_technician_sets_a_passkey_up_and_signs_in_with_it(person: Callable[..., Page], axe) -> None:
    page = person("technician")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto("/settings/security")
    page.get_by_role("link", name="Manage passkeys").click()
    page.get_by_role("link", name="Add a passkey or security key").click()
    page.get_by_label("It also signs me in alone").check()
    axe(page)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    axe(page)
    with page.expect_download() as kept:
        page.get_by_role("button", name="Download").click()
    codes = kept.value.path().read_text().split()
    assert len(codes) == 10
    page.get_by_role("button", name="Sign out").first.click()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/pharmacy/**")
    page.goto("/settings/security/sessions")
    expect(page.get_by_text("This one")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Sign out").first.click()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill("technician@demo.example")
    page.get_by_label("Password").fill("elmed-demo-technician")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    axe(page)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/pharmacy/**")


def test_an_owners_key_from_the_first_to_the_last_day(person: Callable[..., Page], axe, picture) -> None:
    page = person("pharmacist")
    page.goto("/settings/api-keys")
    picture(page, "owner-keys")
    page.get_by_role("link", name="Create new key").click()
    page.get_by_role("link", name="Read only").click()
    page.get_by_label("Name").fill("Screen in the window")
    page.get_by_label("Expires").select_option("30")
    axe(page)
    picture(page, "key-new")
    page.get_by_role("button", name="Create new key").click()
    secret = page.locator("#secret").inner_text().strip()
    assert re.fullmatch(r"elm_[0-9a-f]{64}", secret)
    assert page.request.get("/api/public/v1/me", headers={"X-API-Key": secret}).status == 200
    page.get_by_role("link", name="I have copied it").click()
    row = page.get_by_role("row", name=re.compile("Screen in the window"))
    expect(row).to_contain_text("just now from 127.0.0.1")
    expect(row).to_contain_text("in 30 days")
    row.get_by_role("link", name="Rotate").click()
    expect(page.get_by_text("Something uses this key now")).to_be_visible()
    page.get_by_label("The old key stops").select_option("0")
    axe(page)
    page.get_by_role("button", name="Rotate").click()
    following = page.locator("#secret").inner_text().strip()
    assert page.request.get("/api/public/v1/me", headers={"X-API-Key": secret}).status == 401
    assert page.request.get("/api/public/v1/me", headers={"X-API-Key": following}).status == 200
    page.get_by_role("link", name="I have copied it").click()
    row = page.get_by_role("row", name=re.compile("Screen in the window"))
    row.get_by_role("link", name="Revoke").click()
    axe(page)
    page.get_by_role("button", name="Revoke").click()
    assert page.request.get("/api/public/v1/me", headers={"X-API-Key": following}).status == 401


def test_a_doctor_signs_a_controlled_medicine_with_a_passkey_alone(
    person: Callable[..., Page], visitor: Callable[..., Page], axe, picture: Callable[..., None]
) -> None:
    page = visitor()
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill("other-doctor@demo.example")
    page.get_by_label("Password").fill("elmed-demo-other-doctor")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/doctor/**")
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("It also signs me in alone").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("button", name="Sign out").first.click()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/doctor/**")
    page.goto("/doctor/patients")
    patient = page.get_by_role("link", name=re.compile("MISTRY")).first.get_attribute("href")
    page.goto(f"{patient}/prescriptions/new")
    write(page, "morph", "1 bd 5d", "Pain")
    expect(page.get_by_role("heading", name="Check before you sign")).to_be_visible()
    for row in page.get_by_label("Keep it, because").all():
        row.select_option(index=1)
    for row in page.get_by_label(re.compile("In your words")).all():
        row.fill("Palliative care")
    axe(page)
    picture(page, "doctor-sign-passkey", of="section.sheet:has(button[name=sign])")
    page.get_by_role("button", name="Sign with a passkey").click()
    expect(page.get_by_text(re.compile(r"^Signed\. "))).to_be_visible()
