"""Pages that no link leads to: refusals, limits, invitations that cannot be used, a failure. Each in both themes, wide and on a phone."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from playwright.sync_api import Page, expect

from e2e import looks
from e2e.people import prescribe
from e2e.server import Server
from e2e.test_joining import link
from e2e.test_pharmacy import step

Person = Callable[..., Page]
Axe = Callable[[Page], None]
KNOWN = "unverified-doctor@demo.example"
LOG = "request_log_loggedrequest"  # requests of the API write it, the request log reads it: no other page


def judged(page: Page, heading: str, axe: Axe) -> None:
    """This page is what is shown; and it is in order at both widths."""
    for size in (looks.WIDE, looks.PHONE):
        page.set_viewport_size(size)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        axe(page)
        assert looks.wider_than_screen(page) == 0, f"{heading} at {size}"
    page.set_viewport_size(looks.WIDE)


def test_what_is_not_there_and_what_a_role_may_not_do(person: Person, axe: Axe, trouble) -> None:
    trouble.awaited = ("404", "403")
    page = person("technician")
    answer = page.goto("/pharmacy/prescriptions/99999999")
    assert answer and answer.status == 404
    expect(page.get_by_text("There is no such prescription")).to_be_visible()
    judged(page, "Not found", axe)
    path = step(page, "pending_review")[0]
    answer = page.goto(f"{path}/reject")
    assert answer and answer.status == 403
    expect(page.get_by_text("Your role in this account does not include that.")).to_be_visible()
    judged(page, "You may not do that", axe)
    page.goto(path)
    expect(page.locator("h1 .status")).to_have_text("Pending review")


def test_what_somebody_else_did_meanwhile_and_what_has_ended(person: Person, axe: Axe, trouble) -> None:
    trouble.awaited = ("409", "htmx:sendAbort", "htmx:afterRequest")
    slow, quick = person("pharmacist"), person("pharmacist")
    rx = prescribe(person("doctor"), {"family_name": "Knot", "given_name": "Tim", "date_of_birth": "1971-08-30"})
    path = rx.replace("/doctor/", "/pharmacy/")
    for page in (slow, quick):
        page.goto(path)
    quick.get_by_role("button", name="Verify", exact=True).click()
    expect(quick.locator("h1 .status")).to_have_text("Verified")
    with slow.expect_response(lambda one: one.request.method == "POST") as refusal:
        slow.get_by_role("button", name="Verify", exact=True).click()
    assert refusal.value.status == 409
    expect(slow.locator("#meanwhile")).to_contain_text("Checked by the pharmacist")
    judged(slow, "Verify", axe)
    ended = step(quick, "done")[0]
    before = history(quick, ended)
    answer = quick.goto(f"{ended}/verify")
    assert answer and answer.status == 409
    judged(quick, "That is not possible now", axe)
    quick.get_by_role("link", name="See it as it is now").click()
    expect(quick).to_have_url(re.compile(f"{ended}$"))
    assert history(quick, ended) == before


def history(page: Page, path: str) -> str:
    """What happened to that prescription, as its page tells it."""
    page.goto(f"{path}/beside")
    return page.locator("main").inner_text()


def test_an_invitation_of_somebody_known_of_somebody_else_and_one_taken_back(
    visitor: Person, person: Person, axe: Axe, trouble
) -> None:
    trouble.awaited = ("404", "409")
    owner, other, known = person("owner"), person("technician"), visitor()
    owner.goto("/settings/staff/invite")
    owner.get_by_label("E-mail address").fill(KNOWN)
    owner.get_by_label("Technician:").check()
    owner.get_by_role("button", name="Send the invitation").click()
    invitation = link(known, KNOWN, "invited to work")
    known.goto(invitation)
    judged(known, "Sign in to accept", axe)
    other.goto(invitation)
    judged(other, "This invitation is for another address", axe)
    owner.goto("/settings/staff")
    row = owner.get_by_role("row", name=re.compile(KNOWN))
    expect(row.get_by_role("button", name="Send again")).to_have_count(1)  # it waits as before
    row.get_by_role("link", name="Revoke").click()
    owner.get_by_role("button", name="Revoke").click()
    known.goto(invitation)
    judged(known, "This invitation is over", axe)


def test_too_many_tries(visitor: Person, axe: Axe, trouble) -> None:
    trouble.awaited = ("429",)
    page = visitor()
    for _ in range(6):  # five a minute for one address
        page.goto("/accounts/password/reset/")
        page.get_by_label("E-mail address").fill("nobody@limits.example")
        with page.expect_response(lambda one: one.request.method == "POST") as answer:
            page.locator("main form button[type=submit], main form .btn-primary").first.click()
        if answer.value.status == 429:
            break
    assert answer.value.status == 429
    judged(page, "Too many tries", axe)


def test_a_closed_sign_in(visitor: Person, axe: Axe) -> None:
    page = visitor()
    page.goto("/accounts/inactive/")  # where the sign-in leads then
    judged(page, "No sign-in", axe)


@contextmanager
def without(server: Server, table: str) -> Iterator[None]:
    """As if the database had lost that table: a failure that no page expects. It is back afterwards."""
    with closing(sqlite3.connect(server.data / "elmed.sqlite3", timeout=30)) as db:
        db.execute("PRAGMA legacy_alter_table = ON")  # what refers to it keeps its name
        db.execute(f"ALTER TABLE {table} RENAME TO lost")
        try:
            yield
        finally:
            db.execute(f"ALTER TABLE lost RENAME TO {table}")


def test_a_failure_of_the_server(person: Person, server: Server, axe: Axe, trouble) -> None:
    trouble.awaited = ("500",)
    page = person("owner")
    with without(server, LOG):
        answer = page.goto("/settings/request-log")
        assert answer and answer.status == 500
        judged(page, "Something went wrong", axe)
    page.get_by_role("link", name="Open the page anew").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Request log")
